import { BenchError } from '../../host/error.ts'
import { hasLuhn, luhnDigit } from '../../profile/digits.ts'

/** Consecutive numbers. `count` is undefined if the text contains only the first. */
export interface Range {
  readonly count: number | undefined
  at(index: number): string
}

/** The limit of one import: a mistyped end of a range would fill the disk. */
export const MAX_COPIES = 100_000

const counted = (from: bigint, to: bigint | undefined, what: string): number | undefined => {
  if (to === undefined) return undefined
  const count = to - from + 1n
  if (count < 1n) throw new BenchError('inventory', `${what}: the range ends before it begins`)
  if (count > BigInt(MAX_COPIES))
    throw new BenchError('inventory', `${what}: the range has ${count} numbers; at most ${MAX_COPIES} are made at once`)
  return Number(count)
}

/** Parses `001010000000001`, or `001010000000001-001010000000999`. The number of digits is constant. */
export const readRange = (text: string, what: string, pattern = /^\+?\d{1,20}$/): Range => {
  const [first = '', last, ...rest] = text.trim().split(/\s*(?:-|\.\.)\s*/)
  const isWrong = (end: string): boolean => !pattern.test(end)
  if (isWrong(first) || (last !== undefined && isWrong(last)) || rest.length > 0)
    throw new BenchError('inventory', `${what}: ${JSON.stringify(text)} is no range: FIRST or FIRST-LAST is expected`)
  const sign = first.startsWith('+') ? '+' : ''
  const digits = first.slice(sign.length)
  const length = digits.length
  if (last !== undefined && last.replace('+', '').length !== length)
    throw new BenchError('inventory', `${what}: the ends of the range have different lengths`)
  const from = BigInt(digits)
  return {
    count: counted(from, last === undefined ? undefined : BigInt(last.replace('+', '')), what),
    at(index) {
      const number = String(from + BigInt(index)).padStart(length, '0')
      if (number.length > length) throw new BenchError('inventory', `${what}: no number of ${length} digits is left`)
      return sign + number
    },
  }
}

/** ICCIDs with check digits. Counts the digits before the check digit. */
export const readIccidRange = (text: string, what: string): Range => {
  const ends = text.trim().split(/\s*(?:-|\.\.)\s*/)
  for (const end of ends) {
    if (!/^89\d{16,18}$/.test(end))
      throw new BenchError('inventory', `${what}: ${JSON.stringify(end)} is not an ICCID: 18 to 20 digits from 89 on`)
    if (!hasLuhn(end)) {
      const front = end.slice(0, -1)
      throw new BenchError(
        'inventory',
        `${what}: the last digit of ${end} is not the check digit; ${front + luhnDigit(front)} is meant?`,
      )
    }
  }
  const fronts = readRange(ends.map(end => end.slice(0, -1)).join('-'), what)
  return {
    count: fronts.count,
    at(index) {
      const front = fronts.at(index)
      return front + luhnDigit(front)
    },
  }
}
