/** Compares two addresses as host names: case (RFC 4343), port and final dot do not matter. */
export const isSameHost = (one: string, other: string): boolean => hostOf(one) === hostOf(other)

const hostOf = (address: string): string => address.trim().replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase()

/** The lowest and the highest specification version that a server supports, both included. */
export type SvnRange = readonly [from: readonly number[], to: readonly number[]]

export const isWithin = (svn: Uint8Array, [from, to]: SvnRange): boolean => {
  const order = (a: ArrayLike<number>): number => (a[0]! << 16) | (a[1]! << 8) | a[2]!
  return order(svn) >= order(from) && order(svn) <= order(to)
}
