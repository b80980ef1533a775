import type { Fetch } from '../rsp/fetch.ts'
import { ES11, type EventEntry } from '../rsp/interfaces/es11.ts'
import { readAddresses } from './card/euicc.ts'
import type { Isdr } from './card/isdr.ts'
import { type Download, type DownloadRequest, downloadProfile } from './download.ts'
import { isLpaError, LpaError } from './errors.ts'
import { getStepName } from './report.ts'
import { withFaultOfRefusal } from './server/judge-refusal.ts'
import { callServer, type ServerAccess } from './server/server-call.ts'
import { authenticateServer, checkTransactionId } from './session.ts'

export interface DiscoveryRequest {
  readonly isdr: Isdr
  readonly fetch: Fetch
  readonly deviceInfo: DownloadRequest['deviceInfo']
  /** Default: the root SM-DS of the card. */
  readonly smdsAddress?: string | undefined
  /** The event id from another SM-DS that referred to this one. */
  readonly eventId?: string | undefined
  readonly protocolVersion?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Retrieves the events for this card from an SM-DS (SGP.22 §3.6.2): SM-DP+ addresses with event ids. */
export const discoverEvents = async (request: DiscoveryRequest): Promise<readonly EventEntry[]> => {
  const { isdr, fetch, deviceInfo, eventId, protocolVersion, signal } = request
  const address = request.smdsAddress ?? (await readRoot(isdr))
  const server: ServerAccess = { fetch, address, report: isdr.report, protocolVersion, signal }
  const authenticated = await authenticateServer(
    { isdr, server, matchingId: eventId, deviceInfo },
    ES11.InitiateAuthentication,
  )
  const { transactionId, authenticateServerResponse, euiccSigned1, euiccSignature1, euiccCertificate } = authenticated
  // The response ends the session: an SM-DS has no CancelSession.
  const answer = await callServer(server, ES11.AuthenticateClient, { transactionId, authenticateServerResponse }).catch(
    error => {
      throw withFaultOfRefusal(error, {
        covered: [euiccSigned1.bytes],
        signature: euiccSignature1,
        certificate: euiccCertificate,
      })
    },
  )
  checkTransactionId(getStepName(ES11.AuthenticateClient), transactionId, answer.transactionId)
  return answer.eventEntries
}

const readRoot = async (isdr: Isdr): Promise<string> => {
  const { rootDsAddress } = await readAddresses(isdr)
  if (rootDsAddress) return rootDsAddress
  throw new LpaError('no-address', 'user', 'the card has no root SM-DS address: enter the address of an SM-DS', {
    step: 'ES10a.GetEuiccConfiguredAddresses',
  })
}

/** An event refers from the root to an alternative SM-DS at most once (SGP.22 §3.6.2); a longer chain may be a loop. */
const MAX_SMDS = 3

/**
 * Downloads the profile of an event. Its server is an SM-DP+, with the event id as matching ID, or another SM-DS, which
 * is called with the event id. The server certificate distinguishes them.
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
    const text = `the event refers to another SM-DS, ${rspServerAddress}`
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
        `${rspServerAddress} does not have the event ${eventId} that refers to it`,
        {
          step: getStepName(ES11.AuthenticateClient),
        },
      )
    next = found
  }
}
