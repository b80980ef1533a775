import { ProfileError } from './error.ts'

/** Packs two digits in a byte in reading order, padded with 'F': the ICCID of a profile header. */
export const packDigits = (digits: string, length = Math.ceil(digits.length / 2)): Uint8Array => {
  if (!/^\d*$/.test(digits) || digits.length > 2 * length)
    throw new ProfileError('bad-parameter', `${digits.length} characters are not up to ${2 * length} digits`)
  const padded = digits.padEnd(2 * length, 'f')
  return Uint8Array.from({ length }, (_, i) => Number.parseInt(padded.slice(2 * i, 2 * i + 2), 16))
}

/** Swaps the halves of each byte: between reading order and the order of EF.ICCID and numbers (TS 102 221 §13.2). */
export const swapHalves = (bytes: Uint8Array): Uint8Array => bytes.map(octet => ((octet & 0x0f) << 4) | (octet >> 4))

/** The digits of {@link packDigits} without padding; undefined for anything but digits. */
export const unpackDigits = (bytes: Uint8Array): string | undefined => {
  const text = [...bytes].map(octet => octet.toString(16).padStart(2, '0')).join('')
  const digits = text.replace(/f+$/, '')
  return /^\d*$/.test(digits) ? digits : undefined
}

/** EF.IMSI (TS 31.102 §4.2.2): length, then parity and digits, low half first. */
export const packImsi = (imsi: string): Uint8Array => {
  if (!/^\d{6,15}$/.test(imsi)) throw new ProfileError('bad-parameter', 'an IMSI has 6 to 15 digits')
  const parity = imsi.length % 2 === 1 ? '9' : '1'
  const halves = (parity + imsi).padEnd(2 * Math.ceil((imsi.length + 1) / 2), 'f')
  const packed = swapHalves(Uint8Array.from(halves.match(/../g)!, pair => Number.parseInt(pair, 16)))
  const out = new Uint8Array(9).fill(0xff)
  out[0] = packed.length
  out.set(packed, 1)
  return out
}

/** The IMSI in an EF.IMSI; undefined if there is none. */
export const unpackImsi = (content: Uint8Array): string | undefined => {
  const length = content[0] ?? 0
  if (length < 1 || length > 8 || content.length < 1 + length) return undefined
  const halves = [...swapHalves(content.subarray(1, 1 + length))]
    .map(octet => octet.toString(16).padStart(2, '0'))
    .join('')
  const digits = halves.slice(1).replace(/f$/, '')
  const isOdd = halves[0] === '9'
  if (!/^\d{6,15}$/.test(digits) || (!isOdd && halves[0] !== '1')) return undefined
  return (digits.length % 2 === 1) === isOdd ? digits : undefined
}

/** The last digit of an ICCID, which makes the Luhn sum divisible by ten (ITU-T E.118 §4.2, ISO 7812-1 annex B). */
export const luhnDigit = (digits: string): string => {
  let sum = 0
  for (const [i, digit] of [...digits].reverse().entries()) {
    const value = i % 2 === 0 ? 2 * Number(digit) : Number(digit)
    sum += value > 9 ? value - 9 : value
  }
  return String((10 - (sum % 10)) % 10)
}
export const hasLuhn = (digits: string): boolean => luhnDigit(digits.slice(0, -1)) === digits.at(-1)

/** A PLMN as in EF.LOCI and EF.HPLMNwAcT (TS 24.008 §10.5.1.13): an MCC of three digits, an MNC of two or three. */
export const packPlmn = (mcc: string, mnc: string): Uint8Array => {
  if (!/^\d{3}$/.test(mcc) || !/^\d{2,3}$/.test(mnc)) throw new ProfileError('bad-parameter', 'not an MCC and MNC')
  const [m1, m2, m3] = [...mcc].map(Number) as [number, number, number]
  const [n1, n2, n3 = 0xf] = [...mnc].map(Number) as [number, number, number?]
  return Uint8Array.of((m2 << 4) | m1, (n3 << 4) | m3, (n2 << 4) | n1)
}

/** A number as in EF.MSISDN (TS 31.102 §4.2.26): two digits in a byte, low half first, 'F' after the last one. */
export const packNumber = (digits: string): Uint8Array => swapHalves(packDigits(digits))
export const unpackNumber = (bytes: Uint8Array): string | undefined => unpackDigits(swapHalves(bytes))
