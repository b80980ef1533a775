import type { Channel } from '../channel.ts'
import { ApduError, type ApduErrorCode, isApduError, isApduErrorCode } from '../errors.ts'
import type { CardEvent } from '../layers/record.ts'
import { hideSecrets, hideSecretsOfCommand } from './secrets.ts'

/**
 * A recorded session with a card as JSON lines: the header, then one line for each exchange or reset.
 *
 *     {"tape":1,"card":"sysmoEUICC1-C2T","date":"2026-11-22T22:00:00.000Z","rig":"desk","bench":"0.1.0"}
 *     {"command":"00a4040010…","response":"6f…9000"}
 *     {"command":"80e2910003bf2e00","error":"card-removed"}
 *     {"reset":"3b9f…"}
 */
export interface RecordingHeader {
  /** The card: manufacturer and model, or the software eUICC with its version. */
  readonly card: string
  /** ISO 8601. */
  readonly date: string
  readonly rig: string
  /** The version of the bench that made the recording. */
  readonly bench: string
  /** Answer to reset, hexadecimal. */
  readonly atr?: string
  /** The kind of card. A replay has the same subject. */
  readonly subject?: 'software' | 'hardware'
  /** EID, ICCIDs and IMSIs are replaced. */
  readonly redacted?: boolean
}
export interface RecordedExchange {
  /** Hexadecimal, lower case. The bytes of a PIN are zeros. */
  readonly command: string
  readonly response?: string
  readonly error?: ApduErrorCode
}
/** A reset of the card with its ATR (hexadecimal; empty if the link hides it). */
export interface RecordedReset {
  readonly reset: string
  /** Present if the reset failed. */
  readonly error?: ApduErrorCode
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
/** Creates a filter that hides further secrets of one session. Hidden bytes keep their length. */
export type HideMore = () => (exchange: Seen) => Seen
const hideNothing: HideMore = () => exchange => exchange

export const encodeRecordingHeader = (header: RecordingHeader): string => JSON.stringify({ tape: 1, ...header })

/** The lines of a recording. */
export const encodeRecording = ({ header, exchanges }: Recording): string[] => [
  encodeRecordingHeader(header),
  ...exchanges.map(entry => JSON.stringify(entry)),
]

/**
 * Converts the events of one session to entries, without PINs and keys ({@link hideSecrets}). The opening has no entry:
 * its ATR is in the header. An error without a code has none either, because a replay could not repeat it.
 */
export const createEntryEncoder = (
  hideMore: HideMore = hideNothing,
): ((event: CardEvent) => RecordingEntry | undefined) => {
  const hideKnown = hideSecrets()
  const hide = hideMore()
  return event => {
    const failure = isApduError(event.error) ? { error: event.error.code } : undefined
    if (event.kind === 'reset') {
      if (event.reason === 'open') return undefined
      return event.atr === undefined ? failure && { reset: '', ...failure } : { reset: hex(event.atr) }
    }
    const shown = hide(hideKnown(event))
    const command = hex(shown.command)
    return shown.response === undefined
      ? failure && { command, ...failure }
      : { command, response: hex(shown.response) }
  }
}

/** Parses a recording. Throws an ApduError `invalid-recording` that names the line. */
export const readRecording = (text: string): Recording => {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const parsed = lines.map((line, index) => {
    try {
      const value: unknown = JSON.parse(line)
      if (value === null || typeof value !== 'object') throw new SyntaxError('not an object')
      return value as Record<string, unknown>
    } catch (cause) {
      throw new ApduError('invalid-recording', `line ${index + 1} of the recording is not a JSON object`, { cause })
    }
  })
  const [header, ...exchanges] = parsed
  if (header === undefined) throw new ApduError('invalid-recording', 'the recording is empty')
  if (typeof header.tape === 'number' && header.tape > 1)
    throw new ApduError(
      'invalid-recording',
      `the recording has version ${header.tape}, but this bench reads version 1. Update esim-bench`,
    )
  if (header.tape !== 1)
    throw new ApduError('invalid-recording', 'line 1 is not the header of a recording of version 1')
  for (const name of ['card', 'date', 'rig', 'bench'])
    if (typeof header[name] !== 'string')
      throw new ApduError('invalid-recording', `the header of the recording has no member "${name}"`)
  if (header.atr !== undefined && header.atr !== '' && !isHex(header.atr, 1))
    throw new ApduError('invalid-recording', 'the ATR in the header of the recording is not hexadecimal')
  for (const [index, entry] of exchanges.entries())
    if (!isEntry(entry))
      throw new ApduError('invalid-recording', `line ${index + 2} of the recording is not an exchange`)
  return { header: header as unknown as RecordingHeader, exchanges: exchanges as unknown as RecordingEntry[] }
}

const isEntry = ({ command, response, error, reset }: Record<string, unknown>): boolean => {
  if (reset !== undefined)
    return command === undefined && (error === undefined || isApduErrorCode(error)) && (reset === '' || isHex(reset, 1))
  return isHex(command, 4) && (isHex(response, 2) ? error === undefined : isApduErrorCode(error))
}

export interface Replay extends Channel {
  /** Entries that were not replayed yet. */
  readonly left: number
  /** Replays a reset and returns its ATR. */
  reset(): Promise<Uint8Array>
}

/**
 * A channel that replays a recording in its order. Another command rejects with an ApduError `recording-exhausted` that
 * names the exchange, the recorded command and the command received.
 */
export const replay = ({ exchanges }: Pick<Recording, 'exchanges'>, hideMore: HideMore = hideNothing): Replay => {
  const hide = hideMore()
  // The recorded commands went through the same filter.
  const hidden = (command: Uint8Array): string => hex(hide({ command: hideSecretsOfCommand(command) }).command)
  let at = 0
  const refuse = (asked: string): never => {
    const next = exchanges[at]
    if (next === undefined)
      throw new ApduError(
        'recording-exhausted',
        `the recording ends after ${exchanges.length} exchanges; received: ${asked}`,
      )
    const expected = 'reset' in next ? 'a reset of the card' : next.command
    throw new ApduError(
      'recording-exhausted',
      `exchange ${at + 1} of the recording: expected: ${expected}; received: ${asked}`,
    )
  }
  return {
    get left() {
      return exchanges.length - at
    },
    reset: async () => {
      const next = exchanges[at]
      if (next === undefined || !('reset' in next)) return refuse('a reset of the card')
      at++
      if (next.error !== undefined)
        throw new ApduError(next.error, `the recording contains the error ${next.error} here`)
      return unhex(next.reset)
    },
    transmit: async command => {
      const next = exchanges[at]
      if (next === undefined || 'reset' in next) return refuse(hex(hideSecretsOfCommand(command)))
      const asked = hidden(command)
      if (hex(hideSecretsOfCommand(unhex(next.command))) !== asked) return refuse(asked)
      at++
      if (next.error !== undefined)
        throw new ApduError(next.error, `the recording contains the error ${next.error} here`)
      return unhex(next.response!)
    },
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const isHex = (value: unknown, bytes: number): boolean =>
  typeof value === 'string' && /^([0-9a-f]{2})+$/.test(value) && value.length >= 2 * bytes
