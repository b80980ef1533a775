import {
  createCipheriv,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from 'node:crypto'
import { concat } from '../asn1/bytes.ts'
import { ProfileError } from './error.ts'

/** Protection schemes of TS 33.501 annex C by their identifier. */
export const PROTECTION_SCHEMES = { 0: 'null-scheme', 1: 'profile-a', 2: 'profile-b' } as const

/** The DER before the 32 bytes of a raw X25519 key (RFC 8410 §4, §7). */
const X25519_PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20)
const X25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0)
const x25519Private = (raw: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(concat(X25519_PKCS8, raw)), format: 'der', type: 'pkcs8' })
const x25519Public = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(concat(X25519_SPKI, raw)), format: 'der', type: 'spki' })

interface Agreement {
  readonly shared: Uint8Array
  readonly ephemeralPublicKey: Uint8Array
}

const agreeOnX25519 = (ephemeralPrivateKey: Uint8Array, homeNetworkKey: Uint8Array): Agreement => {
  const privateKey = x25519Private(ephemeralPrivateKey)
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return {
    shared: diffieHellman({ privateKey, publicKey: x25519Public(homeNetworkKey) }),
    ephemeralPublicKey: new Uint8Array(spki.subarray(X25519_SPKI.length)),
  }
}

const agreeOnP256 = (ephemeralPrivateKey: Uint8Array, homeNetworkKey: Uint8Array): Agreement => {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(ephemeralPrivateKey)
  return {
    shared: ecdh.computeSecret(homeNetworkKey),
    // Always the compressed point (TS 33.501 C.3.4.2).
    ephemeralPublicKey: new Uint8Array(ecdh.getPublicKey(null, 'compressed')),
  }
}

/** ANSI X9.63 KDF with SHA-256; SharedInfo1 is the ephemeral public key (TS 33.501 C.3.2). */
const deriveKeys = ({ shared, ephemeralPublicKey }: Agreement): Uint8Array =>
  concat(
    ...[1, 2].map(counter =>
      createHash('sha256')
        .update(shared)
        .update(Uint8Array.of(0, 0, 0, counter))
        .update(ephemeralPublicKey)
        .digest(),
    ),
  )

/**
 * Returns the ECIES scheme output of a SUCI (TS 33.501 C.3.2): ephemeral public key, ciphertext, and a MAC of 8 bytes.
 * The caller provides the ephemeral private key and must never use one twice.
 */
export const concealIdentity = (input: {
  readonly scheme: 'profile-a' | 'profile-b'
  readonly homeNetworkKey: Uint8Array
  readonly ephemeralPrivateKey: Uint8Array
  readonly schemeInput: Uint8Array
}): Uint8Array => {
  const { scheme, homeNetworkKey, ephemeralPrivateKey, schemeInput } = input
  let agreement: Agreement
  try {
    const agree = scheme === 'profile-a' ? agreeOnX25519 : agreeOnP256
    agreement = agree(ephemeralPrivateKey, homeNetworkKey)
  } catch (cause) {
    throw new ProfileError('bad-parameter', `the home network key is not a ${scheme} key`, { cause })
  }
  const keys = deriveKeys(agreement)
  const [encryptionKey, counterBlock, macKey] = [keys.subarray(0, 16), keys.subarray(16, 32), keys.subarray(32, 64)]
  const ciphertext = new Uint8Array(createCipheriv('aes-128-ctr', encryptionKey, counterBlock).update(schemeInput))
  const mac = createHmac('sha256', macKey).update(ciphertext).digest().subarray(0, 8)
  return concat(agreement.ephemeralPublicKey, ciphertext, mac)
}
