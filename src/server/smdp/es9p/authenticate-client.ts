import { concat } from '../../../asn1/bytes.ts'
import { encode, keep } from '../../../asn1/schema.ts'
import { type EuiccSigned1, SmdpSigned2 } from '../../../rsp/authentication.ts'
import type { RspCertificate } from '../../../rsp/certificates/certificate.ts'
import { sign } from '../../../rsp/crypto/ecdsa.ts'
import { Signature } from '../../../rsp/identifiers.ts'
import type { ES9p } from '../../../rsp/interfaces/es9p.ts'
import { getCredentials } from '../../rsp-server/ci-choice.ts'
import { verifyEuiccChain } from '../../rsp-server/euicc-chain.ts'
import type { FunctionHandlers } from '../../rsp-server/json-binding.ts'
import { checkEuiccSigned1 } from '../../rsp-server/transaction.ts'
import { createSmdpError, SmdpError } from '../error.ts'
import { changeOrder } from '../es2p/change-order.ts'
import { buildMetadata, factsFor } from '../metadata.ts'
import { advance, isOver, isPending, type Order } from '../order.ts'
import type { Smdp } from '../settings.ts'
import type { StockProfile } from '../store.ts'
import { findCopyFor } from './bind-for-card.ts'
import { checkEligibility } from './eligibility.ts'
import { findSession } from './sessions.ts'

/**
 * SGP.22 §5.6.3: authenticates the card, finds its order and offers the profile.
 *
 * A request without a valid signature leaves the session unchanged, so that no other party can end it. After the
 * authentication an error ends the session, and the LPA starts another one.
 */
export const createAuthenticateClient =
  (smdp: Smdp): FunctionHandlers<typeof ES9p>['AuthenticateClient'] =>
  async ({ transactionId, authenticateServerResponse: { value: response } }) => {
    const session = await findSession(smdp, transactionId, 'initiated')
    const { store } = smdp
    if (response.authenticateResponseError !== undefined) {
      await store.dropSession(session.transactionId)
      throw createSmdpError('euicc-reported-error', `${response.authenticateResponseError.authenticateErrorCode}`)
    }
    const { euiccSigned1, euiccSignature1, ...certificates } = response.authenticateResponseOk

    // 1. Authenticate the card.
    const trusted = getCredentials(smdp.credentials, session.euiccCi)
    const euicc = verifyEuiccChain({
      ...certificates,
      trusted: [trusted.ci.certificate],
      now: smdp.clock(),
      crls: smdp.crls(),
    })
    checkEuiccSigned1(euicc, euiccSigned1, euiccSignature1, session, smdp.address)

    // 2. Find the order and check whether the card may download it.
    let claimed: { readonly order: Order; readonly profile: StockProfile }
    try {
      claimed = await claimOrder(smdp, euiccSigned1.value, euicc)
    } catch (error) {
      if (error instanceof SmdpError) await store.dropSession(session.transactionId)
      throw error
    }
    const { order, profile } = claimed

    // 3. Sign the offer together with the signature of the card, which binds it to this card and session.
    const server = getCredentials(smdp.credentials, session.serverCi)
    const copy = await findCopyFor(smdp, order, euicc.eid!, server.dpPb.certificate.curve)
    const smdpSigned2 = keep(SmdpSigned2, {
      transactionId,
      ccRequiredFlag: order.confirmationCodeHash !== undefined,
      bppEuiccOtpk: copy?.euiccOtpk,
    })
    const toBeSigned = concat(smdpSigned2.bytes, encode(Signature, euiccSignature1))
    const smdpSignature2 = sign(server.dpPb.privateKey, toBeSigned)
    const { serverChallenge: _, ...rest } = session
    const outcome = await store.saveSession({
      ...rest,
      stage: 'authenticated',
      iccid: order.iccid,
      matchingId: order.matchingId ?? '',
      eid: euicc.eid!,
      euiccCertificate: euicc.der,
      smdpSignature2,
    })
    if (outcome === 'stale') throw createSmdpError('unknown-transaction', 'the session is in another stage')
    return {
      transactionId,
      profileMetadata: buildMetadata(order.iccid, factsFor(profile, order), smdp.address),
      smdpSigned2,
      smdpSignature2,
      smdpCertificate: server.dpPb.certificate.der,
    }
  }

/** Returns the order for this card and counts the attempt. Reports success and failure to the operator. */
const claimOrder = async (
  smdp: Smdp,
  { ctxParams1, euiccInfo2 }: EuiccSigned1,
  euicc: RspCertificate,
): Promise<{ readonly order: Order; readonly profile: StockProfile }> => {
  const { matchingId, deviceInfo } = ctxParams1.ctxParamsForCommonAuthentication
  const eid = euicc.eid!
  const found = await findOrder(smdp, matchingId, eid)
  const report = (order: Order, failure?: SmdpError) =>
    smdp.reportProgress({ ...order, eid, point: 1, ...(failure?.status && { failure: failure.status }) })
  try {
    const order = await countAttempt(smdp, found, eid)
    const profile = (await smdp.store.findProfile(order.iccid))!
    checkEligibility(profile, factsFor(profile, order), euiccInfo2, deviceInfo)
    await report(order)
    return { order, profile }
  } catch (error) {
    if (error instanceof SmdpError) await report(found, error)
    throw error
  }
}

/** SGP.22 §3.1.3: counts an attempt, also for a card that is not eligible. */
const countAttempt = async (smdp: Smdp, found: Order, eid: string): Promise<Order> => {
  let failure: SmdpError | undefined
  const order = await changeOrder(smdp.store, found, order => {
    failure = undefined
    if (order.matchingId !== found.matchingId) throw createSmdpError('matching-id-refused')
    checkOrder(order, eid, smdp.clock())
    if (order.downloadAttempts < (order.maxAttempts ?? smdp.downloadAttempts))
      return { ...order, downloadAttempts: order.downloadAttempts + 1 }
    failure = createSmdpError('too-many-downloads')
    return advance(order, 'Error', `AuthenticateClient: ${failure.message}`, smdp.clock())
  })
  if (failure !== undefined) throw failure
  return order
}

/** Finds the order by matching id or event id; without one, the default order of the EID (SGP.22 §3.3.2). */
const findOrder = async ({ store }: Smdp, matchingId: string | undefined, eid: string): Promise<Order> => {
  if (matchingId === undefined || matchingId === '') {
    const orders = await store.findDefaultOrders(eid)
    const order = orders.find(isPending) ?? orders[0]
    if (order === undefined) throw createSmdpError('eid-refused', 'the EID has no default order')
    return order
  }
  const order = (await store.findOrderByMatchingId(matchingId)) ?? (await store.findOrderByEventId(matchingId))
  if (order === undefined) throw createSmdpError('matching-id-refused', undefined, { about: matchingId })
  return order
}

/** SGP.22 §3.1.3: an order is for one EID and one installation, and is open from its release to its end. */
const checkOrder = (order: Order, eid: string, now: Date): void => {
  if (isOver(order)) throw createSmdpError('matching-id-refused', 'the order is closed')
  if (order.eid !== undefined && order.eid !== eid) throw createSmdpError('eid-refused', 'the order is for another EID')
  if (!isPending(order)) throw createSmdpError('not-released')
  if (order.expiresAt !== undefined && order.expiresAt <= now) throw createSmdpError('order-expired')
}
