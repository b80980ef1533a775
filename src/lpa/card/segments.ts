import { concat } from '../../asn1/bytes.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { decode } from '../../asn1/schema.ts'
import { getChildren, getContent, getElementBytes, readOnlyTlv, type Tlv } from '../../asn1/tlv.ts'
import { StoreMetadataRequest } from '../../rsp/metadata.ts'
import { LpaError } from '../errors.ts'

/** Bytes of the MAC at the end of each protected segment (SGP.22 §2.6.4). */
const MAC_LENGTH = 8

/** The segments of a bound package, and its unencrypted metadata. */
export interface SegmentedPackage {
  readonly segments: readonly Uint8Array[]
  /** From the '88' segments, which have a MAC but are not encrypted. */
  readonly metadata: StoreMetadataRequest
}

const [BPP, INITIALISE, FIRST_87, SEQUENCE_88, SECOND_87, SEQUENCE_86] = [0xbf36, 0xbf23, 0xa0, 0xa1, 0xa2, 0xa3]

/**
 * Splits a BoundProfilePackage into the segments of SGP.22 §2.5.5, each sent as one STORE DATA chain: the header with
 * initialiseSecureChannelRequest, each '87' header with its first TLV, the '88' and '86' headers, and each other TLV.
 */
export const segmentPackage = (boundProfilePackage: Uint8Array): SegmentedPackage => {
  try {
    const outer = readOnlyTlv(boundProfilePackage)
    if (outer.tag !== BPP) throw new Asn1Error('bad-tag', 'no BoundProfilePackage', { offset: 0 })
    const [initialise, ...sequences] = getChildren(outer)
    if (initialise?.tag !== INITIALISE)
      throw new Asn1Error('bad-tag', 'the first element is not initialiseSecureChannelRequest')
    const tags = sequences.map(tlv => tlv.tag)
    const expected = tags.includes(SECOND_87)
      ? [FIRST_87, SEQUENCE_88, SECOND_87, SEQUENCE_86]
      : [FIRST_87, SEQUENCE_88, SEQUENCE_86]
    if (tags.join() !== expected.join()) throw new Asn1Error('bad-tag', 'the sequences do not match SGP.22 §2.5.5')
    return {
      segments: [bytesBetween(outer, outer.start, initialise.end), ...sequences.flatMap(cutSequence)],
      metadata: metadataOf(sequences[1]!),
    }
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    const message = `the bound profile package cannot be split into segments: ${error.message}`
    throw new LpaError('bad-server-answer', 'server', message, { step: 'ES9+.GetBoundProfilePackage' }, error)
  }
}

const cutSequence = (sequence: Tlv): Uint8Array[] => {
  const [first, ...rest] = getChildren(sequence)
  const header = bytesBetween(sequence, sequence.start, sequence.valueStart)
  if (first === undefined) throw new Asn1Error('missing-field', 'a sequence is empty', { offset: sequence.start })
  return sequence.tag === FIRST_87 || sequence.tag === SECOND_87
    ? [bytesBetween(sequence, sequence.start, first.end), ...rest.map(getElementBytes)]
    : [header, getElementBytes(first), ...rest.map(getElementBytes)]
}

const metadataOf = (sequenceOf88: Tlv): StoreMetadataRequest => {
  const contents = getChildren(sequenceOf88).map(segment => getContent(segment))
  return decode(StoreMetadataRequest, concat(...contents.map(content => content.subarray(0, -MAC_LENGTH))))
}

const bytesBetween = ({ buffer }: Tlv, start: number, end: number): Uint8Array => buffer.subarray(start, end)
