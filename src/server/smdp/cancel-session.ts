import { equalBytes } from '../../asn1/bytes.ts'
import type { TypeOf } from '../../asn1/schema.ts'
import type { CancelSessionReason } from '../../rsp/authentication.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import { verify } from '../../rsp/crypto/ecdsa.ts'
import type { ES9p } from '../../rsp/es9p.ts'
import { credentialsOf } from '../rsp-server/ci-choice.ts'
import type { Answers } from '../rsp-server/http-binding.ts'
import { changeOrder } from './change-order.ts'
import { smdpOid } from './credentials.ts'
import { refusal } from './error.ts'
import { endDownload, isPending } from './order.ts'
import { findSession } from './sessions.ts'
import type { Smdp } from './settings.ts'

type Reason = TypeOf<typeof CancelSessionReason>

/** How the operator is told, SGP.22 §5.3.5: subject and reason code for each reason that ends the order. */
const TOLD: Partial<Record<Reason, readonly [subjectCode: string, reasonCode: string]>> = {
  endUserRejection: ['8.8.5', '3.8'],
  pprNotAllowed: ['8.2.8', '1.2'],
  metadataMismatch: ['8.2.9', '3.11'],
  loadBppExecutionError: ['8.2.10', '4.2'],
}

/** Reasons after which the order waits for another try (SGP.22 §3.0.2); after any other it is in error. */
const KEEPS_ORDER: readonly Reason[] = ['postponed', 'timeout']

/** SGP.22 §5.6.5: the card gives the session up, and says why under its signature. */
export const createCancelSession =
  (smdp: Smdp): Answers<typeof ES9p>['CancelSession'] =>
  async ({ transactionId, cancelSessionResponse: { value: response } }) => {
    const session = await findSession(smdp, transactionId, 'authenticated', 'bound')
    if (response.cancelSessionResponseOk === undefined)
      throw refusal('euicc-reported-error', `${response.cancelSessionResponseError}`)
    const { euiccCancelSessionSigned, euiccCancelSessionSignature } = response.cancelSessionResponseOk
    const { publicKey } = parseCertificate(session.euiccCertificate)
    if (!verify(publicKey, euiccCancelSessionSigned.bytes, euiccCancelSessionSignature))
      throw refusal('euicc-signature-invalid')
    const signed = euiccCancelSessionSigned.value
    if (signed.smdpOid !== smdpOid(credentialsOf(smdp.credentials, session.serverCi))) throw refusal('foreign-smdp-oid')
    if (!equalBytes(signed.transactionId, transactionId))
      throw refusal('unknown-transaction', 'the eUICC signed for another one')

    const { reason } = signed
    let isEnded = false
    const order = await changeOrder(smdp.store, session.iccid, order => {
      // An order that was cancelled, given anew or installed meanwhile has nothing to do with this session any more.
      const isOurs = isPending(order) && (order.matchingId ?? '') === session.matchingId
      isEnded = isOurs && !KEEPS_ORDER.includes(reason)
      return isEnded ? endDownload(order, 'Error', `CancelSession: ${reason}`, smdp.clock()) : order
    })
    await smdp.store.dropSession(session.transactionId)
    if (isEnded) await smdp.store.dropBoundCopy(session.iccid)
    if (!KEEPS_ORDER.includes(reason)) {
      const [subjectCode, reasonCode] = TOLD[reason] ?? ['8', '4.2']
      const failure = { subjectCode, reasonCode, message: `${reason}` }
      await smdp.reportProgress({ ...order, eid: session.eid, point: session.stage === 'bound' ? 3 : 2, failure })
    }
    return {}
  }
