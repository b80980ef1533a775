import { ProfileError } from '../error.ts'
import { type AkaAlgorithm, expectLength } from './algorithm.ts'
import { permuteKeccak1600 } from './keccak.ts'

/** The parameters of an operator (TS 35.231 §6.1); lengths in bytes. `top` and `topc` exclude each other. */
export interface TuakParameters {
  readonly k: Uint8Array
  readonly topc?: Uint8Array
  readonly top?: Uint8Array
  /** The number of Keccak-f[1600] permutations in each call (TS 35.231 §7.2). */
  readonly numberOfKeccak?: number
  readonly macLength?: 8 | 16 | 32
  readonly resLength?: 4 | 8 | 16 | 32
  readonly ckLength?: 16 | 32
  readonly ikLength?: 16 | 32
}

const ALGORITHM_NAME = new TextEncoder().encode('TUAK1.0')
/** The first octet of the permutation input: the function and its lengths (TS 35.231 §6.2 to §6.5). */
const INSTANCE = { topc: 0x00, f1: 0x00, f1star: 0x80, f2to5: 0x40, f5star: 0xc0 }

interface Input {
  readonly top: Uint8Array
  readonly instance: number
  readonly k: Uint8Array
  readonly rand?: Uint8Array
  readonly sqn?: Uint8Array
  readonly amf?: Uint8Array
}

/** Runs the permutation. Input and output fields have reversed byte order (TS 35.231 §5: bit 0 is the last one). */
const permute = (input: Input, times: number): Uint8Array => {
  const state = new Uint8Array(200)
  const put = (field: Uint8Array | undefined, at: number): void => {
    if (field !== undefined) state.set(Uint8Array.from(field).reverse(), at)
  }
  put(input.top, 0)
  state[32] = input.instance
  put(ALGORITHM_NAME, 33)
  put(input.rand, 40)
  put(input.amf, 56)
  put(input.sqn, 58)
  put(input.k, 64)
  state[96] = 0x1f
  state[135] = 0x80
  for (let i = 0; i < times; i++) permuteKeccak1600(state)
  return state
}
const take = (state: Uint8Array, at: number, length: number): Uint8Array => state.slice(at, at + length).reverse()

/** Derives TOPc from the TOP of an operator for one subscriber (TS 35.231 §6.2). */
export const deriveTopc = (k: Uint8Array, top: Uint8Array, numberOfKeccak = 1): Uint8Array => {
  expectLength('K', k, 16, 32)
  expectLength('TOP', top, 32)
  const instance = INSTANCE.topc | (k.length === 32 ? 1 : 0)
  return take(permute({ top, instance, k }, numberOfKeccak), 0, 32)
}

/** TUAK (TS 35.231 §6), with keys of 128 or 256 bits. */
export const tuak = (parameters: TuakParameters): AkaAlgorithm => {
  const { k, numberOfKeccak = 1, macLength = 8, resLength = 8, ckLength = 16, ikLength = 16 } = parameters
  expectLength('K', k, 16, 32)
  if (!Number.isInteger(numberOfKeccak) || numberOfKeccak < 1 || numberOfKeccak > 255)
    throw new ProfileError('bad-parameter', `numberOfKeccak is ${numberOfKeccak}; 1 to 255 are allowed`)
  const topc = parameters.topc ?? deriveTopc(k, parameters.top ?? new Uint8Array(0), numberOfKeccak)
  expectLength('TOPc', topc, 32)

  const keyBit = k.length === 32 ? 1 : 0
  // 64, 128, 256 bits are coded 08, 10, 20, the length in bytes; a RES of 32 bits is coded 00.
  const macBits = macLength
  const resBits = resLength === 4 ? 0 : resLength
  const keysInstance = INSTANCE.f2to5 | resBits | (ckLength === 32 ? 4 : 0) | (ikLength === 32 ? 2 : 0) | keyBit

  const mac = (instance: number, rand: Uint8Array, sqn: Uint8Array, amf: Uint8Array): Uint8Array => {
    expectLength('RAND', rand, 16)
    expectLength('SQN', sqn, 6)
    expectLength('AMF', amf, 2)
    const input = { top: topc, instance: instance | macBits | keyBit, k, rand, sqn, amf }
    return take(permute(input, numberOfKeccak), 0, macLength)
  }
  const keys = (instance: number, rand: Uint8Array): Uint8Array => {
    expectLength('RAND', rand, 16)
    return permute({ top: topc, instance, k, rand }, numberOfKeccak)
  }
  return {
    name: 'tuak',
    f1: (rand, sqn, amf) => mac(INSTANCE.f1, rand, sqn, amf),
    f1star: (rand, sqn, amf) => mac(INSTANCE.f1star, rand, sqn, amf),
    f2: rand => take(keys(keysInstance, rand), 0, resLength),
    f3: rand => take(keys(keysInstance, rand), 32, ckLength),
    f4: rand => take(keys(keysInstance, rand), 64, ikLength),
    f5: rand => take(keys(keysInstance, rand), 96, 6),
    f5star: rand => take(keys(INSTANCE.f5star | keyBit, rand), 96, 6),
  }
}
