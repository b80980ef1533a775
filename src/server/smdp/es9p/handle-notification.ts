import { createHash } from 'node:crypto'
import { toHex } from '../../../asn1/bytes.ts'
import type { WithRawBytes } from '../../../asn1/schema.ts'
import { parseCertificate } from '../../../rsp/certificates/certificate.ts'
import { verify } from '../../../rsp/crypto/ecdsa.ts'
import { iccidToDigits } from '../../../rsp/identifiers.ts'
import type { ES9p } from '../../../rsp/interfaces/es9p.ts'
import type {
  ErrorReason,
  NotificationMetadata,
  OtherSignedNotification,
  PendingNotification,
  ProfileInstallationResult,
} from '../../../rsp/notification.ts'
import { RspServerError } from '../../rsp-server/error.ts'
import { verifyEuiccChain } from '../../rsp-server/euicc-chain.ts'
import type { FunctionHandlers } from '../../rsp-server/json-binding.ts'
import { sessionKey } from '../../rsp-server/transaction.ts'
import { smdpOid } from '../credentials.ts'
import { changeOrder } from '../es2p/change-order.ts'
import { endDownload, isFor } from '../order.ts'
import type { Smdp } from '../settings.ts'

/** Failures after which another attempt can succeed: the order stays downloaded. Any other failure ends it. */
const TEMPORARY: readonly ErrorReason[] = [
  'installFailedDueToInsufficientMemoryForProfile',
  'installFailedDueToInterruption',
]

/**
 * SGP.22 §5.6.4. An invalid notification is ignored and acknowledged, so that the LPA can remove it from the card.
 */
export const createHandleNotification =
  (smdp: Smdp): FunctionHandlers<typeof ES9p>['HandleNotification'] =>
  async ({ pendingNotification }) => {
    const { profileInstallationResult, otherSignedNotification } = pendingNotification.value
    if (profileInstallationResult !== undefined) await takeResult(smdp, pendingNotification, profileInstallationResult)
    else await takeOther(smdp, pendingNotification, otherSignedNotification!)
    return undefined
  }

const takeResult = async (
  smdp: Smdp,
  whole: WithRawBytes<PendingNotification>,
  { profileInstallationResultData, euiccSignPIR }: ProfileInstallationResult,
): Promise<void> => {
  const { bytes, value: result } = profileInstallationResultData
  const transactionId = sessionKey(result.transactionId)
  const delivery = await smdp.store.findDelivery(transactionId)
  if (delivery === undefined || !smdp.credentials.some(own => smdpOid(own) === result.smdpOid)) return
  if (!verify(parseCertificate(delivery.euiccCertificate).publicKey, bytes, euiccSignPIR)) return
  const { iccid } = result.notificationMetadata
  if (iccid !== undefined && iccidToDigits(iccid) !== delivery.iccid) return

  const error = result.finalResult.errorResult
  const cause = `ProfileInstallationResult: ${error === undefined ? 'installed' : `${error.errorReason} at ${error.bppCommandId}`}`
  const digest = digestOf(whole)
  // A repeated notification must not change a later order for the same profile and card.
  const isKnown = await smdp.store.hasNotification(digest)
  let isOfThisOrder = false
  const order = await changeOrder(smdp.store, delivery.iccid, order => {
    isOfThisOrder = isFor(order, delivery.eid)
    if (!isOfThisOrder || isKnown || order.state !== 'Downloaded') return order
    if (error === undefined) return endDownload(order, 'Installed', cause, smdp.clock())
    // The late failure of an earlier attempt does not end the current one.
    if (order.transactionId !== transactionId || TEMPORARY.includes(error.errorReason)) return order
    return endDownload(order, 'Error', cause, smdp.clock())
  })
  if (isOfThisOrder && !isKnown) {
    const failure = error && { subjectCode: '8.2.10', reasonCode: '4.2', message: cause }
    await smdp.reportProgress({
      ...order,
      eid: delivery.eid,
      point: 4,
      resultData: bytes,
      ...(failure && { failure }),
      once: `result ${digest}`,
    })
  }
  await Promise.all([
    smdp.store.dropSession(transactionId),
    order.state !== 'Downloaded' && smdp.store.dropBoundCopy(order.iccid),
    keep(smdp, whole, result.notificationMetadata, delivery.eid, delivery.iccid, isOfThisOrder),
  ])
}

const takeOther = async (
  smdp: Smdp,
  whole: WithRawBytes<PendingNotification>,
  { tbsOtherNotification, euiccNotificationSignature, ...certificates }: OtherSignedNotification,
): Promise<void> => {
  let eid: string
  try {
    const trusted = smdp.credentials.map(({ ci }) => ci.certificate)
    const euicc = verifyEuiccChain({
      ...certificates,
      trusted,
      now: smdp.clock(),
      crls: smdp.crls(),
    })
    if (!verify(euicc.publicKey, tbsOtherNotification.bytes, euiccNotificationSignature)) return
    eid = euicc.eid!
  } catch (error) {
    if (error instanceof RspServerError) return
    throw error
  }
  const metadata = tbsOtherNotification.value
  const iccid = metadata.iccid && iccidToDigits(metadata.iccid)
  const order = iccid === undefined ? undefined : await smdp.store.findOrder(iccid)
  const isOfOrder = order !== undefined && isFor(order, eid)
  const digest = digestOf(whole)
  if (isOfOrder && !(await smdp.store.hasNotification(digest)))
    for (const operation of metadata.profileManagementOperation)
      if (operation in EVENTS)
        await smdp.reportNotification({
          ...order,
          event: EVENTS[operation as keyof typeof EVENTS],
          notification: whole.bytes,
          once: `${operation} ${digest}`,
        })
  await keep(smdp, whole, metadata, eid, iccid, isOfOrder)
}

/** The events of ES2+.HandleNotification. */
const EVENTS = {
  notificationInstall: 'Install',
  notificationEnable: 'Enable',
  notificationDisable: 'Disable',
  notificationDelete: 'Delete',
} as const

const digestOf = ({ bytes }: WithRawBytes<PendingNotification>): string =>
  toHex(createHash('sha256').update(bytes).digest())

/** Stores the notification after its report, because a stored notification is not reported again. */
const keep = (
  { store, clock }: Smdp,
  whole: WithRawBytes<PendingNotification>,
  { seqNumber, profileManagementOperation }: NotificationMetadata,
  eid: string,
  iccid: string | undefined,
  matched: boolean,
): Promise<boolean> =>
  store.addNotification({
    digest: digestOf(whole),
    at: clock(),
    eid,
    iccid,
    operation: profileManagementOperation.join(' '),
    seqNumber,
    matched,
    bytes: whole.bytes,
  })
