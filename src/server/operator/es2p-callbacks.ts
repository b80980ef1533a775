import { ES2p } from '../../rsp/interfaces/es2p.ts'
import { RequestHeader } from '../../rsp/interfaces/http-function.ts'
import { type Json, JsonError } from '../../rsp/json.ts'
import type { Subscriptions } from './subscriptions.ts'

/** A progress report of the SM-DP+ about a download, for the log of the operator. */
export interface DownloadProgress {
  readonly iccid: string
  readonly eid?: string
  readonly notificationPointId: number
  readonly status: string
  readonly statusCode?: { readonly subjectCode: string; readonly reasonCode: string }
}

/** SGP.22 §5.3.5: the notification point after the SM-DP+ received the installation result. */
const BPP_INSTALLATION = 4

/** A notification of an eUICC about an installed profile. */
export interface ProfileNotification {
  readonly iccid: string
  readonly eid?: string
  readonly event: ProfileEvent
}
const EVENTS = ['Install', 'Enable', 'Disable', 'Delete'] as const
export type ProfileEvent = (typeof EVENTS)[number]

export interface Es2Callbacks {
  readonly subscriptions: Subscriptions
  readonly clock: () => Date
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined
  readonly onNotification?: ((notification: ProfileNotification) => void) | undefined
}

/** The number of stored call identifiers. */
const CALLS_KEPT = 10_000

/** The ES2+ server of the operator. It receives reports about downloads and installed profiles (SGP.22 §5.3.5). */
export const createEs2Callbacks = (callbacks: Es2Callbacks): ((request: Request) => Promise<Response>) => {
  const { HandleDownloadProgressInfo, HandleNotification } = ES2p
  const taken = new Set<string>()
  /** An SM-DP+ without a response repeats the call with the same identifier (SGP.22 §5.2.1). A repetition has no effect. */
  const isFirstCall = ({ functionRequesterIdentifier, functionCallIdentifier }: RequestHeader['header']): boolean => {
    const call = `${functionRequesterIdentifier} ${functionCallIdentifier}`
    if (taken.has(call)) return false
    if (taken.size >= CALLS_KEPT) taken.delete(taken.values().next().value as string)
    taken.add(call)
    return true
  }
  return async request => {
    const { pathname } = new URL(request.url)
    const row = [HandleDownloadProgressInfo, HandleNotification].find(({ path }) => path === pathname)
    if (row === undefined) return new Response(null, { status: 404 })
    if (request.method !== 'POST') return new Response(null, { status: 405, headers: { Allow: 'POST' } })
    try {
      const body = JSON.parse(await request.text()) as Json
      const { header } = RequestHeader.fromJson(body)
      if (row === HandleNotification) {
        const notification = HandleNotification.request.fromJson(body)
        if (isFirstCall(header)) takeNotification(callbacks, notification)
      } else {
        const notification = HandleDownloadProgressInfo.request.fromJson(body)
        if (isFirstCall(header)) takeProgress(callbacks, notification)
      }
    } catch (error) {
      // A notification function has no result for a refusal (SGP.22 §6.5.1.2), so the HTTP status reports it.
      if (error instanceof JsonError || error instanceof SyntaxError)
        return new Response(error.message, { status: 400, headers: { 'Content-Type': 'text/plain' } })
      throw error
    }
    return new Response(null, { status: 204 })
  }
}

type RequestMessage<K extends keyof typeof ES2p> = ReturnType<(typeof ES2p)[K]['request']['fromJson']>

const takeProgress = (
  { subscriptions, clock, onProgress }: Es2Callbacks,
  { iccid, eid, notificationPointId, notificationPointStatus }: RequestMessage<'HandleDownloadProgressInfo'>,
): void => {
  const { status, statusCodeData } = notificationPointStatus
  if (notificationPointId === BPP_INSTALLATION) {
    if (status.startsWith('Executed')) subscriptions.markInstalled(iccid, clock())
    else subscriptions.markFailed(iccid)
  }
  onProgress?.({
    iccid,
    ...(eid !== undefined && { eid }),
    notificationPointId,
    status,
    ...(statusCodeData !== undefined && {
      statusCode: { subjectCode: statusCodeData.subjectCode, reasonCode: statusCodeData.reasonCode },
    }),
  })
}

const takeNotification = (
  { subscriptions, onNotification }: Es2Callbacks,
  { iccid, eid, notificationEvent }: RequestMessage<'HandleNotification'>,
): void => {
  const event = EVENTS.find(known => known === notificationEvent)!
  subscriptions.markProfile(iccid, event)
  onNotification?.({ iccid, ...(eid !== undefined && { eid }), event })
}
