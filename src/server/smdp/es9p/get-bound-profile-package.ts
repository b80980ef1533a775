import { timingSafeEqual } from 'node:crypto'
import { concat, equalBytes } from '../../../asn1/bytes.ts'
import { encode, type SchemaValue } from '../../../asn1/schema.ts'
import type { EUICCSigned2 } from '../../../rsp/authentication.ts'
import { parseCertificate } from '../../../rsp/certificates/certificate.ts'
import { bindConfirmationCodeHash } from '../../../rsp/crypto/confirmation-code.ts'
import { verify } from '../../../rsp/crypto/ecdsa.ts'
import { Signature } from '../../../rsp/identifiers.ts'
import type { ES9p } from '../../../rsp/interfaces/es9p.ts'
import { getCredentials } from '../../rsp-server/ci-choice.ts'
import type { FunctionHandlers } from '../../rsp-server/json-binding.ts'
import { sessionKey } from '../../rsp-server/transaction.ts'
import { createSmdpError, SmdpError } from '../error.ts'
import { changeOrder } from '../es2p/change-order.ts'
import { factsFor } from '../metadata.ts'
import { advance, isPending, type Order } from '../order.ts'
import type { Smdp } from '../settings.ts'
import type { AuthenticatedSession } from '../store.ts'
import { bindForCard } from './bind-for-card.ts'
import { findSession } from './sessions.ts'

/**
 * SGP.22 §5.6.2: binds the profile to the one-time key of the card. A repeated call with the same key gets the same package.
 *
 * A request without a valid signature leaves the session unchanged; a later error ends it. Exception: after a wrong or
 * missing confirmation code the LPA may send the next PrepareDownload in this session.
 */
export const createGetBoundProfilePackage =
  (smdp: Smdp): FunctionHandlers<typeof ES9p>['GetBoundProfilePackage'] =>
  async ({ transactionId, prepareDownloadResponse: { value: response } }) => {
    const session = await findSession(smdp, transactionId, 'authenticated', 'bound')
    if (response.downloadResponseError !== undefined)
      throw createSmdpError('euicc-reported-error', `${response.downloadResponseError.downloadErrorCode}`)
    const { euiccSigned2, euiccSignature2 } = response.downloadResponseOk
    const signed = euiccSigned2.value

    // The card signs its response together with smdpSignature2, which binds the response to this offer.
    const { publicKey } = parseCertificate(session.euiccCertificate)
    const covered = concat(euiccSigned2.bytes, encode(Signature, session.smdpSignature2))
    if (!verify(publicKey, covered, euiccSignature2)) throw createSmdpError('euicc-signature-invalid')
    if (sessionKey(signed.transactionId) !== session.transactionId)
      throw createSmdpError('unknown-transaction', 'the eUICC signed for another transaction')
    try {
      const confirmed = await checkConfirmationCode(smdp, session, signed)
      return { transactionId, boundProfilePackage: await handOut(smdp, session, signed, confirmed) }
    } catch (error) {
      if (error instanceof SmdpError) await endOrWait(smdp, session, signed, error)
      throw error
    }
  }

const endOrWait = async (
  { store }: Smdp,
  session: AuthenticatedSession,
  { hashCc = new Uint8Array() }: SchemaValue<typeof EUICCSigned2>,
  { code }: SmdpError,
): Promise<void> => {
  if (code !== 'confirmation-code-refused' && code !== 'confirmation-code-missing')
    return store.dropSession(session.transactionId)
  // Of two concurrent calls only the first is stored. Both were counted.
  await store.saveSession({ ...session, refusedHashCc: hashCc })
}

const handOut = async (
  smdp: Smdp,
  session: AuthenticatedSession,
  { transactionId, euiccOtpk }: SchemaValue<typeof EUICCSigned2>,
  confirmed: Order,
): Promise<Uint8Array> => {
  const { store, clock } = smdp
  const { dpPb } = getCredentials(smdp.credentials, session.serverCi)
  const profile = (await store.findProfile(session.iccid))!
  const facts = factsFor(profile, confirmed)
  const copy = await bindForCard(smdp, { session, order: confirmed, profile, facts, dpPb, transactionId, euiccOtpk })
  // Save the order before the package is sent: only one of two cards with the same matching id gets it.
  const order = await changeOrder(store, confirmed, order => {
    checkStillOpen(order, session, clock())
    const { transactionId, eid } = session
    const bound = order.reusable ? { transactionId } : { eid, transactionId }
    if (order.state === 'Released') return advance(order, 'Downloaded', 'GetBoundProfilePackage', clock(), bound)
    return order.transactionId === transactionId ? order : { ...order, ...bound }
  })
  const { eid, euiccCertificate } = session
  const { iccid } = order
  const { transactionId: taken } = copy
  await Promise.all([
    store.putBoundCopy(copy),
    session.stage === 'authenticated' &&
      store.addDelivery({ transactionId: taken, iccid, eid, euiccCertificate, at: clock() }),
  ])
  if (session.stage === 'authenticated') {
    // Save the stage last: it marks for a repeated call that all previous steps are done.
    await smdp.reportProgress({ ...order, point: 3, once: `download ${session.transactionId}` })
    await store.saveSession({ ...session, stage: 'bound' })
  }
  return copy.package
}

/** Checks for changes of the order after the authentication of the card. */
const checkStillOpen = (order: Order, session: AuthenticatedSession, now: Date): void => {
  if (!isPending(order) || (order.matchingId ?? '') !== session.matchingId) throw createSmdpError('profile-unavailable')
  if (order.eid !== undefined && order.eid !== session.eid) throw createSmdpError('profile-unavailable')
  if (order.expiresAt !== undefined && order.expiresAt <= now) throw createSmdpError('order-expired')
}

/**
 * SGP.22 §3.1.3 step 12: counts each wrong code, and ends the order after the last attempt. Returns the order.
 *
 * A correct code also saves the order. Concurrent guesses are therefore checked one after another, and the limit of
 * attempts applies to all of them.
 */
const checkConfirmationCode = async (
  smdp: Smdp,
  session: AuthenticatedSession,
  { hashCc, transactionId }: SchemaValue<typeof EUICCSigned2>,
): Promise<Order> => {
  let failure: SmdpError | undefined
  const order = await changeOrder(smdp.store, session.iccid, order => {
    failure = undefined
    checkStillOpen(order, session, smdp.clock())
    const { confirmationCodeHash } = order
    if (confirmationCodeHash === undefined) return order
    if (hashCc === undefined) throw createSmdpError('confirmation-code-missing')
    if (timingSafeEqual(hashCc, bindConfirmationCodeHash(confirmationCodeHash, transactionId))) return { ...order }
    // The same code in the same session is a repeated call after a lost response.
    if (session.refusedHashCc !== undefined && equalBytes(session.refusedHashCc, hashCc))
      throw createSmdpError('confirmation-code-refused')
    const confirmationFailures = order.confirmationFailures + 1
    if (confirmationFailures < smdp.confirmationCodeAttempts) {
      failure = createSmdpError('confirmation-code-refused')
      return { ...order, confirmationFailures }
    }
    failure = createSmdpError('confirmation-code-attempts-used-up')
    const cause = `GetBoundProfilePackage: ${failure.message}`
    return advance(order, 'Error', cause, smdp.clock(), { confirmationFailures })
  })
  if (failure === undefined) return order
  await smdp.reportProgress({ ...order, eid: session.eid, point: 2, failure: failure.status! })
  throw failure
}
