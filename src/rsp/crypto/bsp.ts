import { timingSafeEqual } from 'node:crypto'
import { Asn1Error } from '../../asn1/error.ts'
import { encodeTlvHeader, readOnlyTlv, type Tlv } from '../../asn1/tlv.ts'
import { BLOCK, type Cbc, createCbcDecryption, createCbcEncryption } from './aes.ts'
import { createCmac } from './cmac.ts'
import { CryptoError } from './error.ts'
import type { SessionKeys } from './key-agreement.ts'

/** SGP.22 §2.5.4: a segment has at most 1020 bytes, including tag, length and MAC. */
export const SEGMENT_LIMIT = 1020
/** The limit when opening: osmo-smdpp counts 1008 bytes before padding, and real cards accept its segments. */
const SEGMENT_LIMIT_READ = 1036
export const MAC_LENGTH = 8

/** Tags of protected segments (SGP.22 §2.5.4). */
export const TAG_ENCRYPTED_PROFILE = 0x86
export const TAG_ENCRYPTED_COMMAND = 0x87
export const TAG_AUTHENTICATED = 0x88

/**
 * One direction of a BPP security session (SGP.22 §2.6.4, SCP03t). The state is the block counter and the MAC chaining
 * value; both ends advance it alike. New keys require a new session.
 */
export interface Bsp {
  /** Returns one encrypted segment with a MAC. */
  encrypt(tag: number, data: Uint8Array): Uint8Array
  /** Returns one segment with a MAC only. */
  authenticate(tag: number, data: Uint8Array): Uint8Array
  /** Returns the content of an encrypted segment. Verifies the MAC before it decrypts. */
  decrypt(tag: number, segment: Uint8Array): Uint8Array
  /** Returns the content of a segment with a MAC only. */
  verify(tag: number, segment: Uint8Array): Uint8Array
  /** Deletes the keys. */
  close(): void
}

/** The bytes of content (data and MAC) in a segment of `size` bytes. */
const getContentLength = (size: number): number =>
  size - 4 > 0xff ? size - 4 : size - 3 > 0x7f ? Math.min(size - 3, 0xff) : Math.min(size - 2, 0x7f)

/** The maximum data of an encrypted segment of `size` bytes: whole blocks minus at least one byte of padding. */
export const encryptedCapacity = (size: number): number =>
  Math.floor((getContentLength(size) - MAC_LENGTH) / BLOCK) * BLOCK - 1

/** The maximum data of a segment with a MAC only. */
export const authenticatedCapacity = (size: number): number => getContentLength(size) - MAC_LENGTH

const readSegment = (tag: number, segment: Uint8Array): Tlv => {
  let tlv: Tlv
  try {
    tlv = readOnlyTlv(segment)
  } catch (cause) {
    if (!(cause instanceof Asn1Error)) throw cause
    throw new CryptoError('bad-structure', 'the segment is not one TLV', cause)
  }
  if (tlv.tag !== tag) throw new CryptoError('bad-structure', `the segment has another tag than '${tag.toString(16)}'`)
  if (segment.length > SEGMENT_LIMIT_READ)
    throw new CryptoError('bad-structure', `a segment of ${segment.length} bytes, ${SEGMENT_LIMIT} are allowed`)
  if (tlv.end - tlv.valueStart < MAC_LENGTH)
    throw new CryptoError('bad-structure', 'the segment is too short for its MAC')
  return tlv
}

/** Returns the length without padding; padding is '80' and then '00' up to the block (SGP.22 §2.6.4.4). */
const unpaddedLength = (blocks: Uint8Array): number => {
  let at = blocks.length - 1
  while (at >= blocks.length - BLOCK && blocks[at] === 0) at--
  if (at < blocks.length - BLOCK || blocks[at] !== 0x80)
    throw new CryptoError('bad-mac', 'the segment has invalid padding')
  return at
}

/** Opens a session with these keys. The caller may delete its copy afterwards. */
export const openBsp = (keys: SessionKeys): Bsp => {
  let state: ReturnType<typeof start> | undefined = start(keys)
  const current = () => {
    if (state === undefined) throw new CryptoError('closed', 'the session is closed')
    return state
  }

  /** Appends the MAC over the chaining value, the tag, the final length and the content (SGP.22 §2.6.4.3). */
  const seal = (tag: number, content: Uint8Array): Uint8Array => {
    const session = current()
    const header = encodeTlvHeader(tag, content.length + MAC_LENGTH)
    const segment = new Uint8Array(header.length + content.length + MAC_LENGTH)
    segment.set(header)
    segment.set(content, header.length)
    session.chaining = session.cmac(session.chaining, segment.subarray(0, segment.length - MAC_LENGTH))
    segment.set(session.chaining.subarray(0, MAC_LENGTH), segment.length - MAC_LENGTH)
    return segment
  }
  const unseal = (tlv: Tlv): Uint8Array => {
    const session = current()
    const covered = tlv.buffer.subarray(0, tlv.end - MAC_LENGTH)
    const mac = session.cmac(session.chaining, covered)
    if (!timingSafeEqual(mac.subarray(0, MAC_LENGTH), tlv.buffer.subarray(tlv.end - MAC_LENGTH)))
      throw new CryptoError('bad-mac', 'the MAC of the segment is invalid')
    session.chaining = mac
    return covered.subarray(tlv.valueStart)
  }

  return {
    encrypt: (tag, data) => {
      const session = current()
      const blocks = new Uint8Array((Math.floor(data.length / BLOCK) + 1) * BLOCK)
      blocks.set(data)
      blocks[data.length] = 0x80
      return seal(tag, session.encrypt(session.nextIcv(), blocks))
    },
    authenticate: (tag, data) => {
      // The counter also advances for a segment without encryption, so that both ends count the same segments.
      current().counter++
      return seal(tag, data)
    },
    decrypt: (tag, segment) => {
      const session = current()
      const tlv = readSegment(tag, segment)
      const blocks = tlv.end - tlv.valueStart - MAC_LENGTH
      if (blocks === 0 || blocks % BLOCK !== 0)
        throw new CryptoError('bad-structure', 'the encrypted segment does not consist of whole blocks')
      const content = unseal(tlv)
      const plain = session.decrypt(session.nextIcv(), content)
      return plain.subarray(0, unpaddedLength(plain))
    },
    verify: (tag, segment) => {
      const content = unseal(readSegment(tag, segment))
      current().counter++
      return content
    },
    close: () => {
      state?.forget()
      state = undefined
    },
  }
}

const start = ({ initialMacChainingValue, sEnc, sMac }: SessionKeys) => {
  if (initialMacChainingValue.length !== BLOCK)
    throw new CryptoError('bad-key', `an initial MAC chaining value has ${BLOCK} bytes`)
  const encrypt = createCbcEncryption(sEnc)
  // Only the receiving end decrypts; the other end does not create the cipher object.
  const decryptionKey = new Uint8Array(sEnc)
  let decrypt: Cbc | undefined
  return {
    cmac: createCmac(sMac),
    encrypt,
    decrypt(iv: Uint8Array, blocks: Uint8Array): Uint8Array {
      decrypt ??= createCbcDecryption(decryptionKey)
      decryptionKey.fill(0)
      return decrypt(iv, blocks)
    },
    chaining: new Uint8Array(initialMacChainingValue) as Uint8Array,
    counter: 1,
    /** The initial chaining vector: the block counter, as a block, encrypted with S-ENC (SGP.22 §2.6.4.4). */
    nextIcv(): Uint8Array {
      const block = new Uint8Array(BLOCK)
      new DataView(block.buffer).setUint32(BLOCK - 4, this.counter++)
      return encrypt(NO_VECTOR, block)
    },
    forget(): void {
      this.chaining.fill(0)
      decryptionKey.fill(0)
    },
  }
}
const NO_VECTOR = new Uint8Array(BLOCK)

/** Protects `data` in segments of `size` bytes; at least one segment. */
export const protectSegments = (
  bsp: Bsp,
  tag: number,
  data: Uint8Array,
  size: number = SEGMENT_LIMIT,
): readonly Uint8Array[] => {
  const authenticated = tag === TAG_AUTHENTICATED
  const capacity = authenticated ? authenticatedCapacity(size) : encryptedCapacity(size)
  if (capacity < 1 || size > SEGMENT_LIMIT)
    throw new CryptoError('bad-structure', `the segment size ${size} is invalid: choose 32 to ${SEGMENT_LIMIT} bytes`)
  const segments: Uint8Array[] = []
  for (let at = 0; at === 0 || at < data.length; at += capacity) {
    const part = data.subarray(at, at + capacity)
    segments.push(authenticated ? bsp.authenticate(tag, part) : bsp.encrypt(tag, part))
  }
  return segments
}
