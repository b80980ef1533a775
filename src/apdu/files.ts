import type { Channel } from './channel.ts'
import { findElement, readElements } from './elements.ts'
import { ApduError } from './errors.ts'
import { transceiveOk } from './exchange.ts'
import { classFor } from './logical-channel.ts'

/** File control parameters (TS 102 221 §11.1.1.3). */
export interface FileControl {
  readonly kind: 'transparent' | 'linear-fixed' | 'cyclic' | 'ber-tlv' | 'df-or-adf' | 'unknown'
  readonly fileId?: number
  readonly aid?: Uint8Array
  /** Bytes of content of an EF. */
  readonly size?: number
  readonly recordLength?: number
  readonly recordCount?: number
}

/** Sends SELECT by file identifier ('7FFF': the current ADF) and decodes the FCP. */
export const selectFile = async (channel: Channel, number: number, fileId: number): Promise<FileControl> => {
  const name = fileId.toString(16).toUpperCase().padStart(4, '0')
  const data = Uint8Array.of(fileId >> 8, fileId & 0xff)
  const cla = classFor(number, 0x00)
  return decodeFcp(
    await transceiveOk(channel, `SELECT ${name}`, { cla, ins: 0xa4, p1: 0x00, p2: 0x04, data, le: 0x100 }),
  )
}

const decodeFcp = (fcp: Uint8Array): FileControl => {
  const outer = findElement(readElements(fcp), 0x62)
  if (outer === undefined) throw new ApduError('bad-response', 'SELECT: the card returned no FCP template (tag 62)')
  const inner = readElements(outer)
  const descriptor = findElement(inner, 0x82) ?? new Uint8Array(0)
  const fileId = findElement(inner, 0x83)
  const aid = findElement(inner, 0x84)
  const size = findElement(inner, 0x80)
  return {
    kind: kindOf(descriptor),
    ...(fileId?.length === 2 ? { fileId: (fileId[0]! << 8) | fileId[1]! } : {}),
    ...(aid === undefined ? {} : { aid }),
    ...(size === undefined ? {} : { size: size.reduce((sum, octet) => sum * 256 + octet, 0) }),
    ...(descriptor.length >= 5
      ? { recordLength: (descriptor[2]! << 8) | descriptor[3]!, recordCount: descriptor[4]! }
      : {}),
  }
}

/** File descriptor byte (TS 102 221 table 11.5): a DF if bits 6-4 are set, otherwise bits 3-1 are the EF structure. */
const kindOf = ([first]: Uint8Array): FileControl['kind'] => {
  if (first === undefined) return 'unknown'
  if ((first & 0x38) === 0x38) return (first & 0x07) === 0 ? 'df-or-adf' : 'ber-tlv'
  return ({ 1: 'transparent', 2: 'linear-fixed', 6: 'cyclic' } as const)[first & 0x07] ?? 'unknown'
}

/** Reads `length` bytes of the selected transparent EF with READ BINARY. */
export const readBinary = async (
  channel: Channel,
  number: number,
  { offset = 0, length }: { offset?: number; length: number },
): Promise<Uint8Array> => {
  const out = new Uint8Array(length)
  const cla = classFor(number, 0x00)
  for (let at = 0; at < length; ) {
    const from = offset + at
    const le = Math.min(255, length - at)
    const part = await transceiveOk(channel, 'READ BINARY', { cla, ins: 0xb0, p1: from >> 8, p2: from & 0xff, le })
    if (part.length === 0 || part.length > le)
      throw new ApduError('bad-response', `READ BINARY: the card returned ${part.length} bytes instead of ${le}`)
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Reads one record of the selected EF with READ RECORD in absolute mode. The first record is 1. */
export const readRecord = (channel: Channel, number: number, record: number, length: number): Promise<Uint8Array> =>
  transceiveOk(channel, `READ RECORD ${record}`, {
    cla: classFor(number, 0x00),
    ins: 0xb2,
    p1: record,
    p2: 0x04,
    le: length,
  })
