import { createCipheriv, createDecipheriv } from 'node:crypto'
import { CryptoError } from './error.ts'

export const BLOCK = 16

/**
 * AES-128-CBC of whole blocks with one key, for many messages.
 *
 * Creating a cipher object costs as much as encrypting a segment, so one object is used for all messages. It XORs the
 * previous ciphertext block and the new initial vector into the first block.
 */
export type Cbc = (iv: Uint8Array, blocks: Uint8Array) => Uint8Array

const checkKey = (key: Uint8Array): void => {
  if (key.length !== 16) throw new CryptoError('bad-key', 'an AES-128 key has 16 bytes')
}

const xorInto = (target: Uint8Array, a: Uint8Array, b: Uint8Array): void => {
  for (let i = 0; i < BLOCK; i++) target[i]! ^= a[i]! ^ b[i]!
}

/** Overwrites the first block of its argument. */
export const createCbcEncryption = (key: Uint8Array): Cbc => {
  checkKey(key)
  const cipher = createCipheriv('aes-128-cbc', key, new Uint8Array(BLOCK)).setAutoPadding(false)
  let last: Uint8Array = new Uint8Array(BLOCK)
  return (iv, blocks) => {
    xorInto(blocks, iv, last)
    const out = cipher.update(blocks)
    last = out.subarray(out.length - BLOCK)
    return out
  }
}

export const createCbcDecryption = (key: Uint8Array): Cbc => {
  checkKey(key)
  const decipher = createDecipheriv('aes-128-cbc', key, new Uint8Array(BLOCK)).setAutoPadding(false)
  let last: Uint8Array = new Uint8Array(BLOCK)
  return (iv, blocks) => {
    const out = decipher.update(blocks)
    xorInto(out, iv, last)
    last = new Uint8Array(blocks.subarray(blocks.length - BLOCK))
    return new Uint8Array(out.buffer, out.byteOffset, out.length)
  }
}
