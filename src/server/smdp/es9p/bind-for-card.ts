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
  /** The content of its metadata. */
  readonly facts: ProfileFacts
  readonly dpPb: Credential
  readonly transactionId: Uint8Array
  readonly euiccOtpk: Uint8Array
}

/**
 * Finds the package that the server sent to this card for this order. The transaction id excludes a copy of an earlier
 * order of the same ICCID, which may contain another profile.
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
 * Binds the package for this card and session (SGP.22 §3.1.3, §2.5.3). A card with the same one-time key gets the same
 * keys and segments; in another session only InitialiseSecureChannelRequest changes, because it contains the
 * transaction id. A new one-time key needs a new package.
 */
export const bindForCard = async (smdp: Smdp, binding: PackageBinding): Promise<BoundCopy> => {
  const { session, order, dpPb, euiccOtpk } = binding
  const { curve } = dpPb.certificate
  const known = await findCopyFor(smdp, order, session.eid, curve)
  if (known !== undefined && equalBytes(known.euiccOtpk, euiccOtpk)) {
    if (known.transactionId === session.transactionId) return known
    return { ...known, transactionId: session.transactionId, package: renewSecureChannel(known, binding) }
  }
  const bound = bindNewPackage(smdp, binding)
  return {
    iccid: session.iccid,
    transactionId: session.transactionId,
    eid: session.eid,
    curve,
    euiccOtpk,
    package: bound,
  }
}

const bindNewPackage = (
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
    throw createSmdpError('euicc-signature-invalid', 'its one-time key is not a point of the curve', { cause })
  } finally {
    forgetKeyPair(smdpOneTimeKey)
    if (protectedProfile !== undefined) forgetSessionKeys(protectedProfile.keys)
  }
}

/** Replaces transaction id and signature in InitialiseSecureChannelRequest (SGP.22 §5.5.1); the rest is unchanged. */
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
