import { channelOf } from '../../apdu/logical-channel.ts'
import { equalBytes, toHex } from '../../asn1/bytes.ts'
import { accepts, decode, type Schema } from '../../asn1/schema.ts'
import { readTlv } from '../../asn1/tlv.ts'
import type { Es10Function } from '../../rsp/es10-function.ts'
import { ES10a } from '../../rsp/es10a.ts'
import { ES10b } from '../../rsp/es10b.ts'
import { ES10c } from '../../rsp/es10c.ts'
import { ECASD_AID, ISD_R_AID } from '../../rsp/isdr.ts'
import type { Decoded } from '../events.ts'
import { toDecoded } from './decoded.ts'

/** ISO 7816-4 and TS 102 221 table 10.5. */
const INSTRUCTIONS: Readonly<Record<number, string>> = {
  4: 'DEACTIVATE FILE',
  16: 'TERMINAL PROFILE',
  18: 'FETCH',
  20: 'TERMINAL RESPONSE',
  32: 'VERIFY PIN',
  36: 'CHANGE PIN',
  38: 'DISABLE PIN',
  40: 'ENABLE PIN',
  44: 'UNBLOCK PIN',
  68: 'ACTIVATE FILE',
  112: 'MANAGE CHANNEL',
  132: 'GET CHALLENGE',
  136: 'AUTHENTICATE',
  162: 'SEARCH RECORD',
  164: 'SELECT',
  170: 'TERMINAL CAPABILITY',
  176: 'READ BINARY',
  178: 'READ RECORD',
  192: 'GET RESPONSE',
  194: 'ENVELOPE',
  202: 'GET DATA',
  203: 'RETRIEVE DATA',
  214: 'UPDATE BINARY',
  220: 'UPDATE RECORD',
  226: 'STORE DATA',
  242: 'STATUS',
}
const STORE_DATA = 0xe2
const GET_RESPONSE = 0xc0
const SELECT = 0xa4
const MANAGE_CHANNEL = 0x70
const MORE_BLOCKS = 0x11

/** TS 102 221 §13, TS 31.102 §4: files a reader of a trace knows by name. */
const FILES: Readonly<Record<string, string>> = {
  '3f00': 'MF',
  '2f00': 'EF.DIR',
  '2fe2': 'EF.ICCID',
  '6f07': 'EF.IMSI',
  '6f46': 'EF.SPN',
  '6fad': 'EF.AD',
  '7fff': 'the current ADF',
}
const APPLICATIONS: readonly (readonly [string, Uint8Array])[] = [
  ['ISD-R', ISD_R_AID],
  ['ECASD', ECASD_AID],
  ['ADF.USIM', Uint8Array.of(0xa0, 0, 0, 0, 0x87, 0x10, 0x02)],
  ['ADF.ISIM', Uint8Array.of(0xa0, 0, 0, 0, 0x87, 0x10, 0x04)],
]

type Row = Es10Function<unknown, unknown>
const rows = [ES10a, ES10b, ES10c].flatMap(table => Object.values(table) as unknown as Row[])
/** A row whose request has no tag of its own is one that takes parts of a message. */
const openRow = rows.find(row => row.request.tags === undefined)

const rowOf = (payload: Uint8Array): Row | undefined => {
  let tag: number | undefined
  try {
    tag = readTlv(payload).tag
  } catch {
    // The first block of a part that is longer than itself: its tag stands whole in front all the same.
    tag = (payload[0]! & 0x1f) === 0x1f ? payload[0]! * 256 + (payload[1] ?? 0) : payload[0]
  }
  return rows.find(row => row.request.tags !== undefined && accepts(row.request, tag!)) ?? openRow
}

const tryDecode = (schema: Schema<unknown>, bytes: Uint8Array): Decoded | undefined => {
  try {
    return toDecoded(decode(schema, bytes))
  } catch {
    return undefined
  }
}

export interface ReadExchange {
  readonly label: string
  readonly decoded?: { readonly request?: Decoded; readonly response?: Decoded }
}

interface Conversation {
  /** STORE DATA blocks of the message that is being sent. */
  blocks: Uint8Array[]
  /** What has come of the response to it. */
  answer: Uint8Array[]
  row: Row | undefined
  request: Uint8Array | undefined
  isIsdr: boolean
}

/** Follows a conversation with a card, and says of each exchange what it is, and what was said where a message is complete. */
export const createCardReader = (): ((command: Uint8Array, response: Uint8Array | undefined) => ReadExchange) => {
  const conversations = new Map<number, Conversation>()
  const conversationOn = (channel: number): Conversation => {
    const known = conversations.get(channel) ?? {
      blocks: [],
      answer: [],
      row: undefined,
      request: undefined,
      isIsdr: false,
    }
    conversations.set(channel, known)
    return known
  }

  const readStoreData = (on: Conversation, command: Uint8Array): string => {
    const isMore = command[2] === MORE_BLOCKS
    const block = command[3] ?? 0
    if (block === 0) {
      on.blocks = []
      on.answer = []
      on.request = undefined
      on.row = undefined
    }
    on.blocks.push(command.subarray(5, 5 + (command[4] ?? 0)))
    if (block === 0) on.row = rowOf(on.blocks[0]!)
    if (!isMore) on.request = Buffer.concat(on.blocks)
    const part = isMore || block > 0 ? `, block ${block + 1}` : ''
    return on.row ? `${on.row.interface}.${on.row.name}${part}` : `STORE DATA${part}`
  }

  const readSelect = (on: Conversation, command: Uint8Array): string => {
    const data = command.subarray(5, 5 + (command[4] ?? 0))
    on.isIsdr = false
    if (command[2] === 0x04) {
      const found = APPLICATIONS.find(([, aid]) => equalBytes(data.subarray(0, aid.length), aid))
      on.isIsdr = found?.[0] === 'ISD-R'
      return `SELECT ${found?.[0] ?? `AID ${toHex(data).toUpperCase()}`}`
    }
    const id = toHex(data)
    return `SELECT ${FILES[id] ?? id.toUpperCase()}`
  }

  return (command, response) => {
    const ins = command[1] ?? 0
    let channel = 0
    try {
      channel = channelOf(command[0] ?? 0)
    } catch {
      // Not a class byte; the card will say so.
    }
    const on = conversationOn(channel)
    const on0 = channel === 0 ? '' : ` [${channel}]`
    if (ins === STORE_DATA || (ins === GET_RESPONSE && on.request !== undefined)) {
      const label =
        ins === STORE_DATA ? readStoreData(on, command) : `GET RESPONSE ${on.row?.interface}.${on.row?.name}`
      if (response) on.answer.push(response.subarray(0, -2))
      const isWhole = on.request !== undefined && response !== undefined && response.at(-2) !== 0x61
      if (!isWhole || !on.row) return { label: label + on0 }
      const request = on.row === openRow ? undefined : tryDecode(on.row.request, on.request!)
      const answer = Buffer.concat(on.answer)
      const answered = answer.length > 0 ? tryDecode(on.row.response, answer) : undefined
      on.request = undefined
      return {
        label: label + on0,
        ...(request !== undefined || answered !== undefined
          ? {
              decoded: {
                ...(request !== undefined ? { request } : {}),
                ...(answered !== undefined ? { response: answered } : {}),
              },
            }
          : {}),
      }
    }
    if (ins !== GET_RESPONSE) on.request = undefined
    if (ins === SELECT) return { label: readSelect(on, command) + on0 }
    if (ins === MANAGE_CHANNEL)
      return { label: `MANAGE CHANNEL ${command[2] === 0x80 ? `close ${command[3]}` : 'open'}` }
    return { label: (INSTRUCTIONS[ins] ?? `INS ${toHex(Uint8Array.of(ins)).toUpperCase()}`) + on0 }
  }
}
