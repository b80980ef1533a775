import type { Channel } from './channel.ts'
import { ApduError, type ApduErrorCode, isApduError } from './errors.ts'
import { hideSecrets, hideSecretsOfCommand } from './secrets.ts'

/**
 * A recorded conversation: JSON lines, the header first, then one line an exchange.
 *
 *     {"tape":1,"card":"sysmoEUICC1-C2T","date":"2026-11-22T22:00:00.000Z","rig":"desk","bench":"0.1.0"}
 *     {"command":"00a4040010…","response":"6f…9000"}
 *     {"command":"80e2910003bf2e00","error":"card-removed"}
 */
export interface TapeHeader {
  /** Which card: maker and model, or the software one with its version. */
  readonly card: string
  /** ISO 8601. */
  readonly date: string
  readonly rig: string
  /** Version of the bench that recorded it. */
  readonly bench: string
  /** Answer to reset, hexadecimal. */
  readonly atr?: string
}
export interface TapeExchange {
  /** Hexadecimal, lower case. PINs are zeros. */
  readonly command: string
  readonly response?: string
  readonly error?: ApduErrorCode
}
export interface Tape {
  readonly header: TapeHeader
  readonly exchanges: readonly TapeExchange[]
}

/** The same channel, its exchanges written to `sink` line by line, without PINs and keys ({@link hideSecrets}). */
export const record = (channel: Channel, header: TapeHeader, sink: (line: string) => void): Channel => {
  const withoutSecrets = hideSecrets()
  sink(JSON.stringify({ tape: 1, ...header }))
  const write = (command: Uint8Array, outcome: { response: Uint8Array } | { error: ApduErrorCode }): void => {
    const response = 'response' in outcome ? outcome.response : undefined
    const shown = withoutSecrets({ command, response })
    const line: TapeExchange = {
      command: hex(shown.command),
      ...('error' in outcome ? { error: outcome.error } : { response: hex(shown.response!) }),
    }
    sink(JSON.stringify(line))
  }
  return {
    transmit: async command => {
      try {
        const response = await channel.transmit(command)
        write(command, { response })
        return response
      } catch (error) {
        if (isApduError(error)) write(command, { error: error.code })
        throw error
      }
    },
  }
}

/** Reads a tape; an ApduError `bad-tape` names the line at fault. */
export const readTape = (text: string): Tape => {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const parsed = lines.map((line, index) => {
    try {
      return JSON.parse(line) as Record<string, unknown>
    } catch (cause) {
      throw new ApduError('bad-tape', `line ${index + 1} of the tape is not JSON`, { cause })
    }
  })
  const [header, ...exchanges] = parsed
  if (header?.tape !== 1) throw new ApduError('bad-tape', 'line 1 is not the header of a tape of version 1')
  for (const name of ['card', 'date', 'rig', 'bench'])
    if (typeof header[name] !== 'string') throw new ApduError('bad-tape', `the tape's header does not say: ${name}`)
  for (const [index, { command, response, error }] of exchanges.entries()) {
    const whole = isHex(command, 4) && (isHex(response, 2) ? error === undefined : typeof error === 'string')
    if (!whole) throw new ApduError('bad-tape', `line ${index + 2} of the tape is not an exchange`)
  }
  return { header: header as unknown as TapeHeader, exchanges: exchanges as unknown as TapeExchange[] }
}

export interface Replay extends Channel {
  /** Exchanges that nobody has asked for yet. */
  readonly left: number
}

/** A channel that answers from a tape: in the recorded order, and only what it was told. Anything else is `not-told`. */
export const replay = ({ exchanges }: Pick<Tape, 'exchanges'>): Replay => {
  const shown = (command: Uint8Array): string => hex(hideSecretsOfCommand(command))
  let at = 0
  return {
    get left() {
      return exchanges.length - at
    },
    transmit: async command => {
      const asked = shown(command)
      const next = exchanges[at]
      if (next === undefined) throw new ApduError('not-told', `the tape has ended; it was asked for ${asked}`)
      const expected = shown(unhex(next.command))
      if (expected !== asked)
        throw new ApduError(
          'not-told',
          `exchange ${at + 1} of the tape is the answer to ${expected}; it was asked for ${asked}`,
        )
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
