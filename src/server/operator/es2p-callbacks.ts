import { ES2p } from '../../rsp/es2p.ts'
import { RequestHeader } from '../../rsp/http-function.ts'
import { type Json, JsonError } from '../../rsp/json.ts'
import type { Subscriptions } from './subscriptions.ts'

/** What the SM-DP+ told about a download, for the operator's log. */
export interface DownloadProgress {
  readonly iccid: string
  readonly eid?: string
  readonly notificationPointId: number
  readonly status: string
  readonly statusCode?: { readonly subjectCode: string; readonly reasonCode: string }
}

/** SGP.22 §5.3.5: the notification point at which the eUICC's installation result has arrived. */
const BPP_INSTALLATION = 4

/** The operator's end of ES2+: what the SM-DP+ reports of its downloads (SGP.22 §5.3.5). */
export const createEs2Callbacks = (
  subscriptions: Subscriptions,
  clock: () => Date,
  report: (progress: DownloadProgress) => void = () => {},
): ((request: Request) => Promise<Response>) => {
  const row = ES2p.HandleDownloadProgressInfo
  return async request => {
    if (new URL(request.url).pathname !== row.path) return new Response(null, { status: 404 })
    if (request.method !== 'POST') return new Response(null, { status: 405, headers: { Allow: 'POST' } })
    let told: ReturnType<typeof row.request.fromJson>
    try {
      const body = JSON.parse(await request.text()) as Json
      RequestHeader.fromJson(body)
      told = row.request.fromJson(body)
    } catch (error) {
      // A notification function has no function result in which to refuse (SGP.22 §6.5.1.2): HTTP says it.
      if (error instanceof JsonError || error instanceof SyntaxError)
        return new Response(error.message, { status: 400, headers: { 'Content-Type': 'text/plain' } })
      throw error
    }
    const { status, statusCodeData } = told.notificationPointStatus
    if (told.notificationPointId === BPP_INSTALLATION) {
      if (status.startsWith('Executed')) subscriptions.markInstalled(told.iccid, clock())
      else subscriptions.markFailed(told.iccid)
    }
    report({
      iccid: told.iccid,
      ...(told.eid !== undefined && { eid: told.eid }),
      notificationPointId: told.notificationPointId,
      status,
      ...(statusCodeData !== undefined && {
        statusCode: { subjectCode: statusCodeData.subjectCode, reasonCode: statusCodeData.reasonCode },
      }),
    })
    return new Response(null, { status: 204 })
  }
}
