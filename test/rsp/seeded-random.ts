import { createHash } from 'node:crypto'

/** A seeded random source: SHA-256 over a seed and a counter. */
export const seededRandom = (seed: string): ((length: number) => Uint8Array) => {
  let rolls = 0
  return length => {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 32)
      bytes.set(
        createHash('sha256')
          .update(`${seed} ${rolls++}`)
          .digest()
          .subarray(0, length - at),
        at,
      )
    return bytes
  }
}
