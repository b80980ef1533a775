/**
 * APDU JSON, one object in a line: lpac's protocol to a program that owns a card (`docs/backends/stdio.md` of lpac).
 * The LPA side sends questions, the card side sends exactly one answer to each.
 *
 *     {"type":"apdu","payload":{"func":"connect","param":null}}               {"type":"apdu","payload":{"ecode":0}}
 *     {"type":"apdu","payload":{"func":"logic_channel_open","param":"a0…"}}   {"type":"apdu","payload":{"ecode":1}}
 *     {"type":"apdu","payload":{"func":"transmit","param":"81e291…"}}         {"type":"apdu","payload":{"ecode":0,"data":"…9000"}}
 *     {"type":"apdu","payload":{"func":"logic_channel_close","param":"01"}}   {"type":"apdu","payload":{"ecode":0}}
 *     {"type":"apdu","payload":{"func":"disconnect","param":null}}            {"type":"apdu","payload":{"ecode":0}}
 *
 * `ecode` below 0 is a failure. For `logic_channel_open`, `ecode` is the logical channel for the class byte.
 */
export const APDU_FUNCTIONS = [
  'connect',
  'disconnect',
  'logic_channel_open',
  'logic_channel_close',
  'transmit',
] as const
export type ApduFunction = (typeof APDU_FUNCTIONS)[number]

export interface ApduQuestion {
  readonly func: ApduFunction
  readonly param: Uint8Array | null
}
export interface ApduAnswer {
  readonly ecode: number
  readonly data: Uint8Array
}

/** Longer than any question or answer: an extended response has 65538 bytes. */
export const LONGEST_LINE = 1 << 18

/** The object of a line with its `type`; undefined if the line is not a JSON object. */
export const readObject = (line: string): { readonly type: unknown; readonly payload: unknown } | undefined => {
  try {
    const value: unknown = JSON.parse(line)
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
    const { type, payload } = value as { type?: unknown; payload?: unknown }
    return { type, payload }
  } catch {
    return undefined
  }
}

export const encodeQuestion = ({ func, param }: ApduQuestion): string =>
  JSON.stringify({ type: 'apdu', payload: { func, param: param === null ? null : toHex(param) } })

export const encodeAnswer = ({ ecode, data }: ApduAnswer): string =>
  JSON.stringify({ type: 'apdu', payload: { ecode, ...(data.length > 0 ? { data: toHex(data) } : {}) } })

/** Undefined if the line is not a question. An empty parameter means no parameter. */
export const readQuestion = (line: string): ApduQuestion | undefined => {
  const payload = payloadOf(line)
  const func = APDU_FUNCTIONS.find(known => known === payload?.func)
  const param = payload?.param ?? ''
  const bytes = fromHex(param)
  if (func === undefined || bytes === undefined) return undefined
  return { func, param: bytes.length === 0 ? null : bytes }
}

/** Undefined if the line is not an answer. */
export const readAnswerLine = (line: string): ApduAnswer | undefined => {
  const payload = payloadOf(line)
  const ecode = payload?.ecode
  const data = fromHex(payload?.data ?? '')
  if (typeof ecode !== 'number' || !Number.isSafeInteger(ecode) || data === undefined) return undefined
  return { ecode, data }
}

const payloadOf = (line: string): Record<string, unknown> | undefined => {
  const read = readObject(line)
  if (read?.type !== 'apdu' || read.payload === null || typeof read.payload !== 'object') return undefined
  return read.payload as Record<string, unknown>
}

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const fromHex = (text: unknown): Uint8Array | undefined =>
  typeof text === 'string' && /^([0-9a-f]{2})*$/i.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : undefined
