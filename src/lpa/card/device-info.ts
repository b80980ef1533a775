import { fromHex } from '../../asn1/bytes.ts'
import type { DeviceInfo } from '../../rsp/authentication.ts'

/**
 * Makes DeviceInfo from an IMEI or TAC (SGP.22 §4.2). TAC and IMEI are swapped BCD; the last byte of the IMEI has the
 * check digit in its high nibble and 'F' in the low one.
 */
export const toDeviceInfo = (
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
