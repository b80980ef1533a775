import { ApduError } from './errors.ts'

/** A command APDU by its parts (ISO 7816-4 §5.1). `le` counts bytes: 256 is what short coding writes as '00'. */
export interface Command {
  readonly cla: number
  readonly ins: number
  readonly p1: number
  readonly p2: number
  readonly data?: Uint8Array | undefined
  readonly le?: number | undefined
  /** Two- and three-byte lengths. Used only on request: some cards and readers do not support them (TS 102 221 §10.1). */
  readonly extended?: boolean | undefined
}

/** A decoded command. Case 1: neither data nor Le, 2: Le, 3: data, 4: both (ISO/IEC 7816-3 §12.1). */
export interface DecodedCommand extends Command {
  readonly case: 1 | 2 | 3 | 4
  readonly data: Uint8Array
  readonly extended: boolean
}

export const encodeCommand = ({ cla, ins, p1, p2, data, le, extended = false }: Command): Uint8Array => {
  checkOctet('cla', cla)
  checkOctet('ins', ins)
  checkOctet('p1', p1)
  checkOctet('p2', p2)
  const length = data?.length ?? 0
  const longestData = extended ? 0xffff : 0xff
  const longestLe = extended ? 0x10000 : 0x100
  if (length > longestData) throw badCommand(`${length} bytes of data exceed the maximum of ${longestData}`)
  if (le !== undefined && (!Number.isInteger(le) || le < 1 || le > longestLe))
    throw badCommand(`Le ${le} is not in the range 1 to ${longestLe}`)

  // A length field has one byte. In extended coding it has two, and the first field has a leading zero byte.
  const width = extended ? 2 : 1
  const lc = length > 0 ? width : 0
  const leWidth = le === undefined ? 0 : width
  const marker = extended && lc + leWidth > 0 ? 1 : 0
  const out = new Uint8Array(4 + marker + lc + length + leWidth)
  out[0] = cla
  out[1] = ins
  out[2] = p1
  out[3] = p2
  let at = 4 + marker
  if (length > 0) {
    if (extended) out[at++] = length >> 8
    out[at++] = length
    out.set(data!, at)
    at += length
  }
  if (le !== undefined) {
    if (extended) out[at++] = le >> 8
    out[at] = le
  }
  return out
}

const checkOctet = (name: string, octet: number): void => {
  if (!Number.isInteger(octet) || octet < 0 || octet > 0xff) throw badCommand(`${name} ${octet} is not one byte`)
}

/** Decodes the seven codings of ISO/IEC 7816-3 §12.1.3. Throws an ApduError `bad-command` for other input. */
export const decodeCommand = (bytes: Uint8Array): DecodedCommand => {
  if (bytes.length < 4) throw badCommand(`${bytes.length} bytes are not a command`)
  const cla = bytes[0]!
  const ins = bytes[1]!
  const p1 = bytes[2]!
  const p2 = bytes[3]!
  const none = bytes.subarray(4, 4)
  if (bytes.length === 4) return { cla, ins, p1, p2, case: 1, data: none, extended: false }
  const first = bytes[4]!
  if (bytes.length === 5) return { cla, ins, p1, p2, case: 2, data: none, le: first || 0x100, extended: false }
  if (first !== 0) {
    const data = bytes.subarray(5, 5 + first)
    if (bytes.length === 5 + first) return { cla, ins, p1, p2, case: 3, data, extended: false }
    if (bytes.length === 6 + first)
      return { cla, ins, p1, p2, case: 4, data, le: bytes[5 + first]! || 0x100, extended: false }
    throw badCommand(`Lc is ${first}, but ${bytes.length - 5} bytes follow`)
  }
  if (bytes.length < 7) throw badCommand('an extended length is not complete')
  const long = (bytes[5]! << 8) | bytes[6]!
  if (bytes.length === 7) return { cla, ins, p1, p2, case: 2, data: none, le: long || 0x10000, extended: true }
  const data = bytes.subarray(7, 7 + long)
  if (long > 0 && bytes.length === 7 + long) return { cla, ins, p1, p2, case: 3, data, extended: true }
  if (long > 0 && bytes.length === 9 + long) {
    const le = (bytes[7 + long]! << 8) | bytes[8 + long]!
    return { cla, ins, p1, p2, case: 4, data, le: le || 0x10000, extended: true }
  }
  throw badCommand(`the extended Lc is ${long}, but ${bytes.length - 7} bytes follow`)
}

const badCommand = (detail: string): ApduError => new ApduError('bad-command', `not a command APDU: ${detail}`)
