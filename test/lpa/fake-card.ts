import type { Channel } from '../../src/apdu/channel.ts'
import { decodeCommand } from '../../src/apdu/command.ts'
import { decodeClass } from '../../src/apdu/logical-channel.ts'
import { respond } from '../../src/apdu/status.ts'
import { concat, equalBytes, fromHex } from '../../src/asn1/bytes.ts'
import { decode, encode } from '../../src/asn1/schema.ts'
import type { Es10Function } from '../../src/rsp/interfaces/es10-function.ts'
import { ISD_R_AID } from '../../src/rsp/isdr.ts'

/** What the card does with one function: an answer, or a status word that says no. */
export interface Told {
  readonly tag: number
  readonly name: string
  answer(payload: Uint8Array): Uint8Array | number
}

/** The card answers `row` so; `answer` may throw nothing and see the request decoded. */
export const told = <Request, Response>(
  row: Es10Function<Request, Response>,
  answer: (request: Request) => Response | number,
): Told => ({
  tag: row.request.tags![0]!,
  name: row.name,
  answer: payload => {
    const response = answer(decode(row.request, payload))
    return typeof response === 'number' ? response : encode(row.response, response)
  },
})

export interface FakeCard extends Channel {
  /** Names of the functions called, segments of a package as `segment`. */
  readonly log: string[]
  /** Logical channels that are open now. */
  readonly open: Set<number>
  /** Length of a proactive command to announce with the next 9000 of a STORE DATA. */
  announce: number | undefined
}

/**
 * A card that is told what it can do, and refuses all else. `onSegment` takes what is no function of the table: the
 * segments of a package.
 */
export const fakeCard = (
  functions: readonly Told[],
  {
    onSegment,
    aid = ISD_R_AID,
    fci = fromHex('6f1b8410a0000005591010ffffffff8900000100a500e0058203020202'),
    channels = [],
    proactive,
  }: {
    onSegment?: (segment: Uint8Array) => Uint8Array | number
    aid?: Uint8Array
    fci?: Uint8Array
    /** Open from an earlier session; the card has three in all. */
    channels?: readonly number[]
    proactive?: (ins: number) => Uint8Array
  } = {},
): FakeCard => {
  const open = new Set(channels)
  const selected = new Set<number>()
  let blocks: Uint8Array[] = []
  const card: FakeCard = {
    log: [],
    open,
    announce: undefined,
    transmit: async bytes => {
      const { cla, ins, p1, p2, data } = decodeCommand(bytes)
      const { channel } = decodeClass(cla)
      if (ins === 0x70) return manage(p1, p2)
      if ((ins === 0x12 || ins === 0x14) && proactive) return proactive(ins)
      if (!open.has(channel)) return respond(0x6881)
      if (ins === 0xa4) {
        if (!equalBytes(data, aid)) return respond(0x6a82)
        selected.add(channel)
        return respond(0x9000, fci)
      }
      if (ins !== 0xe2 || !selected.has(channel)) return respond(0x6985)
      blocks = p2 === 0 ? [data] : [...blocks, data]
      return p1 === 0x11 ? respond(0x9000) : answer(concat(...blocks))
    },
  }
  const manage = (p1: number, p2: number): Uint8Array => {
    if (p1 === 0x80) {
      selected.delete(p2)
      return respond(open.delete(p2) ? 0x9000 : 0x6881)
    }
    const free = [1, 2, 3].find(number => !open.has(number))
    if (free === undefined) return respond(0x6a81)
    open.add(free)
    return respond(0x9000, Uint8Array.of(free))
  }
  const answer = (payload: Uint8Array): Uint8Array => {
    const known = functions.find(({ tag }) => tag === tagAt(payload))
    if (known === undefined && onSegment === undefined) return respond(0x6a88)
    card.log.push(known?.name ?? 'segment')
    const said = known === undefined ? onSegment!(payload) : known.answer(payload)
    if (typeof said === 'number') return respond(said)
    const { announce } = card
    card.announce = undefined
    return respond(announce === undefined ? 0x9000 : 0x9100 | announce, said)
  }
  return card
}

/** The first tag, also of a segment that is the beginning of an element only. */
const tagAt = ([first = 0, second = 0]: Uint8Array): number => ((first & 0x1f) === 0x1f ? (first << 8) | second : first)
