import { equalBytes } from '../../../asn1/bytes.ts'
import type { SchemaValue } from '../../../asn1/schema.ts'
import type { CancelSessionReason } from '../../../rsp/authentication.ts'
import { parseCertificate } from '../../../rsp/certificates/certificate.ts'
import { verify } from '../../../rsp/crypto/ecdsa.ts'
import type { ES9p } from '../../../rsp/interfaces/es9p.ts'
import { getCredentials } from '../../rsp-server/ci-choice.ts'
import type { FunctionHandlers } from '../../rsp-server/json-binding.ts'
import { smdpOid } from '../credentials.ts'
import { createSmdpError } from '../error.ts'
import { changeOrder } from '../es2p/change-order.ts'
import { endDownload, isPending, type Order } from '../order.ts'
import type { Smdp } from '../settings.ts'
import type { AuthenticatedSession } from '../store.ts'
import { findSession } from './sessions.ts'

type Reason = SchemaValue<typeof CancelSessionReason>

/** Subject and reason code that the operator receives (SGP.22 §5.3.5), for each reason that ends the order. */
const REPORTED_CODES: Partial<Record<Reason, readonly [subjectCode: string, reasonCode: string]>> = {
  endUserRejection: ['8.8.5', '3.8'],
  pprNotAllowed: ['8.2.8', '1.2'],
  metadataMismatch: ['8.2.9', '3.11'],
  loadBppExecutionError: ['8.2.10', '4.2'],
}

/** Reasons after which the order stays open for another attempt (SGP.22 §3.0.2). Any other reason ends it. */
const KEEPS_ORDER: readonly Reason[] = ['postponed', 'timeout']

/** SGP.22 §5.6.5: the card cancels the session and signs its reason. */
export const createCancelSession =
  (smdp: Smdp): FunctionHandlers<typeof ES9p>['CancelSession'] =>
  async ({ transactionId, cancelSessionResponse: { value: response } }) => {
    const session = await findSession(smdp, transactionId, 'authenticated', 'bound')
    if (response.cancelSessionResponseOk === undefined)
      throw createSmdpError('euicc-reported-error', `${response.cancelSessionResponseError}`)
    const { euiccCancelSessionSigned, euiccCancelSessionSignature } = response.cancelSessionResponseOk
    const { publicKey } = parseCertificate(session.euiccCertificate)
    if (!verify(publicKey, euiccCancelSessionSigned.bytes, euiccCancelSessionSignature))
      throw createSmdpError('euicc-signature-invalid')
    const signed = euiccCancelSessionSigned.value
    if (signed.smdpOid !== smdpOid(getCredentials(smdp.credentials, session.serverCi)))
      throw createSmdpError('foreign-smdp-oid')
    if (!equalBytes(signed.transactionId, transactionId))
      throw createSmdpError('unknown-transaction', 'the eUICC signed for another transaction')

    const { reason } = signed
    // Some LPAs send endUserRejection after a rejected confirmation code, although the end user did not reject.
    const waitsForCode = session.stage === 'authenticated' && session.refusedHashCc !== undefined
    const keepsOrder = KEEPS_ORDER.includes(reason) || waitsForCode
    if (!keepsOrder) await endOrder(smdp, session, reason)
    await smdp.store.dropSession(session.transactionId)
    return {}
  }

const endOrder = async (smdp: Smdp, session: AuthenticatedSession, reason: Reason): Promise<void> => {
  const order = await changeOrder(smdp.store, session.iccid, order =>
    isPending(order) && isOrderOf(session, order)
      ? endDownload(order, 'Error', `CancelSession: ${reason}`, smdp.clock())
      : order,
  )
  if (!isOrderOf(session, order) || order.state === 'Installed') return
  await smdp.store.dropBoundCopy(session.iccid)
  const [subjectCode, reasonCode] = REPORTED_CODES[reason] ?? ['8', '4.2']
  await smdp.reportProgress({
    ...order,
    eid: session.eid,
    point: session.stage === 'bound' ? 3 : 2,
    failure: { subjectCode, reasonCode, message: `${reason}` },
    once: `cancel ${session.transactionId}`,
  })
}

/**
 * False for an order that was canceled and confirmed again, and for one that another card downloaded: a card that only
 * knows the matching id cannot end it.
 */
const isOrderOf = (session: AuthenticatedSession, order: Order): boolean =>
  (order.matchingId ?? '') === session.matchingId &&
  (order.eid === undefined || order.eid === session.eid) &&
  !(order.reusable && order.state === 'Downloaded' && order.transactionId !== session.transactionId)
