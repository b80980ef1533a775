import { getLogicalChannel } from '../../apdu/logical-channel.ts'
import { equalBytes, toHex } from '../../asn1/bytes.ts'
import { accepts, decode, type Schema } from '../../asn1/schema.ts'
import { readTlv } from '../../asn1/tlv.ts'
import type { Es10Function } from '../../rsp/interfaces/es10-function.ts'
import { ES10a } from '../../rsp/interfaces/es10a.ts'
import { ES10b } from '../../rsp/interfaces/es10b.ts'
import { ES10c } from '../../rsp/interfaces/es10c.ts'
import { ECASD_AID, ISD_R_AID } from '../../rsp/isdr.ts'
import type { Decoded } from '../events.ts'
import { toDecoded } from './decoded.ts'

/** ISO 7816-4 and TS 102 221 table 10.5. */
const INSTRUCTIONS: ReadonlyMap<number, string> = new Map([
  [0x04, 'DEACTIVATE FILE'],
  [0x10, 'TERMINAL PROFILE'],
  [0x12, 'FETCH'],
  [0x14, 'TERMINAL RESPONSE'],
  [0x20, 'VERIFY PIN'],
  [0x24, 'CHANGE PIN'],
  [0x26, 'DISABLE PIN'],
  [0x28, 'ENABLE PIN'],
  [0x2c, 'UNBLOCK PIN'],
  [0x44, 'ACTIVATE FILE'],
  [0x70, 'MANAGE CHANNEL'],
  [0x84, 'GET CHALLENGE'],
  [0x88, 'AUTHENTICATE'],
  [0xa2, 'SEARCH RECORD'],
  [0xa4, 'SELECT'],
  [0xaa, 'TERMINAL CAPABILITY'],
  [0xb0, 'READ BINARY'],
  [0xb2, 'READ RECORD'],
  [0xc0, 'GET RESPONSE'],
  [0xc2, 'ENVELOPE'],
  [0xca, 'GET DATA'],
  [0xcb, 'RETRIEVE DATA'],
  [0xd6, 'UPDATE BINARY'],
  [0xdc, 'UPDATE RECORD'],
  [0xe2, 'STORE DATA'],
  [0xf2, 'STATUS'],
])
const STORE_DATA = 0xe2
const GET_RESPONSE = 0xc0
const SELECT = 0xa4
const MANAGE_CHANNEL = 0x70
const MORE_BLOCKS = 0x11

/** Files with a name in a trace (TS 102 221 §13, TS 31.102 §4). */
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
/** The row whose request has no tag: it accepts parts of a message. */
const openRow = rows.find(row => row.request.tags === undefined)

const rowOf = (payload: Uint8Array): Row | undefined => {
  let tag: number | undefined
  try {
    tag = readTlv(payload).tag
  } catch {
    // The first segment of a longer message: its tag is complete.
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
  /** STORE DATA segments of the current message. */
  blocks: Uint8Array[]
  /** The parts of its response. */
  answer: Uint8Array[]
  row: Row | undefined
  request: Uint8Array | undefined
}

/** Creates a decoder for the exchanges of one card: it returns a label, and the message that an exchange completes. */
export const createCardReader = (): ((command: Uint8Array, response: Uint8Array | undefined) => ReadExchange) => {
  const conversations = new Map<number, Conversation>()
  const conversationOn = (channel: number): Conversation => {
    const known = conversations.get(channel) ?? {
      blocks: [],
      answer: [],
      row: undefined,
      request: undefined,
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

  /** A segment of a message or of its response. The last one contains the decoded message. */
  const readMessage = (on: Conversation, command: Uint8Array, response: Uint8Array | undefined): ReadExchange => {
    const label =
      command[1] === STORE_DATA ? readStoreData(on, command) : `GET RESPONSE ${on.row?.interface}.${on.row?.name}`
    if (response) on.answer.push(response.subarray(0, -2))
    const isWhole = on.request !== undefined && response !== undefined && response.at(-2) !== 0x61
    if (!isWhole || !on.row) return { label }
    const request = on.row === openRow ? undefined : tryDecode(on.row.request, on.request!)
    const answer = Buffer.concat(on.answer)
    const answered = answer.length > 0 ? tryDecode(on.row.response, answer) : undefined
    on.request = undefined
    if (request === undefined && answered === undefined) return { label }
    return {
      label,
      decoded: { ...(request !== undefined && { request }), ...(answered !== undefined && { response: answered }) },
    }
  }

  return (command, response) => {
    const ins = command[1] ?? 0
    const channel = channelNumberOf(command)
    const on = conversationOn(channel)
    const mark = channel === 0 ? '' : ` [${channel}]`
    if (ins === STORE_DATA || (ins === GET_RESPONSE && on.request !== undefined)) {
      const read = readMessage(on, command, response)
      return { ...read, label: read.label + mark }
    }
    if (ins !== GET_RESPONSE) on.request = undefined
    if (ins === SELECT) return { label: labelSelect(command) + mark }
    if (ins === MANAGE_CHANNEL)
      return { label: `MANAGE CHANNEL ${command[2] === 0x80 ? `close ${command[3]}` : 'open'}` }
    return { label: (INSTRUCTIONS.get(ins) ?? `INS ${toHex(Uint8Array.of(ins)).toUpperCase()}`) + mark }
  }
}

/** An invalid class byte counts as the basic channel. */
const channelNumberOf = (command: Uint8Array): number => {
  try {
    return getLogicalChannel(command[0] ?? 0)
  } catch {
    return 0
  }
}

const labelSelect = (command: Uint8Array): string => {
  const data = command.subarray(5, 5 + (command[4] ?? 0))
  const id = toHex(data)
  if (command[2] !== 0x04) return `SELECT ${FILES[id] ?? id.toUpperCase()}`
  const found = APPLICATIONS.find(([, aid]) => equalBytes(data.subarray(0, aid.length), aid))
  return `SELECT ${found?.[0] ?? `AID ${id.toUpperCase()}`}`
}
