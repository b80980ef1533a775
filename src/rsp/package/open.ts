import type { KeyObject } from 'node:crypto'
import { concat, equalBytes } from '../../asn1/bytes.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { decode, encode, type Schema } from '../../asn1/schema.ts'
import { getChildren, getElementBytes, readTlv, type Tlv } from '../../asn1/tlv.ts'
import { type Bsp, openBsp, TAG_AUTHENTICATED, TAG_ENCRYPTED_COMMAND, TAG_ENCRYPTED_PROFILE } from '../crypto/bsp.ts'
import { verify } from '../crypto/ecdsa.ts'
import { CryptoError } from '../crypto/error.ts'
import {
  deriveSessionKeys,
  forgetSessionKeys,
  KEY_LENGTH,
  KEY_TYPE_AES,
  type OneTimeKeyPair,
  type SessionKeys,
} from '../crypto/key-agreement.ts'
import { OneTimePublicKey } from '../identifiers.ts'
import { ConfigureISDPRequest, InitialiseSecureChannelRequest, ReplaceSessionKeysRequest } from '../interfaces/es8p.ts'
import { StoreMetadataRequest } from '../metadata.ts'
import { type PackageCommand, PackageError, type PackageErrorCode } from './error.ts'

/** The session data for which the package must be bound. */
export interface PackageToOpen {
  readonly transactionId: Uint8Array
  /** The EID, 16 bytes. */
  readonly eid: Uint8Array
  readonly euiccOneTimeKey: OneTimeKeyPair
  /** PK.DPpb.ECDSA */
  readonly smdpPublicKey: KeyObject
}

/** A verified and decrypted command of the package. The profile arrives in one part for each segment. */
export type OpenedCommand =
  | { readonly command: 'initialiseSecureChannel'; readonly request: InitialiseSecureChannelRequest }
  | { readonly command: 'configureISDP'; readonly request: ConfigureISDPRequest }
  | { readonly command: 'storeMetadata'; readonly request: StoreMetadataRequest; readonly bytes: Uint8Array }
  | { readonly command: 'replaceSessionKeys' }
  | { readonly command: 'loadProfileElements'; readonly data: Uint8Array }

export interface OpenedPackage {
  /**
   * Processes the next piece as the LPA cuts the package (SGP.22 §2.5.5): headers and TLVs, each complete. Returns the
   * commands that the piece completes. Throws a PackageError; all later pieces are then rejected.
   */
  feed(piece: Uint8Array): readonly OpenedCommand[]
  /** The command in progress or expected next, for the report of an interruption. */
  readonly command: PackageCommand
  /** True after the last byte of the announced length. */
  readonly complete: boolean
  /** Deletes the keys. */
  close(): void
}

const TAG_PACKAGE = 0xbf36
const TAG_INITIALISE = 0xbf23
/** The sequences of BoundProfilePackage in order; the third is optional. */
const SEQUENCES = [
  { tag: 0xa0, segment: TAG_ENCRYPTED_COMMAND, command: 'configureISDP' },
  { tag: 0xa1, segment: TAG_AUTHENTICATED, command: 'storeMetadata' },
  { tag: 0xa2, segment: TAG_ENCRYPTED_COMMAND, command: 'replaceSessionKeys' },
  { tag: 0xa3, segment: TAG_ENCRYPTED_PROFILE, command: 'loadProfileElements' },
] as const
const LAST = 3

/** Opens a bound package piece by piece (card side of SGP.22 §2.5) and rejects it at the first invalid byte. */
export const openPackage = (toOpen: PackageToOpen): OpenedPackage => {
  /** The remaining bytes of the package; undefined before its header. */
  let remaining: number | undefined
  let bsp: Bsp | undefined
  /** Index into SEQUENCES (-1 before the first), and the remaining bytes of that sequence. */
  let sequence = -1
  let left = 0
  let collected: Uint8Array[] = []
  let ended = false

  const awaited = (): PackageCommand => {
    if (bsp === undefined) return 'initialiseSecureChannel'
    return SEQUENCES[Math.min(left > 0 ? sequence : sequence + 1, LAST)]!.command
  }
  const refuse = (code: PackageErrorCode, detail: string, cause?: unknown): never => {
    throw new PackageError(awaited(), code, detail, cause)
  }
  const decodeCommand = <T>(schema: Schema<T>, bytes: Uint8Array): T => {
    try {
      return decode(schema, bytes)
    } catch (cause) {
      if (!(cause instanceof Asn1Error)) throw cause
      return refuse('incorrectInputValues', cause.message, cause)
    }
  }
  const readElement = (piece: Uint8Array, at: number): Tlv => {
    try {
      return readTlv(piece, at)
    } catch (cause) {
      if (!(cause instanceof Asn1Error)) throw cause
      return refuse('scp03tStructureError', cause.message, cause)
    }
  }
  const restart = (keys: SessionKeys): void => {
    bsp?.close()
    bsp = openBsp(keys)
    forgetSessionKeys(keys)
  }

  const takePackageHeader = (piece: Uint8Array): number => {
    const header = readHeader(piece, 0, TAG_PACKAGE) ?? refuse('scp03tStructureError', 'not a BoundProfilePackage')
    remaining = header.length
    return header.end
  }

  /** SGP.22 §5.5.1: verify the signature first, then the content. */
  const takeInitialise = (piece: Uint8Array, at: number): [number, OpenedCommand] => {
    const tlv = readElement(piece, at)
    if (tlv.tag !== TAG_INITIALISE) refuse('scp03tStructureError', 'not an InitialiseSecureChannelRequest')
    const size = tlv.end - tlv.start
    if (size > remaining!) refuse('scp03tStructureError', 'it is longer than the package')
    const request = decodeCommand(InitialiseSecureChannelRequest, getElementBytes(tlv))
    const signature = getChildren(tlv).at(-1)!
    if (signature.tag !== 0x5f37) refuse('incorrectInputValues', 'bytes follow the signature')
    const { curve, privateKey, publicKey } = toOpen.euiccOneTimeKey
    const signed = concat(piece.subarray(tlv.valueStart, signature.start), encode(OneTimePublicKey, publicKey))
    if (!verify(toOpen.smdpPublicKey, signed, request.smdpSign))
      refuse('invalidSignature', 'the SM-DP+ signature over this session is invalid')
    if (request.remoteOpId !== 'installBoundProfilePackage')
      refuse('unsupportedRemoteOperationType', `remote operation ${String(request.remoteOpId)}`)
    if (!equalBytes(request.transactionId, toOpen.transactionId))
      refuse('invalidTransactionId', 'the package is for another session')
    const { keyType, keyLen, hostId } = request.controlRefTemplate
    if (keyType[0] !== KEY_TYPE_AES || keyLen[0] !== KEY_LENGTH)
      refuse('unsupportedCrtValues', `keys of type ${keyType[0]} and length ${keyLen[0]}`)
    try {
      restart(deriveSessionKeys({ curve, privateKey, peerPoint: request.smdpOtpk, hostId, eid: toOpen.eid }))
    } catch (cause) {
      if (!(cause instanceof CryptoError)) throw cause
      refuse('incorrectInputValues', cause.message, cause)
    }
    remaining! -= size
    return [tlv.end, { command: 'initialiseSecureChannel', request }]
  }

  const takeSequenceHeader = (piece: Uint8Array, at: number): number => {
    // The third sequence is optional. Without it, the session keys protect the profile.
    const next = piece[at] === SEQUENCES[LAST].tag && sequence === LAST - 2 ? LAST : sequence + 1
    const header =
      readHeader(piece, at, SEQUENCES[next]!.tag) ??
      refuse('scp03tStructureError', `sequence '${SEQUENCES[next]!.tag.toString(16)}' is missing`)
    const rest = remaining! - (header.end - at)
    if (header.length === 0 || header.length > rest || (next === LAST && header.length !== rest))
      refuse('scp03tStructureError', 'the lengths of the package and its sequences do not agree')
    sequence = next
    remaining = rest
    left = header.length
    collected = []
    return header.end
  }

  const takeSegment = (piece: Uint8Array, at: number): [number, OpenedCommand | undefined] => {
    const { segment: tag } = SEQUENCES[sequence]!
    const tlv = readElement(piece, at)
    const size = tlv.end - tlv.start
    if (size > left) refuse('scp03tStructureError', 'a segment is longer than the rest of its sequence')
    const data = openSegment(tag, getElementBytes(tlv))
    const command = finishSegment(data, left === size)
    left -= size
    remaining! -= size
    return [tlv.end, command]
  }
  const openSegment = (tag: number, segment: Uint8Array): Uint8Array => {
    try {
      return tag === TAG_AUTHENTICATED ? bsp!.verify(tag, segment) : bsp!.decrypt(tag, segment)
    } catch (cause) {
      if (!(cause instanceof CryptoError)) throw cause
      const code = cause.code === 'bad-structure' ? 'scp03tStructureError' : 'scp03tSecurityError'
      return refuse(code, cause.message, cause)
    }
  }

  const finishSegment = (data: Uint8Array, isLast: boolean): OpenedCommand | undefined => {
    const { command } = SEQUENCES[sequence]!
    if (command === 'loadProfileElements') return { command, data }
    collected.push(data)
    if (!isLast) return undefined
    const bytes = concat(...collected)
    if (command === 'storeMetadata') return { command, request: decodeCommand(StoreMetadataRequest, bytes), bytes }
    if (command === 'configureISDP') {
      // DpProprietaryData has at most 128 bytes, including tag and length (SGP.22 §5.5.2); the request adds four bytes.
      if (bytes.length > 128 + 4) refuse('incorrectInputValues', 'more than 128 bytes of dpProprietaryData')
      return { command, request: decodeCommand(ConfigureISDPRequest, bytes) }
    }
    const { initialMacChainingValue, ppkEnc, ppkCmac } = decodeCommand(ReplaceSessionKeysRequest, bytes)
    restart({ initialMacChainingValue, sEnc: ppkEnc, sMac: ppkCmac })
    return { command }
  }

  const isComplete = () => sequence === LAST && left === 0
  const close = () => {
    bsp?.close()
    ended = true
    collected = []
  }
  return {
    feed: piece => {
      if (ended) refuse('scp03tStructureError', 'the package was rejected before')
      const commands: OpenedCommand[] = []
      try {
        for (let at = 0; at < piece.length; ) {
          let command: OpenedCommand | undefined
          if (isComplete()) refuse('scp03tStructureError', 'bytes follow the end of the package')
          else if (remaining === undefined) at = takePackageHeader(piece)
          else if (bsp === undefined) [at, command] = takeInitialise(piece, at)
          else if (left === 0) at = takeSequenceHeader(piece, at)
          else [at, command] = takeSegment(piece, at)
          if (command) commands.push(command)
        }
      } catch (error) {
        close()
        throw error
      }
      return commands
    },
    get command() {
      return awaited()
    },
    get complete() {
      return isComplete()
    },
    close,
  }
}

/**
 * Reads tag and length of an element whose content follows later. Returns undefined for another tag or an incomplete
 * length.
 */
const readHeader = (bytes: Uint8Array, start: number, tag: number): { length: number; end: number } | undefined => {
  let at = start
  for (const octet of tag > 0xff ? [tag >> 8, tag & 0xff] : [tag]) if (bytes[at++] !== octet) return undefined
  let length = bytes[at++]
  if (length === undefined || length === 0x80 || length > 0x83) return undefined
  if (length > 0x80) {
    const octets = length & 0x7f
    if (at + octets > bytes.length) return undefined
    length = 0
    for (let i = 0; i < octets; i++) length = length * 256 + bytes[at++]!
  }
  return { length, end: at }
}
