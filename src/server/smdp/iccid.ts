/** Converts stored digits without filler to the 20 characters of ES2+, with `F` after 19 digits (SGP.22 §5.3.1). */
export const iccidText = (digits: string): string => (digits.length === 19 ? `${digits}F` : digits)

export const iccidDigits = (text: string): string => text.replace(/F+$/i, '')

/** ITU-T E.118: the check digit (Luhn) for `digits`. */
export const checkDigit = (digits: string): string => {
  let sum = 0
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return String((10 - (sum % 10)) % 10)
}
