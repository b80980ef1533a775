import { fromHex } from '../../asn1/bytes.ts'
import type { DeviceInfo } from '../../rsp/authentication.ts'

/**
 * DeviceInfo from an IMEI (SGP.22 §4.2): the TAC is its first eight digits in swapped pairs; the IMEI follows so, but
 * in its last byte the check digit stands in the high half and 'F' in the low one. Without an IMEI, the TAC alone.
 */
export const deviceInfoOf = (
  imeiOrTac: string,
  deviceCapabilities: DeviceInfo['deviceCapabilities'] = {},
): DeviceInfo => {
  const digits = imeiOrTac.replace(/[\s-]/g, '')
  if (!/^(\d{8}|\d{14,15})$/.test(digits))
    throw new RangeError(`"${imeiOrTac}" is neither an IMEI (14 or 15 digits) nor a TAC (8 digits)`)
  const body = digits.slice(0, 14)
  const check = luhn(body)
  if (digits.length === 15 && digits[14] !== check)
    throw new RangeError(`"${imeiOrTac}" is not an IMEI: its check digit is not ${check}`)
  return {
    tac: swapped(digits.slice(0, 8)),
    deviceCapabilities,
    ...(digits.length > 8 ? { imei: Uint8Array.of(...swapped(body), (Number(check) << 4) | 0x0f) } : {}),
  }
}

const swapped = (digits: string): Uint8Array => fromHex(digits.replace(/(.)(.)/g, '$2$1'))

/** Check digit of an IMEI (TS 23.003 annex B). */
const luhn = (digits: string): string => {
  let sum = 0
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return String((10 - (sum % 10)) % 10)
}
