/** Rotation of lane (x, y) at index x + 5y (FIPS 202 §3.2.2, table 2). */
const ROTATIONS = [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14].map(
  BigInt,
)

/** Round constants of iota, from the LFSR of FIPS 202 §3.2.5 (x^8 + x^6 + x^5 + x^4 + 1). */
const ROUND_CONSTANTS = (() => {
  let lfsr = 1
  const nextBit = (): number => {
    const bit = lfsr & 1
    lfsr = lfsr & 0x80 ? ((lfsr << 1) ^ 0x171) & 0xff : lfsr << 1
    return bit
  }
  return Array.from({ length: 24 }, () => {
    let constant = 0n
    for (let j = 0; j < 7; j++) if (nextBit()) constant |= 1n << BigInt(2 ** j - 1)
    return constant
  })
})()

const rotateLane = (lane: bigint, by: bigint): bigint => BigInt.asUintN(64, (lane << by) | (lane >> (64n - by)))

/** One Keccak-f[1600] permutation of a 200-byte state, in place (FIPS 202 §3.3; lanes are little-endian). */
export const permuteKeccak1600 = (state: Uint8Array): void => {
  const view = new DataView(state.buffer, state.byteOffset, 200)
  let a = Array.from({ length: 25 }, (_, i) => view.getBigUint64(8 * i, true))
  for (const constant of ROUND_CONSTANTS) {
    // theta
    const c = [0, 1, 2, 3, 4].map(x => a[x]! ^ a[x + 5]! ^ a[x + 10]! ^ a[x + 15]! ^ a[x + 20]!)
    const d = [0, 1, 2, 3, 4].map(x => c[(x + 4) % 5]! ^ rotateLane(c[(x + 1) % 5]!, 1n))
    // rho and pi: lane (x, y) moves to (y, 2x + 3y)
    const b = new Array<bigint>(25)
    for (let i = 0; i < 25; i++) {
      const x = i % 5
      const y = (i - x) / 5
      b[y + 5 * ((2 * x + 3 * y) % 5)] = rotateLane(a[i]! ^ d[x]!, ROTATIONS[i]!)
    }
    // chi
    a = b.map((lane, i) => {
      const row = i - (i % 5)
      return lane ^ (BigInt.asUintN(64, ~b[row + ((i + 1) % 5)]!) & b[row + ((i + 2) % 5)]!)
    })
    // iota
    a[0]! ^= constant
  }
  for (const [i, lane] of a.entries()) view.setBigUint64(8 * i, lane, true)
}
