import { toBase64, toHex } from '../../asn1/bytes.ts'
import { ES2p } from '../../rsp/es2p.ts'
import { ADMIN_PROTOCOL_HEADER } from '../../rsp/http-function.ts'
import { iccidText } from './iccid.ts'
import type { ProgressToReport, Smdp, SmdpSettings } from './settings.ts'
import type { Progress, ProgressRequest } from './store.ts'

export interface ProgressReports {
  /** Keeps it, and starts to tell it; returns when it is kept. */
  report(progress: ProgressToReport): Promise<void>
  /** Tells what could not be told before. */
  deliver(): Promise<void>
  /** Resolves when nothing is being told any more. */
  settled(): Promise<void>
}

const row = ES2p.HandleDownloadProgressInfo

/**
 * ES2+.HandleDownloadProgressInfo (SGP.22 §5.3.5) as a client. The card's session does not wait for the operator: a
 * report is kept until the operator has taken it, and told again with the next one.
 */
export const createProgressReports = ({
  store,
  clock,
  random,
  operatorOf,
  onDefect,
}: Pick<Smdp, 'store' | 'clock' | 'random' | 'onDefect'> & Pick<SmdpSettings, 'operatorOf'>): ProgressReports => {
  let running: Promise<void> | undefined
  let again = false

  const deliverAll = async (): Promise<void> => {
    do {
      again = false
      const waiting = await store.listProgress()
      // In the order of the download; one operator that does not answer does not hold up the others.
      const silent = new Set<string>()
      for (const progress of waiting) {
        if (silent.has(progress.requester)) continue
        if (await tell(progress)) await store.dropProgress(progress.id)
        else silent.add(progress.requester)
      }
    } while (again)
  }

  const tell = async ({ id, requester, request }: Progress): Promise<boolean> => {
    const operator = operatorOf?.(requester)
    if (operator === undefined) return true
    const body = {
      header: { functionRequesterIdentifier: 'SM-DP+', functionCallIdentifier: id },
      ...row.request.toJson(request),
    }
    try {
      const response = await operator.fetch(
        new Request(new URL(row.path, operator.url), {
          method: 'POST',
          headers: { [ADMIN_PROTOCOL_HEADER]: 'gsma/rsp/v2.5.0', 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        }),
      )
      // A refusal stays a refusal; only an operator that is not well is asked again.
      return response.status < 500
    } catch {
      // No answer, whatever the reason: it stays kept.
      return false
    }
  }

  const deliver = (): Promise<void> => {
    again = true
    running ??= deliverAll().finally(() => {
      running = undefined
    })
    return running
  }

  return {
    deliver,
    async report({ requester, iccid, profileType, eid, point, failure, resultData }) {
      if (requester === undefined || operatorOf?.(requester) === undefined) return
      const request: ProgressRequest = {
        eid,
        iccid: iccidText(iccid),
        profileType,
        timestamp: `${clock().toISOString().slice(0, 19)}Z`,
        notificationPointId: point,
        notificationPointStatus: failure
          ? { status: 'Failed', statusCodeData: failure }
          : { status: 'Executed-Success' },
        resultData: resultData && toBase64(resultData),
      }
      await store.addProgress({ id: toHex(random(8)), requester, request })
      void deliver().catch(error => onDefect(error, row.name))
    },
    async settled() {
      while (running !== undefined) await running.catch(() => {})
    },
  }
}
