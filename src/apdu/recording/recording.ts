import type { Channel } from '../channel.ts'
import { ApduError, type ApduErrorCode, isApduError, isApduErrorCode } from '../errors.ts'
import type { CardEvent } from '../layers/record.ts'
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
/**
 * Hides what else is secret, in the terms of those who know what commands mean; it follows one conversation. What is
 * hidden keeps its length.
 */
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
  if (reset !== undefined)
    return command === undefined && (error === undefined || isApduErrorCode(error)) && (reset === '' || isHex(reset, 1))
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
      if (next.error !== undefined) throw new ApduError(next.error, `the tape recorded here: ${next.error}`)
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
