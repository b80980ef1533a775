import type { Card, Channel } from '../channel.ts'
import { ApduError, type ApduErrorCode, isApduError, isApduErrorCode } from '../errors.ts'
import { hideSecrets, hideSecretsOfCommand } from './secrets.ts'

/**
 * A recorded conversation: JSON lines, the header first, then one line an exchange, and one a reset of the card.
 *
 *     {"tape":1,"card":"sysmoEUICC1-C2T","date":"2026-11-22T22:00:00.000Z","rig":"desk","bench":"0.1.0"}
 *     {"command":"00a4040010…","response":"6f…9000"}
 *     {"command":"80e2910003bf2e00","error":"card-removed"}
 *     {"reset":"3b9f…"}
 */
export interface RecordingHeader {
  /** Which card: maker and model, or the software one with its version. */
  readonly card: string
  /** ISO 8601. */
  readonly date: string
  readonly rig: string
  /** Version of the bench that recorded it. */
  readonly bench: string
  /** Answer to reset, hexadecimal. */
  readonly atr?: string
  /** What was recorded; a tape never becomes more than that. */
  readonly subject?: 'software' | 'hardware'
  /** EID, ICCIDs and IMSIs are not the card's own. */
  readonly redacted?: boolean
}
export interface RecordedExchange {
  /** Hexadecimal, lower case. PINs are zeros. */
  readonly command: string
  readonly response?: string
  readonly error?: ApduErrorCode
}
/** The card was reset, and answered with this ATR (hexadecimal, empty where the way hides it). */
export interface RecordedReset {
  readonly reset: string
}
export type RecordingEntry = RecordedExchange | RecordedReset
export interface Recording {
  readonly header: RecordingHeader
  readonly exchanges: readonly RecordingEntry[]
}

interface Seen {
  readonly command: Uint8Array
  readonly response?: Uint8Array | undefined
}
/**
 * Hides what else is secret, in the terms of those who know what commands mean; it follows one conversation. What is
 * hidden keeps its length.
 */
export type HideMore = () => (exchange: Seen) => Seen
const hideNothing: HideMore = () => exchange => exchange

/** The same channel, its exchanges written to `sink` line by line, without PINs and keys ({@link hideSecrets}). */
export const record = (
  channel: Channel,
  header: RecordingHeader,
  sink: (line: string) => void,
  hideMore: HideMore = hideNothing,
): Channel => {
  sink(encodeHeader(header))
  return createRecorder(entry => sink(JSON.stringify(entry)), hideMore)(channel)
}

export const encodeHeader = (header: RecordingHeader): string => JSON.stringify({ tape: 1, ...header })

/** The same card, whatever is done on it told to `sink`. */
export const recordCard = (
  card: Card,
  sink: (entry: RecordingEntry) => void,
  hideMore: HideMore = hideNothing,
): Card => {
  const recorded = createRecorder(sink, hideMore)
  return {
    get atr() {
      return card.atr
    },
    async reset() {
      const atr = await card.reset()
      sink({ reset: hex(atr) })
      return atr
    },
    exclusive: procedure => card.exclusive(channel => procedure(recorded(channel))),
    close: () => card.close(),
  }
}

/** One conversation, whichever channels to the card it goes over one after another. */
const createRecorder = (sink: (entry: RecordingEntry) => void, hideMore: HideMore): ((channel: Channel) => Channel) => {
  const hideKnown = hideSecrets()
  const hide = hideMore()
  const write = (seen: Seen, error?: ApduErrorCode): void => {
    const { command, response } = hide(hideKnown(seen))
    sink({ command: hex(command), ...(response === undefined ? { error: error! } : { response: hex(response) }) })
  }
  return channel => ({
    transmit: async command => {
      let response: Uint8Array
      try {
        response = await channel.transmit(command)
      } catch (error) {
        if (isApduError(error)) write({ command }, error.code)
        throw error
      }
      write({ command, response })
      return response
    },
  })
}

/** Reads a tape; an ApduError `bad-tape` names the line at fault. */
export const readRecording = (text: string): Recording => {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const parsed = lines.map((line, index) => {
    try {
      const value: unknown = JSON.parse(line)
      if (value === null || typeof value !== 'object') throw new SyntaxError('not an object')
      return value as Record<string, unknown>
    } catch (cause) {
      throw new ApduError('invalid-recording', `line ${index + 1} of the tape is not a JSON object`, { cause })
    }
  })
  const [header, ...exchanges] = parsed
  if (header === undefined) throw new ApduError('invalid-recording', 'the tape is empty')
  if (typeof header.tape === 'number' && header.tape > 1)
    throw new ApduError(
      'invalid-recording',
      `the tape is of version ${header.tape}, and this bench reads version 1; update esim-bench`,
    )
  if (header.tape !== 1) throw new ApduError('invalid-recording', 'line 1 is not the header of a tape of version 1')
  for (const name of ['card', 'date', 'rig', 'bench'])
    if (typeof header[name] !== 'string')
      throw new ApduError('invalid-recording', `the tape's header does not say: ${name}`)
  if (header.atr !== undefined && header.atr !== '' && !isHex(header.atr, 1))
    throw new ApduError('invalid-recording', "the ATR in the tape's header is not hexadecimal")
  for (const [index, entry] of exchanges.entries())
    if (!isEntry(entry)) throw new ApduError('invalid-recording', `line ${index + 2} of the tape is not an exchange`)
  return { header: header as unknown as RecordingHeader, exchanges: exchanges as unknown as RecordingEntry[] }
}

const isEntry = ({ command, response, error, reset }: Record<string, unknown>): boolean => {
  if (reset !== undefined) return command === undefined && (reset === '' || isHex(reset, 1))
  return isHex(command, 4) && (isHex(response, 2) ? error === undefined : isApduErrorCode(error))
}

export interface Replay extends Channel {
  /** Exchanges that nobody has asked for yet. */
  readonly left: number
  /** Resets the card on the tape; resolves with its ATR. */
  reset(): Promise<Uint8Array>
}

/**
 * A channel that answers from a tape: in the recorded order, and only what it was told. Anything else is `not-told`, in
 * a sentence that names the exchange, what was recorded there, and what was asked.
 */
export const replay = ({ exchanges }: Pick<Recording, 'exchanges'>, hideMore: HideMore = hideNothing): Replay => {
  const hide = hideMore()
  // The tape went through the same, so it follows what was asked alone.
  const shown = (command: Uint8Array): string => hex(hide({ command: hideSecretsOfCommand(command) }).command)
  let at = 0
  const refuse = (asked: string): never => {
    const next = exchanges[at]
    if (next === undefined)
      throw new ApduError(
        'recording-exhausted',
        `the tape has ended after ${exchanges.length} exchanges; got: ${asked}`,
      )
    const expected = 'reset' in next ? 'a reset of the card' : next.command
    throw new ApduError('recording-exhausted', `exchange ${at + 1} of the tape: expected: ${expected}; got: ${asked}`)
  }
  return {
    get left() {
      return exchanges.length - at
    },
    reset: async () => {
      const next = exchanges[at]
      if (next === undefined || !('reset' in next)) return refuse('a reset of the card')
      at++
      return unhex(next.reset)
    },
    transmit: async command => {
      const next = exchanges[at]
      if (next === undefined || 'reset' in next) return refuse(hex(hideSecretsOfCommand(command)))
      const asked = shown(command)
      if (hex(hideSecretsOfCommand(unhex(next.command))) !== asked) return refuse(asked)
      at++
      if (next.error !== undefined) throw new ApduError(next.error, `the tape recorded here: ${next.error}`)
      return unhex(next.response!)
    },
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const isHex = (value: unknown, bytes: number): boolean =>
  typeof value === 'string' && /^([0-9a-f]{2})+$/.test(value) && value.length >= 2 * bytes
