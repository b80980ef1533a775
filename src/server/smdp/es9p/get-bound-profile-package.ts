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
 * SGP.22 §5.6.2: the end user has agreed, the card has made its one-time key; the profile is bound to it.
 *
 * As in AuthenticateClient, what is not signed by the card leaves the session as it is, and a later refusal ends it.
 * But a confirmation code that is wrong or missing: the LPA may ask the end user again, and come with the card's next
 * PrepareDownload in this session, or begin another one, whichever it does. Asked again with the same one-time key, the
 * server gives the same package.
 */
export const createGetBoundProfilePackage =
  (smdp: Smdp): FunctionHandlers<typeof ES9p>['GetBoundProfilePackage'] =>
  async ({ transactionId, prepareDownloadResponse: { value: response } }) => {
    const session = await findSession(smdp, transactionId, 'authenticated', 'bound')
    if (response.downloadResponseError !== undefined)
      throw createSmdpError('euicc-reported-error', `${response.downloadResponseError.downloadErrorCode}`)
    const { euiccSigned2, euiccSignature2 } = response.downloadResponseOk
    const signed = euiccSigned2.value

    // The card signs its answer together with the server's signature: it answers this offer and no other.
    const { publicKey } = parseCertificate(session.euiccCertificate)
    const covered = concat(euiccSigned2.bytes, encode(Signature, session.smdpSignature2))
    if (!verify(publicKey, covered, euiccSignature2)) throw createSmdpError('euicc-signature-invalid')
    if (sessionKey(signed.transactionId) !== session.transactionId)
      throw createSmdpError('unknown-transaction', 'the eUICC signed for another one')
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
  // Of two calls at once the one that comes first is remembered: the other one has been counted all the same.
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
  // The order is taken before the package leaves: of two cards with the same matching id, one gets it.
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
    // By the session's stage a repeated call knows that all this was done: it comes last.
    await smdp.reportProgress({ ...order, point: 3, once: `download ${session.transactionId}` })
    await store.saveSession({ ...session, stage: 'bound' })
  }
  return copy.package
}

/** What may have happened since the card was authenticated. */
const checkStillOpen = (order: Order, session: AuthenticatedSession, now: Date): void => {
  if (!isPending(order) || (order.matchingId ?? '') !== session.matchingId) throw createSmdpError('profile-unavailable')
  if (order.eid !== undefined && order.eid !== session.eid) throw createSmdpError('profile-unavailable')
  if (order.expiresAt !== undefined && order.expiresAt <= now) throw createSmdpError('order-expired')
}

/**
 * SGP.22 §3.1.3 step 12: each wrong code counts against the order, and the last one closes it. Gives the order.
 *
 * A right one is saved, too: of many guesses made at once each has to be the next change of the order, so that no more
 * of them are judged than there are attempts.
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
    // The same code in the same session is the same call once more, its answer lost on the way.
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
