import { createCipheriv } from 'node:crypto'
import { type AkaAlgorithm, expectLength, xor } from './algorithm.ts'

/** r1..r5 of TS 35.206 §4.1 in bits, one byte each (SAIP `rotationConstants`). */
const ROTATIONS = Uint8Array.of(0x40, 0x00, 0x20, 0x40, 0x60)
/** c1..c5 of TS 35.206 §4.1, 16 bytes each (SAIP `xoringConstants`): zeros with the last byte 0, 1, 2, 4, 8. */
const XORINGS = Uint8Array.from({ length: 80 }, (_, i) => (i % 16 === 15 && i > 16 ? 1 << (i / 16 - 1) : 0))

/** The parameters of an operator. `op` and `opc` exclude each other: OPc = OP xor E[OP]K. */
export interface MilenageParameters {
  readonly k: Uint8Array
  readonly opc?: Uint8Array
  readonly op?: Uint8Array
  readonly rotationConstants?: Uint8Array
  readonly xoringConstants?: Uint8Array
}

const encryptBlock = (key: Uint8Array, block: Uint8Array): Uint8Array => {
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
  return new Uint8Array(cipher.update(block))
}

/** Derives OPc from the OP of an operator for one subscriber (TS 35.206 §4.1). */
export const deriveOpc = (k: Uint8Array, op: Uint8Array): Uint8Array => {
  expectLength('K', k, 16)
  expectLength('OP', op, 16)
  return xor(op, encryptBlock(k, op))
}

/** Rotates a 16-byte block left by a number of bits. */
const rotate = (block: Uint8Array, bits: number): Uint8Array => {
  const bytes = (bits >> 3) % 16
  const rest = bits & 7
  const out = new Uint8Array(16)
  for (let i = 0; i < 16; i++) {
    const high = block[(i + bytes) % 16]!
    const low = block[(i + bytes + 1) % 16]!
    out[i] = (high << rest) | (rest === 0 ? 0 : low >> (8 - rest))
  }
  return out
}

/** Milenage (TS 35.206 §4). */
export const milenage = (parameters: MilenageParameters): AkaAlgorithm => {
  const { k, rotationConstants: r = ROTATIONS, xoringConstants: c = XORINGS } = parameters
  expectLength('K', k, 16)
  expectLength('rotationConstants', r, 5)
  expectLength('xoringConstants', c, 80)
  const opc = parameters.opc ?? deriveOpc(k, parameters.op ?? new Uint8Array(0))
  expectLength('OPc', opc, 16)

  const temp = (rand: Uint8Array): Uint8Array => {
    expectLength('RAND', rand, 16)
    return encryptBlock(k, xor(rand, opc))
  }
  // OUT1 mixes SQN and AMF after the rotation; OUT2..OUT5 rotate TEMP itself.
  const out1 = (rand: Uint8Array, sqn: Uint8Array, amf: Uint8Array): Uint8Array => {
    expectLength('SQN', sqn, 6)
    expectLength('AMF', amf, 2)
    const input = new Uint8Array(16)
    input.set(sqn)
    input.set(amf, 6)
    input.copyWithin(8, 0, 8)
    const mixed = xor(rotate(xor(input, opc), r[0]!), c.subarray(0, 16))
    return xor(encryptBlock(k, xor(temp(rand), mixed)), opc)
  }
  const out = (n: 2 | 3 | 4 | 5, rand: Uint8Array): Uint8Array => {
    const mixed = xor(rotate(xor(temp(rand), opc), r[n - 1]!), c.subarray(16 * (n - 1), 16 * n))
    return xor(encryptBlock(k, mixed), opc)
  }
  return {
    name: 'milenage',
    f1: (rand, sqn, amf) => out1(rand, sqn, amf).slice(0, 8),
    f1star: (rand, sqn, amf) => out1(rand, sqn, amf).slice(8),
    f2: rand => out(2, rand).slice(8),
    f3: rand => out(3, rand),
    f4: rand => out(4, rand),
    f5: rand => out(2, rand).slice(0, 6),
    f5star: rand => out(5, rand).slice(0, 6),
  }
}
