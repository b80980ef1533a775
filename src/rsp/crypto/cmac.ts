import { BLOCK, createCbcEncryption } from './aes.ts'

/** AES-CMAC (RFC 4493 §2.4) of a message in parts. */
export type Cmac = (...parts: readonly Uint8Array[]) => Uint8Array

const ZERO = new Uint8Array(BLOCK)

/** Doubling in GF(2^128) (RFC 4493 §2.3). */
const double = (block: Uint8Array): Uint8Array => {
  const out = new Uint8Array(BLOCK)
  for (let i = 0; i < BLOCK; i++) out[i] = (block[i]! << 1) | ((block[i + 1] ?? 0) >> 7)
  if (block[0]! & 0x80) out[BLOCK - 1]! ^= 0x87
  return out
}

/**
 * Creates CMAC with one key: CBC over the message with a subkey XORed into its last block; the last output block is the
 * MAC.
 */
export const createCmac = (key: Uint8Array): Cmac => {
  const encrypt = createCbcEncryption(key)
  // Encrypts a block of zeros, which equals that block in CBC mode (RFC 4493 §2.3).
  const whole = double(encrypt(ZERO, new Uint8Array(BLOCK)))
  const padded = double(whole)
  return (...parts) => {
    let length = 0
    for (const part of parts) length += part.length
    const blocks = new Uint8Array(Math.max(1, Math.ceil(length / BLOCK)) * BLOCK)
    let at = 0
    for (const part of parts) {
      blocks.set(part, at)
      at += part.length
    }
    if (length < blocks.length) blocks[length] = 0x80
    const subkey = length === blocks.length ? whole : padded
    const last = blocks.length - BLOCK
    for (let i = 0; i < BLOCK; i++) blocks[last + i]! ^= subkey[i]!
    return new Uint8Array(encrypt(ZERO, blocks).subarray(last))
  }
}
