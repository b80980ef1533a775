import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { BenchError } from '../../host/error.ts'

/** A 256-bit key that encrypts the secrets of a store. */
export type StoreKey = Uint8Array
export const STORE_KEY_LENGTH = 32

/**
 * Encrypts and decrypts secrets for the database. `about` names the column: a blob decrypts only with the same name.
 */
export interface Sealing {
  seal(bytes: Uint8Array, about: string): Uint8Array
  open(sealed: Uint8Array, about: string): Uint8Array
}

const FORM = 1
const KEY_ID = 1
const SALT = 9
const COUNTER = 25
const TEXT = 33
const TAG_LENGTH = 16

/** Identifies a key without revealing it. */
export const keyIdOf = (key: StoreKey): string =>
  createHash('sha256').update('esim-bench store key').update(key).digest('hex').slice(0, 16)

const keyOf = (key: StoreKey, salt: Uint8Array): Buffer =>
  Buffer.from(hkdfSync('sha256', key, salt, 'esim-bench store', STORE_KEY_LENGTH))

/**
 * AES-256-GCM: form (1) | store key id (8) | salt (16) | counter (8) | ciphertext | tag (16). Random nonces could
 * repeat under load, so each opening derives a key by HKDF from its salt and counts from one. `keys[0]` encrypts;
 * former keys only decrypt.
 */
export const createSealing = (keys: readonly StoreKey[], random: (length: number) => Uint8Array): Sealing => {
  const byId = new Map(keys.map(key => [keyIdOf(key), key]))
  const head = Buffer.alloc(TEXT)
  head[0] = FORM
  head.write(keyIdOf(keys[0]!), KEY_ID, 'hex')
  head.set(random(COUNTER - SALT), SALT)
  const own = keyOf(keys[0]!, head.subarray(SALT, COUNTER))
  const nonceOf = (blob: Uint8Array): Buffer => {
    const nonce = Buffer.alloc(12)
    nonce.set(blob.subarray(COUNTER, TEXT), 4)
    return nonce
  }
  let counter = 0n

  /** The derived keys of other openings and processes. */
  const derived = new Map<string, Buffer>([[head.toString('latin1', KEY_ID, COUNTER), own]])
  const keyFor = (blob: Buffer): Buffer => {
    const name = blob.toString('latin1', KEY_ID, COUNTER)
    const known = derived.get(name)
    if (known !== undefined) return known
    const keyId = blob.toString('hex', KEY_ID, SALT)
    const key = byId.get(keyId)
    if (key === undefined)
      throw new BenchError(
        'store-key',
        `a secret of this store was encrypted with the key ${keyId}, which is not given`,
      )
    if (derived.size > 1000) derived.clear()
    const made = keyOf(key, blob.subarray(SALT, COUNTER))
    derived.set(name, made)
    return made
  }

  return {
    seal(bytes, about) {
      head.writeBigUInt64BE(++counter, COUNTER)
      const cipher = createCipheriv('aes-256-gcm', own, nonceOf(head))
      cipher.setAAD(Buffer.from(about))
      return Buffer.concat([head, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
    },
    open(sealed, about) {
      const blob = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
      if (blob.length < TEXT + TAG_LENGTH || blob[0] !== FORM)
        throw new BenchError('store-damaged', `${about}: not a secret in the form that this esim-bench writes`)
      const decipher = createDecipheriv('aes-256-gcm', keyFor(blob), nonceOf(blob), { authTagLength: TAG_LENGTH })
      decipher.setAAD(Buffer.from(about))
      decipher.setAuthTag(blob.subarray(-TAG_LENGTH))
      try {
        const bytes = decipher.update(blob.subarray(TEXT, -TAG_LENGTH))
        decipher.final()
        return bytes
      } catch (cause) {
        throw new BenchError('store-damaged', `${about}: the secret was changed since it was written`, { cause })
      }
    },
  }
}
