import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

/** Recorded calls of node:crypto with their arguments. They can be replayed without the code that made them. */
export interface CryptoRecording {
  /** How often each function was called. */
  readonly counts: ReadonlyMap<string, number>
  /** Input bytes of ciphers. */
  readonly cipherBytes: number
  replay(): void
}

type Mutable = Record<string, (...args: never[]) => unknown>

/** Copies arguments, because the recorded code overwrites keys and buffers after use. */
const copy = <T>(value: T): T => {
  if (value instanceof Uint8Array) return Uint8Array.from(value) as T
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner)])) as T
  return value
}

/** Functions that complete in one call. */
const WHOLE = ['sign', 'verify', 'createPublicKey', 'createPrivateKey', 'diffieHellman', 'generateKeyPairSync']
/** Functions that return an object, with the methods to record. */
const OBJECTS: Readonly<Record<string, readonly string[]>> = {
  createHash: ['update', 'digest'],
  createHmac: ['update', 'digest'],
  createCipheriv: ['setAutoPadding', 'update', 'final'],
  createDecipheriv: ['setAutoPadding', 'update', 'final'],
  createECDH: ['setPrivateKey', 'generateKeys', 'computeSecret', 'getPublicKey'],
}

/** Runs `work` and records its calls of node:crypto. No other code may call node:crypto at the same time. */
export const recordCrypto = async (work: () => Promise<unknown>): Promise<CryptoRecording> => {
  const calls: (() => void)[] = []
  const counts = new Map<string, number>()
  let cipherBytes = 0
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
  const table = crypto as unknown as Mutable
  const originals = new Map<string, (...args: never[]) => unknown>()

  const recordWhole = (name: string): void => {
    const original = table[name]!
    table[name] = (...args) => {
      count(name)
      const kept = args.map(copy) as never[]
      calls.push(() => void original(...kept))
      return original(...args)
    }
  }
  const recordObject = (name: string, methods: readonly string[]): void => {
    const original = table[name]!
    table[name] = (...args) => {
      count(name)
      const kept = args.map(copy) as never[]
      const object = original(...args) as Mutable
      let replayed: Mutable
      calls.push(() => {
        replayed = original(...kept) as Mutable
      })
      for (const method of methods) {
        const inner = object[method]?.bind(object)
        if (!inner) continue
        object[method] = (...given) => {
          const keptArguments = given.map(copy) as never[]
          if (method === 'update' && name.endsWith('cipheriv'))
            cipherBytes += (given as readonly unknown[] as readonly Uint8Array[])[0]!.length
          calls.push(() => void replayed[method]!(...keptArguments))
          return inner(...given)
        }
      }
      return object
    }
  }

  for (const name of [...WHOLE, ...Object.keys(OBJECTS)]) originals.set(name, table[name]!)
  for (const name of WHOLE) recordWhole(name)
  for (const [name, methods] of Object.entries(OBJECTS)) recordObject(name, methods)
  syncBuiltinESMExports()
  try {
    await work()
  } finally {
    for (const [name, original] of originals) table[name] = original
    syncBuiltinESMExports()
  }
  return {
    counts,
    cipherBytes,
    replay() {
      for (const call of calls) call()
    },
  }
}
