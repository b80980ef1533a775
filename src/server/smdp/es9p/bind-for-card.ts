import { concat, equalBytes, fromHex } from '../../../asn1/bytes.ts'
import { encode, tagged } from '../../../asn1/schema.ts'
import { encodeTlv, getChildren, getElementBytes, readOnlyTlv } from '../../../asn1/tlv.ts'
import type { Credential } from '../../../rsp/certificates/issue.ts'
import type { CurveName } from '../../../rsp/crypto/curve.ts'
import { sign } from '../../../rsp/crypto/ecdsa.ts'
import { CryptoError } from '../../../rsp/crypto/error.ts'
import { forgetKeyPair, forgetSessionKeys, generateOneTimeKeyPair } from '../../../rsp/crypto/key-agreement.ts'
import { OneTimePublicKey, Signature, TransactionId } from '../../../rsp/identifiers.ts'
import { bindProfilePackage, protectProfile } from '../../../rsp/package/bind.ts'
import { createSmdpError } from '../error.ts'
import { buildMetadata } from '../metadata.ts'
import type { Order } from '../order.ts'
import type { ProfileFacts } from '../profile-facts.ts'
import type { Smdp } from '../settings.ts'
import type { AuthenticatedSession, BoundCopy, StockProfile } from '../store.ts'

export interface PackageBinding {
  readonly session: AuthenticatedSession
  readonly order: Order
  readonly profile: StockProfile
  /** What its metadata say. */
  readonly facts: ProfileFacts
  readonly dpPb: Credential
  readonly transactionId: Uint8Array
  readonly euiccOtpk: Uint8Array
}

/**
 * The package that this card was handed out for this order. A copy that an earlier order of the same ICCID left behind,
 * in which there may be another profile, is not by the session that the order remembers.
 */
export const findCopyFor = async (
  { store }: Smdp,
  { iccid, transactionId }: Order,
  eid: string,
  curve: CurveName,
): Promise<BoundCopy | undefined> => {
  if (transactionId === undefined) return undefined
  const copy = await store.findBoundCopy(iccid)
  return copy?.transactionId === transactionId && copy?.eid === eid && copy.curve === curve ? copy : undefined
}

/**
 * SGP.22 §3.1.3 and §2.5.3. The package for this card and session. A card that comes again with the same one-time
 * key gets what it had: in another session only the secure channel's request is made anew, because it names the
 * session; keys and segments are the same. With a new key all is bound anew.
 */
export const bindForCard = async (smdp: Smdp, binding: PackageBinding): Promise<BoundCopy> => {
  const { session, order, dpPb, euiccOtpk } = binding
  const { curve } = dpPb.certificate
  const known = await findCopyFor(smdp, order, session.eid, curve)
  if (known !== undefined && equalBytes(known.euiccOtpk, euiccOtpk)) {
    if (known.transactionId === session.transactionId) return known
    return { ...known, transactionId: session.transactionId, package: renewSecureChannel(known, binding) }
  }
  const made = bindAnew(smdp, binding)
  return {
    iccid: session.iccid,
    transactionId: session.transactionId,
    eid: session.eid,
    curve,
    euiccOtpk,
    package: made,
  }
}

const bindAnew = (
  smdp: Smdp,
  { session, profile, facts, dpPb, transactionId, euiccOtpk }: PackageBinding,
): Uint8Array => {
  const { random, segmentSize, address } = smdp
  const smdpOneTimeKey = generateOneTimeKeyPair(dpPb.certificate.curve, random)
  const protectedProfile =
    smdp.profileProtection === 'profile-keys'
      ? protectProfile(profile.package, { random, ...(segmentSize && { segmentSize }) })
      : undefined
  try {
    return bindProfilePackage({
      profile: protectedProfile ?? profile.package,
      metadata: buildMetadata(profile.iccid, facts, address).bytes,
      transactionId,
      eid: fromHex(session.eid),
      hostId: random(8),
      smdpOneTimeKey,
      euiccOtpk,
      smdpPrivateKey: dpPb.privateKey,
      ...(segmentSize && { segmentSize }),
    })
  } catch (cause) {
    if (!(cause instanceof CryptoError && cause.code === 'bad-point')) throw cause
    throw createSmdpError('euicc-signature-invalid', 'its one-time key is no point of the curve', { cause })
  } finally {
    forgetKeyPair(smdpOneTimeKey)
    if (protectedProfile !== undefined) forgetSessionKeys(protectedProfile.keys)
  }
}

/** InitialiseSecureChannelRequest of `copy` with another transaction id and signature (SGP.22 §5.5.1); the rest as it is. */
const renewSecureChannel = (copy: BoundCopy, { dpPb, transactionId, euiccOtpk }: PackageBinding): Uint8Array => {
  const [request, ...segments] = getChildren(readOnlyTlv(copy.package))
  const [remoteOpId, , controlRefTemplate, smdpOtpk] = getChildren(request!).map(getElementBytes)
  const components = concat(
    remoteOpId!,
    encode(tagged(0x80, TransactionId), transactionId),
    controlRefTemplate!,
    smdpOtpk!,
  )
  const smdpSign = sign(dpPb.privateKey, concat(components, encode(OneTimePublicKey, euiccOtpk)))
  return encodeTlv(0xbf36, encodeTlv(0xbf23, components, encode(Signature, smdpSign)), ...segments.map(getElementBytes))
}
