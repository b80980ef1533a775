import { equalBytes } from '../../asn1/bytes.ts'
import { completeEid } from '../../rsp/certificates/test-pki.ts'

/** An identifier of a card, profile or subscriber. */
export interface CardIdentifier {
  readonly kind: 'eid' | 'iccid' | 'imsi'
  readonly digits: string
}

/** One encoding of an identifier, with a replacement of the same length. */
export interface Form {
  readonly bytes: Uint8Array
  readonly instead: Uint8Array
}

/** Two digits in a byte, the first in the high half, padded with F (SGP.22 §2.4.2). */
const bcd = (digits: string): Uint8Array =>
  new Uint8Array(Buffer.from(digits.length % 2 === 0 ? digits : `${digits}f`, 'hex'))
/** Two digits in a byte, the first in the low half, padded with F (EF.ICCID, TS 102 221 §13.2). */
const swapped = (digits: string): Uint8Array => bcd(digits).map(octet => ((octet & 0x0f) << 4) | (octet >> 4))
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
/** EF.IMSI after its length: a parity digit, then the digits (TS 31.102 §4.2.2). Some cards have a wrong parity. */
const inImsiFile =
  (parity: 1 | 9) =>
  (digits: string): Uint8Array =>
    swapped(`${parity}${digits}`)

const digitsOf = (bytes: Uint8Array): string =>
  [...bytes].map(octet => `${(octet & 0x0f).toString(16)}${(octet >> 4).toString(16)}`).join('')

const readEid = (value: Uint8Array): string | undefined => {
  const digits = Buffer.from(value).toString('hex')
  return value.length === 16 && /^89\d{30}$/.test(digits) ? digits : undefined
}
const readIccid = (value: Uint8Array): string | undefined => {
  const digits = digitsOf(value).replace(/f+$/, '')
  return value.length === 10 && /^89\d{16,18}$/.test(digits) ? digits : undefined
}
const readImsi = (content: Uint8Array): string | undefined => {
  const digits = digitsOf(content.subarray(1, 1 + (content[0] ?? 0))).replace(/f+$/, '')
  return /^[19]\d{6,15}$/.test(digits) ? digits.slice(1) : undefined
}

/** The identifiers in a message: elements '5A' of 16 bytes (EID) or 10 bytes (ICCID), and EF.ICCID and EF.IMSI. */
const findIdentifiers = (bytes: Uint8Array, file: string | undefined): CardIdentifier[] => {
  const found: CardIdentifier[] = []
  const add = (kind: CardIdentifier['kind'], digits: string | undefined): void => {
    if (digits !== undefined) found.push({ kind, digits })
  }
  if (file === '2fe2') add('iccid', readIccid(bytes))
  if (file === '6f07') add('imsi', readImsi(bytes))
  for (let at = bytes.indexOf(0x5a); at >= 0; at = bytes.indexOf(0x5a, at + 1)) {
    const length = bytes[at + 1]
    const value = bytes.subarray(at + 2, at + 2 + (length ?? 0))
    if (length === 16) add('eid', readEid(value))
    if (length === 10) add('iccid', readIccid(value))
  }
  return found
}

/** The check digit of ITU-T E.118 (Luhn). */
const luhn = (digits: string): string => {
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const weighed = Number(digit) * (place % 2 === 0 ? 2 : 1)
    return total + (weighed > 9 ? weighed - 9 : weighed)
  }, 0)
  return String((10 - (sum % 10)) % 10)
}

/** A replacement with the same issuer and length. A correct check digit is replaced by a correct one. */
const createReplacement = ({ kind, digits }: CardIdentifier, count: number): string => {
  const filled = (kept: number, length: number): string =>
    `${digits.slice(0, kept)}${String(count).padStart(length - kept, '0')}`
  if (kind === 'eid') return completeEid(filled(8, 30))
  if (kind === 'imsi') return filled(Math.min(5, digits.length - 2), digits.length)
  const hasCheck = luhn(digits.slice(0, -1)) === digits.at(-1)
  if (!hasCheck) return filled(7, digits.length)
  const body = filled(7, digits.length - 1)
  return `${body}${luhn(body)}`
}

/** All identifiers of the messages with their replacements. The result depends only on the messages. */
export const collectNumbers = (
  messages: readonly { readonly bytes: Uint8Array; readonly file?: string | undefined }[],
): Map<CardIdentifier, string> => {
  const found = new Map<string, CardIdentifier>()
  for (const { bytes, file } of messages)
    for (const number of findIdentifiers(bytes, file)) found.set(`${number.kind} ${number.digits}`, number)
  const taken = new Set([...found.values()].map(({ digits }) => digits))
  const replacements = new Map<CardIdentifier, string>()
  let count = 0
  for (const number of found.values()) {
    let instead = createReplacement(number, ++count)
    while (taken.has(instead)) instead = createReplacement(number, ++count)
    taken.add(instead)
    replacements.set(number, instead)
  }
  return replacements
}

/** All encodings of an identifier in messages. */
export const getForms = ({ kind, digits }: CardIdentifier, instead: string): Form[] => {
  const ways = kind === 'imsi' ? [inImsiFile(9), inImsiFile(1), ascii] : [bcd, swapped, ascii]
  return ways.map(write => ({ bytes: write(digits), instead: write(instead) }))
}

export const replaceNumbers = (bytes: Uint8Array, forms: readonly Form[]): Uint8Array => {
  const out = bytes.slice()
  for (const form of forms)
    for (let at = out.indexOf(form.bytes[0]!); at >= 0; at = out.indexOf(form.bytes[0]!, at + 1))
      if (equalBytes(out.subarray(at, at + form.bytes.length), form.bytes)) out.set(form.instead, at)
  return out
}
