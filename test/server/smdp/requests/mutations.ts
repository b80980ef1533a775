import { ADDRESS } from '../smdp-fixture.ts'

/** Repeatable numbers of 32 bits (mulberry32): ten thousand requests need them faster than SHA-256 gives them. */
const numbers = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** A right message, from which wrong ones are made. */
export interface Model {
  readonly path: string
  /** The members of the JSON binding, or the whole message in the ASN.1 binding. */
  readonly message: Readonly<Record<string, unknown>> | Uint8Array
  readonly contentType?: string
}

/** What a request is wrong in. */
export const LEVELS = ['json', 'base64', 'der', 'body', 'header', 'http'] as const
export type Level = (typeof LEVELS)[number]

const DEEP = `${'['.repeat(2000)}${']'.repeat(2000)}`
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  ' ',
  'A',
  '0',
  '../../etc/passwd',
  "' OR 1=1 --",
  '%00\u0000\uffff',
  'toString',
  '\ud800',
  'é'.repeat(300),
  'F'.repeat(5000),
  [],
  [null],
  {},
  { toString: 1, length: -1 },
  ['a', { b: ['c'] }],
]
const NAMES = ['__proto__', 'constructor', 'header', 'toString', 'length', '', 'transactionId', 'iccid', 'x']
const TYPES = [
  '',
  'text/plain',
  'application/json; charset=utf-16',
  'application/jsonx',
  'APPLICATION/JSON',
  'multipart/form-data',
]
const PROTOCOLS = [
  '',
  'gsma/rsp/v2.2.2',
  'gsma/rsp/v2.9999999999.0',
  'gsma/rsp/v3.1.0',
  'gsma/rsp/v',
  'gsma/rsp2/v2.2.2',
  'x'.repeat(4000),
]
const PATHS = ['/', '//', '/x', '?x=1', '/%2e%2e/', '%00', '/../../gsma/rsp2/es9plus/cancelSession', '#']
const METHODS = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']
const NOISE = ['', '{', '{}', '[]', 'null', '"x"', '1', '{"header":{}}', '\ufeff{}', DEEP, '{"a":1,"a":2}', '\u0000']

/** Wrong requests out of right ones, the same for the same seed. */
export const createMutations = (seed: number) => {
  const next = numbers(seed)
  const below = (end: number): number => next() % end
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!

  /** Up to four edits: an octet changed, set to what lengths begin with, put in, taken out; cut off, repeated, moved. */
  const editBytes = (bytes: Uint8Array): Uint8Array => {
    let edited = Buffer.from(bytes)
    for (let edits = 1 + below(4); edits > 0 && edited.length > 0; edits -= 1) {
      const at = below(edited.length)
      const [head, tail] = [edited.subarray(0, at), edited.subarray(at)]
      const kind = below(8)
      if (kind <= 1) edited[at]! ^= 1 << below(8)
      else if (kind === 2) edited[at] = pick([0x00, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff])
      else if (kind === 3) edited = Buffer.concat([head, Buffer.of(below(256)), tail])
      else if (kind === 4) edited = Buffer.concat([head, tail.subarray(1 + below(4))])
      else if (kind === 5) edited = Buffer.from(head)
      else if (kind === 6) edited = Buffer.concat([head, tail, tail.subarray(0, 1 + below(64))])
      else edited = Buffer.concat([tail, head])
    }
    return edited
  }
  const editText = (text: string): string => {
    const at = below(text.length + 1)
    const put = pick(['=', '-', '_', ' ', '\n', '%', 'é', 'A', '\u0000', '===='])
    return pick([
      text.slice(0, at),
      text.slice(at),
      text.slice(0, at) + put + text.slice(at),
      text + put,
      `${text}${text}`,
    ])
  }
  const isBinary = (value: unknown): value is string =>
    typeof value === 'string' && /^[A-Za-z0-9+/]{24,}={0,2}$/.test(value)

  const editMessage = (message: Readonly<Record<string, unknown>>, level: Level): string => {
    const members = Object.keys(message)
    const edited: Record<string, unknown> = { ...message }
    const name = pick(members)
    const value = message[name]
    if (level === 'der' || level === 'base64') {
      const binary = members.filter(member => isBinary(message[member]))
      if (binary.length > 0) {
        const member = pick(binary)
        const text = message[member] as string
        edited[member] =
          level === 'base64' ? editText(text) : Buffer.from(editBytes(Buffer.from(text, 'base64'))).toString('base64')
      } else if (typeof value === 'string') edited[name] = editText(value)
      else edited[name] = pick(VALUES)
      return JSON.stringify(edited)
    }
    for (let edits = 1 + below(3); edits > 0; edits -= 1) {
      const member = pick(members)
      const kind = below(5)
      if (kind === 0) delete edited[member]
      else if (kind === 1) edited[member] = pick(VALUES)
      else if (kind === 2) edited[member] = message[pick(members)]
      else if (kind === 3)
        Object.defineProperty(edited, pick(NAMES), {
          value: pick(VALUES),
          enumerable: true,
          configurable: true,
          writable: true,
        })
      else if (typeof edited[member] === 'string') edited[member] = editText(edited[member])
      else if (typeof edited[member] === 'object' && edited[member] !== null)
        edited[member] = { ...edited[member], [pick([...Object.keys(edited[member]), ...NAMES])]: pick(VALUES) }
    }
    return JSON.stringify(edited)
  }

  const request = ({ path, message, contentType = 'application/json' }: Model, level: Level): Request => {
    const whole = message instanceof Uint8Array
    const headers: Record<string, string> = { 'X-Admin-Protocol': 'gsma/rsp/v2.2.2', 'Content-Type': contentType }
    let body: string | Uint8Array = whole ? message : JSON.stringify(message)
    let target = path
    let method = 'POST'
    if (level === 'header') {
      const name = pick(Object.keys(headers))
      if (below(4) === 0) delete headers[name]
      else headers[name] = pick(name === 'Content-Type' ? TYPES : PROTOCOLS)
    } else if (level === 'http') {
      if (below(2) === 0) method = pick(METHODS)
      else target = below(2) === 0 ? path + pick(PATHS) : path.slice(0, below(path.length)) || '/'
    } else if (level === 'body') {
      const bytes = Buffer.from(body)
      body = below(3) === 0 ? pick(NOISE) : below(2) === 0 ? bytes.subarray(0, below(bytes.length)) : editBytes(bytes)
    } else body = whole ? editBytes(message) : editMessage(message, level)
    return new Request(`https://${ADDRESS}${target}`, {
      method,
      headers,
      ...(method !== 'GET' && method !== 'HEAD' && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    })
  }
  return { request, pick, below }
}
