import type { KeyObject } from 'node:crypto'
import { concat } from '../../asn1/bytes.ts'
import { encode, tagged } from '../../asn1/schema.ts'
import { encodeTlv } from '../../asn1/tlv.ts'
import {
  openBsp,
  protectSegments,
  SEGMENT_LIMIT,
  TAG_AUTHENTICATED,
  TAG_ENCRYPTED_COMMAND,
  TAG_ENCRYPTED_PROFILE,
} from '../crypto/bsp.ts'
import { sign } from '../crypto/ecdsa.ts'
import {
  deriveSessionKeys,
  forgetSessionKeys,
  KEY_LENGTH,
  KEY_TYPE_AES,
  type OneTimeKeyPair,
  type SessionKeys,
} from '../crypto/key-agreement.ts'
import { OneTimePublicKey, Signature, TransactionId } from '../identifiers.ts'
import { ConfigureISDPRequest, ControlRefTemplate, RemoteOpId, ReplaceSessionKeysRequest } from '../interfaces/es8p.ts'

/**
 * A profile protected once with its own keys (SGP.22 §2.5.4.2). It can be bound to many cards without encrypting it
 * again.
 */
export interface ProtectedProfile {
  readonly keys: SessionKeys
  /** The '86' segments, concatenated. */
  readonly segments: Uint8Array
}

/** Protects a profile with random profile protection keys. Keep these keys as secret as the profile. */
export const protectProfile = (
  profile: Uint8Array,
  { random, segmentSize }: { random: (length: number) => Uint8Array; segmentSize?: number },
): ProtectedProfile => {
  const draw = () => new Uint8Array(random(KEY_LENGTH))
  const keys: SessionKeys = { initialMacChainingValue: draw(), sEnc: draw(), sMac: draw() }
  const bsp = openBsp(keys)
  const segments = concat(...protectSegments(bsp, TAG_ENCRYPTED_PROFILE, profile, segmentSize))
  bsp.close()
  return { keys, segments }
}

export interface PackageToBind {
  /** The plain profile package, which the session keys then protect, or an already protected one. */
  readonly profile: Uint8Array | ProtectedProfile
  /** The encoded StoreMetadataRequest. */
  readonly metadata: Uint8Array
  readonly transactionId: Uint8Array
  /** The EID, 16 bytes. */
  readonly eid: Uint8Array
  readonly hostId: Uint8Array
  readonly smdpOneTimeKey: OneTimeKeyPair
  /** otPK.EUICC.ECKA with the card's signature verified. A point off the curve throws CryptoError `bad-point`. */
  readonly euiccOtpk: Uint8Array
  /** SK.DPpb.ECDSA */
  readonly smdpPrivateKey: KeyObject
  readonly configureISDP?: ConfigureISDPRequest
  /** The maximum length of a segment, including tag, length and MAC; at most 1020. */
  readonly segmentSize?: number
}

/**
 * Binds a profile package to one card and one session (SM-DP+ side of SGP.22 §2.5.3). Returns the encoded
 * BoundProfilePackage.
 */
export const bindProfilePackage = (toBind: PackageToBind): Uint8Array => {
  const { profile, metadata, smdpOneTimeKey, euiccOtpk, configureISDP = {}, segmentSize = SEGMENT_LIMIT } = toBind
  const keys = deriveSessionKeys({
    curve: smdpOneTimeKey.curve,
    privateKey: smdpOneTimeKey.privateKey,
    peerPoint: euiccOtpk,
    hostId: toBind.hostId,
    eid: toBind.eid,
  })
  const bsp = openBsp(keys)
  forgetSessionKeys(keys)
  // The order is fixed: each MAC is chained to the previous segment.
  const sequence = (tag: number, segmentTag: number, data: Uint8Array) =>
    encodeTlv(tag, ...protectSegments(bsp, segmentTag, data, segmentSize))
  const first87 = sequence(0xa0, TAG_ENCRYPTED_COMMAND, encode(ConfigureISDPRequest, configureISDP))
  const all88 = sequence(0xa1, TAG_AUTHENTICATED, metadata)
  const rest =
    profile instanceof Uint8Array
      ? [sequence(0xa3, TAG_ENCRYPTED_PROFILE, profile)]
      : [sequence(0xa2, TAG_ENCRYPTED_COMMAND, replaceSessionKeys(profile.keys)), encodeTlv(0xa3, profile.segments)]
  bsp.close()
  return encodeTlv(0xbf36, initialiseSecureChannel(toBind), first87, all88, ...rest)
}

/** SGP.22 §5.5.1: smdpSign covers the components before it and otPK.EUICC.ECKA. */
const initialiseSecureChannel = ({
  transactionId,
  hostId,
  smdpOneTimeKey,
  euiccOtpk,
  smdpPrivateKey,
}: PackageToBind): Uint8Array => {
  const components = concat(
    encode(RemoteOpId, 'installBoundProfilePackage'),
    encode(tagged(0x80, TransactionId), transactionId),
    encode(tagged(0xa6, ControlRefTemplate), {
      keyType: Uint8Array.of(KEY_TYPE_AES),
      keyLen: Uint8Array.of(KEY_LENGTH),
      hostId,
    }),
    encode(OneTimePublicKey, smdpOneTimeKey.publicKey),
  )
  const smdpSign = sign(smdpPrivateKey, concat(components, encode(OneTimePublicKey, euiccOtpk)))
  return encodeTlv(0xbf23, components, encode(Signature, smdpSign))
}

const replaceSessionKeys = ({ initialMacChainingValue, sEnc, sMac }: SessionKeys): Uint8Array =>
  encode(ReplaceSessionKeysRequest, { initialMacChainingValue, ppkEnc: sEnc, ppkCmac: sMac })
