import type { Recording, RecordingEntry } from '../../apdu/recording/recording.ts'
import { concat, fromHex, toHex } from '../../asn1/bytes.ts'
import { collectNumbers, getForms, replaceNumbers } from './card-identifiers.ts'

/*
 * Replaces each EID, ICCID and IMSI of a recording at all its positions, also across STORE DATA segments and GET RESPONSE.
 * Unchanged: encrypted data, public keys, signatures, challenges, matching IDs and IMEIs. The signatures of certificates
 * become invalid, because their EID is replaced.
 */
const [STORE_DATA, GET_RESPONSE, SELECT, READ_BINARY] = [0xe2, 0xc0, 0xa4, 0xb0]
const [EF_ICCID, EF_IMSI] = ['2fe2', '6f07']

/** A part of a message in one command or response. */
type Piece = {
  readonly entry: number
  readonly side: 'command' | 'response'
  readonly from: number
  readonly to: number
}
interface Message {
  readonly pieces: Piece[]
  /** Present if the bytes are the content of a file that contains only an identifier. */
  readonly file?: typeof EF_ICCID | typeof EF_IMSI
}

interface Bytes {
  readonly command: Uint8Array
  readonly response: Uint8Array | undefined
}

const bytesOf = (entry: RecordingEntry): Bytes | undefined =>
  'reset' in entry
    ? undefined
    : { command: fromHex(entry.command), response: entry.response === undefined ? undefined : fromHex(entry.response) }

/** The messages of a session, joined over segments and GET RESPONSE. */
const messagesOf = (entries: readonly (Bytes | undefined)[]): Message[] => {
  const messages: Message[] = []
  let sent: Message | undefined
  let answered: Message | undefined
  let selected = ''
  entries.forEach((bytes, entry) => {
    if (!bytes) return
    const { command, response } = bytes
    const ins = command[1]
    const data: Piece = { entry, side: 'command', from: 5, to: Math.min(command.length, 5 + (command[4] ?? 0)) }
    const isContinued = ins === STORE_DATA && command[3] !== 0 && sent !== undefined
    if (isContinued) sent!.pieces.push(data)
    else if (ins !== GET_RESPONSE && command.length > 5) {
      sent = { pieces: [data] }
      messages.push(sent)
    }
    if (ins === SELECT) selected = toHex(command.subarray(5, data.to)).slice(-4)
    if (response === undefined) return
    const piece: Piece = { entry, side: 'response', from: 0, to: response.length - 2 }
    if ((ins === GET_RESPONSE || isContinued) && answered !== undefined) answered.pieces.push(piece)
    else {
      const isNumber = ins === READ_BINARY && (selected === EF_ICCID || selected === EF_IMSI)
      answered = { pieces: [piece], ...(isNumber ? { file: selected as typeof EF_ICCID } : {}) }
      messages.push(answered)
    }
  })
  return messages
}

export const redactRecording = ({ header, exchanges }: Recording): Recording => {
  const entries = exchanges.map(bytesOf)
  const messages = messagesOf(entries)
  const read = ({ pieces }: Message): Uint8Array =>
    concat(...pieces.map(({ entry, side, from, to }) => entries[entry]![side]!.subarray(from, to)))

  const numbers = collectNumbers(messages.map(message => ({ bytes: read(message), file: message.file })))
  const forms = [...numbers].flatMap(([number, instead]) => getForms(number, instead))
  for (const message of messages) {
    const replaced = replaceNumbers(read(message), forms)
    let at = 0
    for (const { entry, side, from, to } of message.pieces) {
      entries[entry]![side]!.set(replaced.subarray(at, at + to - from), from)
      at += to - from
    }
  }

  const text = (words: string): string => {
    let out = words
    for (const [{ digits }, instead] of numbers) out = out.replaceAll(digits, instead)
    return out
  }
  return {
    header: { ...header, card: text(header.card) },
    exchanges: exchanges.map((entry, index) => {
      const bytes = entries[index]
      if (!bytes || 'reset' in entry) return entry
      const { command, response } = bytes
      return { ...entry, command: toHex(command), ...(response === undefined ? {} : { response: toHex(response) }) }
    }),
  }
}
