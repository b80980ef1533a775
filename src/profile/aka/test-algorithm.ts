import { type AkaAlgorithm, expectLength, xor } from './algorithm.ts'

const rotated = (block: Uint8Array, bytes: number): Uint8Array => {
  const out = new Uint8Array(block.length)
  for (let i = 0; i < out.length; i++) out[i] = block[(i + bytes) % out.length]!
  return out
}

/**
 * The 3GPP test algorithm (TS 34.108 §8.1.2.1), in SAIP usim-test-algorithm.
 *
 * All values are parts of XDOUT = K xor RAND. The clause does not define the length of RES (more than 30 bits, at most
 * 128); TS.48 profiles and conformance simulators use 16 bytes.
 */
export const testAlgorithm = (k: Uint8Array, resLength = 16): AkaAlgorithm => {
  expectLength('K', k, 16)
  expectLength('RES', new Uint8Array(resLength), ...Array.from({ length: 13 }, (_, i) => i + 4))
  const xdout = (rand: Uint8Array): Uint8Array => {
    expectLength('RAND', rand, 16)
    return xor(k, rand)
  }
  const mac = (rand: Uint8Array, sqn: Uint8Array, amf: Uint8Array): Uint8Array => {
    expectLength('SQN', sqn, 6)
    expectLength('AMF', amf, 2)
    return xor(Uint8Array.of(...sqn, ...amf), xdout(rand))
  }
  const ak = (rand: Uint8Array): Uint8Array => xdout(rand).slice(3, 9)
  return {
    name: 'usim-test-algorithm',
    f1: mac,
    f1star: mac,
    f2: rand => xdout(rand).slice(0, resLength),
    f3: rand => rotated(xdout(rand), 1),
    f4: rand => rotated(xdout(rand), 2),
    f5: ak,
    f5star: ak,
  }
}
