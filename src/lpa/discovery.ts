import type { Fetch } from '../rsp/fetch.ts'
import { ES11, type EventEntry } from '../rsp/interfaces/es11.ts'
import { readAddresses } from './card/euicc.ts'
import type { Isdr } from './card/isdr.ts'
import { type Download, type DownloadRequest, downloadProfile } from './download.ts'
import { isLpaError, LpaError } from './errors.ts'
import { stepOf } from './report.ts'
import { withFaultOfRefusal } from './server/judge-refusal.ts'
import { callServer, type ServerAccess } from './server/server-call.ts'
import { authenticateServer, checkTransactionId } from './session.ts'

export interface DiscoveryRequest {
  readonly isdr: Isdr
  readonly fetch: Fetch
  readonly deviceInfo: DownloadRequest['deviceInfo']
  /** The card's root SM-DS where absent. */
  readonly smdsAddress?: string | undefined
  /** The id of the event that led here from another SM-DS. */
  readonly eventId?: string | undefined
  readonly protocolVersion?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What an SM-DS has for this card (SGP.22 §3.6.2): where a profile waits, and the id to ask for it there. */
export const discoverEvents = async (request: DiscoveryRequest): Promise<readonly EventEntry[]> => {
  const { isdr, fetch, deviceInfo, eventId, protocolVersion, signal } = request
  const address = request.smdsAddress ?? (await readRoot(isdr))
  const server: ServerAccess = { fetch, address, report: isdr.report, protocolVersion, signal }
  const authenticated = await authenticateServer(
    { isdr, server, matchingId: eventId, deviceInfo },
    ES11.InitiateAuthentication,
  )
  const { transactionId, authenticateServerResponse, euiccSigned1, euiccSignature1, euiccCertificate } = authenticated
  // The session ends with the answer: an SM-DS binds nothing, and knows no CancelSession.
  const answer = await callServer(server, ES11.AuthenticateClient, { transactionId, authenticateServerResponse }).catch(
    error => {
      throw withFaultOfRefusal(error, {
        covered: [euiccSigned1.bytes],
        signature: euiccSignature1,
        certificate: euiccCertificate,
      })
    },
  )
  checkTransactionId(stepOf(ES11.AuthenticateClient), transactionId, answer.transactionId)
  return answer.eventEntries
}

const readRoot = async (isdr: Isdr): Promise<string> => {
  const { rootDsAddress } = await readAddresses(isdr)
  if (rootDsAddress) return rootDsAddress
  throw new LpaError('no-address', 'user', 'the card holds no root SM-DS address: name the SM-DS to ask', {
    step: 'ES10a.GetEuiccConfiguredAddresses',
  })
}

/** From the root to an alternative SM-DS is one step (SGP.22 §3.6.2); a chain that goes on is a circle. */
const MAX_SMDS = 3

/**
 * Downloads what an event announces. The server of an event is an SM-DP+, with the event's id as matching id, or
 * another SM-DS, which is asked under that id in turn; which of the two, its certificate says.
 */
export const downloadEvent = async (
  event: EventEntry,
  request: Pick<
    DownloadRequest,
    'isdr' | 'fetch' | 'deviceInfo' | 'confirm' | 'protocolVersion' | 'keepNotification' | 'signal' | 'attempt'
  >,
): Promise<Download> => {
  let next = event
  for (let asked = 1; ; asked++) {
    const { rspServerAddress, eventId } = next
    try {
      return await downloadProfile({ ...request, smdpAddress: rspServerAddress, matchingId: eventId })
    } catch (error) {
      if (!isLpaError(error, 'not-an-smdp') || asked > MAX_SMDS) throw error
    }
    const text = `the event leads to another SM-DS, ${rspServerAddress}`
    request.isdr.report({ kind: 'noted', text })
    const { isdr, fetch, deviceInfo, protocolVersion, signal } = request
    const [found] = await discoverEvents({
      ...{ isdr, fetch, deviceInfo, protocolVersion, signal },
      smdsAddress: rspServerAddress,
      eventId,
    })
    if (found === undefined)
      throw new LpaError(
        'no-event',
        'server',
        `${rspServerAddress} does not know the event ${eventId}, which led there`,
        {
          step: stepOf(ES11.AuthenticateClient),
        },
      )
    next = found
  }
}
