import type { DecodedCommand } from '../../apdu/command.ts'
import { respond } from '../../apdu/status.ts'

/** The result of a command, before the transmission protocol is applied. */
export interface Reply {
  readonly status: number
  readonly data?: Uint8Array
}

export const OK: Reply = { status: 0x9000 }

export type Protocol = 't0' | 't1'

const EMPTY = new Uint8Array(0)
/** SW2 has a maximum of 255; '00' means 256 or more. */
const countIn = (length: number): number => (length > 0xff ? 0 : length)

/**
 * Applies the transmission protocol and stores the rest for GET RESPONSE (TS 102 221 §7.3.1.1). T=0 announces response
 * data by 61xx and corrects Le by 6Cxx. T=1 returns data at once and announces the rest by 61xx. The next command
 * discards the rest.
 */
export const createResponses = (protocol: Protocol) => {
  let waiting: { channel: number; data: Uint8Array; status: number } | undefined

  const announce = (channel: number, data: Uint8Array, status: number, now: Uint8Array = EMPTY): Uint8Array => {
    waiting = { channel, data, status }
    return respond(0x6100 | countIn(data.length), now)
  }

  return {
    /** The response APDU for `reply`; `normalEnding` is 9000, or 91xx while a proactive command is pending. */
    shape(command: DecodedCommand, channel: number, reply: Reply, normalEnding: number): Uint8Array {
      waiting = undefined
      const { data = EMPTY } = reply
      const status = reply.status === 0x9000 ? normalEnding : reply.status
      if (data.length === 0) return respond(status)
      const { le } = command
      if (command.case === 2 && le !== undefined) {
        const isExact = le === data.length || (le === 0x100 && (protocol === 't1' || data.length > 0xff))
        if (!isExact && (protocol === 't0' || le < data.length)) return respond(0x6c00 | countIn(data.length))
      }
      if (le === undefined || (protocol === 't0' && command.case === 4)) return announce(channel, data, status)
      return le < data.length
        ? announce(channel, data.subarray(le), status, data.subarray(0, le))
        : respond(status, data)
    },

    /** GET RESPONSE. */
    next({ le = 0x100 }: DecodedCommand, channel: number): Uint8Array {
      if (waiting === undefined || waiting.channel !== channel) return respond(0x6985)
      const { data, status } = waiting
      if (le !== 0x100 && le > data.length) return respond(0x6c00 | countIn(data.length))
      if (le < data.length) return announce(channel, data.subarray(le), status, data.subarray(0, le))
      waiting = undefined
      return respond(status, data)
    },

    forget(): void {
      waiting = undefined
    },
  }
}
