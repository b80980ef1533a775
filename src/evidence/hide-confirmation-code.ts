import { concat } from '../asn1/bytes.ts'

/*
 * hashCc is the hash of the confirmation code with data of the same recording (SGP.22 §4.4.1), so eight digits can be
 * found by trial. It is in PrepareDownloadRequest and, signed, in its response (§5.7.5):
 *
 *     BF21 { 30 smdpSigned2, 5F37, 04 hashCc OPTIONAL, 30 smdpCertificate }
 *     BF21 { A0 { 30 { 80 transactionId, 5F49 euiccOtpk, 04 hashCc OPTIONAL }, 5F37 } }
 *
 * Both may be divided at any byte (STORE DATA segments, GET RESPONSE).
 */
const [STORE_DATA, GET_RESPONSE] = [0xe2, 0xc0]
const PREPARE_DOWNLOAD = 0xbf21
const HASH_CC = 0x04
const IN_REQUEST: readonly number[] = [PREPARE_DOWNLOAD]
const IN_RESPONSE: readonly number[] = [PREPARE_DOWNLOAD, 0xa0, 0x30]

interface Element {
  readonly tag: number
  readonly from: number
  readonly to: number
}

/** The header of the element at `at`; undefined if it is incomplete. */
const elementAt = (bytes: Uint8Array, at: number): Element | undefined => {
  let tag = bytes[at++]
  if (tag === undefined) return undefined
  if ((tag & 0x1f) === 0x1f) tag = (tag << 8) | (bytes[at++] ?? 0)
  let length = bytes[at++]
  if (length === undefined) return undefined
  if (length > 0x80) {
    const octets = length & 0x7f
    if (octets > 3 || at + octets > bytes.length) return undefined
    length = 0
    for (let i = 0; i < octets; i++) length = (length << 8) | bytes[at++]!
  }
  return { tag, from: at, to: at + length }
}

/** The position of hashCc in the bytes so far. Its end may be missing. */
const findHashCc = (bytes: Uint8Array, path: readonly number[]): Element | undefined => {
  let at = 0
  for (const tag of [...path, HASH_CC]) {
    let found = elementAt(bytes, at)
    while (found !== undefined && found.tag !== tag) found = elementAt(bytes, found.to)
    if (found === undefined || tag === HASH_CC) return found
    at = found.from
  }
  return undefined
}

/** Hides hashCc in the pieces of one message. Earlier pieces determine its position in later ones. */
const createFilter = (path: readonly number[]) => {
  let received: Uint8Array = new Uint8Array(0)
  return (piece: Uint8Array): Uint8Array => {
    const began = received.length
    received = concat(received, piece)
    const hashCc = findHashCc(received, path)
    if (hashCc === undefined || hashCc.to <= began) return piece
    const out = piece.slice()
    out.fill(0, Math.max(0, hashCc.from - began), Math.min(out.length, hashCc.to - began))
    return out
  }
}

/** Also true for a first segment of one byte that may be its begin. */
const isPrepareDownload = (block: Uint8Array): boolean => block[0] === 0xbf && (block[1] ?? 0x21) === 0x21

/** Creates a filter for the exchanges of one card. Hidden bytes become zeros. */
export const hideConfirmationCode = () => {
  let request: ReturnType<typeof createFilter> | undefined
  let response = createFilter(IN_RESPONSE)
  return (seen: {
    readonly command: Uint8Array
    readonly response?: Uint8Array | undefined
  }): { command: Uint8Array; response?: Uint8Array } => {
    let { command } = seen
    const length = command[4] ?? 0
    if (command[1] === STORE_DATA) {
      const block = command.subarray(5, 5 + length)
      if (command[3] === 0) {
        request = isPrepareDownload(block) ? createFilter(IN_REQUEST) : undefined
        response = createFilter(IN_RESPONSE)
      }
      if (request) command = concat(command.subarray(0, 5), request(block), command.subarray(5 + length))
    } else if (command[1] !== GET_RESPONSE) request = undefined
    if (seen.response === undefined) return { command }
    if (!request) return { command, response: seen.response }
    const data = seen.response.subarray(0, -2)
    return { command, response: concat(response(data), seen.response.subarray(-2)) }
  }
}
