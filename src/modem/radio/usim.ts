import type { Channel } from '../../apdu/channel.ts'
import { findElement, readElements } from '../../apdu/elements.ts'
import { isApduError } from '../../apdu/errors.ts'
import { transceive } from '../../apdu/exchange.ts'
import { readBinary, readRecord, selectFile } from '../../apdu/files.ts'
import { selectByAid } from '../../apdu/logical-channel.ts'
import { describeStatus, isOk, triesLeft } from '../../apdu/status.ts'
import { ModemError } from '../errors.ts'

/** The data that a device reads from a USIM before it attaches (TS 31.102 §5.1.1). */
export interface Usim {
  readonly iccid: string
  readonly imsi: string
  readonly aid: Uint8Array
  /** EF.SPN, if the profile has one. */
  readonly serviceProviderName?: string
}

/** Registered application provider and USIM code (TS 101 220 annex E). */
const USIM_AID = Uint8Array.of(0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02)
const [MF, EF_DIR, EF_ICCID, EF_IMSI, EF_SPN] = [0x3f00, 0x2f00, 0x2fe2, 0x6f07, 0x6f46]
const FILE_NOT_FOUND = 0x6a82

/** Finds the first USIM in EF.DIR, selects it on the basic channel and reads its identity. */
export const readUsim = async (channel: Channel): Promise<Usim> => {
  await withModemError('SELECT MF', () => selectFile(channel, 0, MF))
  const iccid = parseIccid(await readFile(channel, EF_ICCID, 'EF.ICCID'))
  const aid = await findUsim(channel)
  await withModemError('SELECT ADF.USIM', () => selectByAid(channel, 0, aid, { p2: 0x04 }))
  const imsi = parseImsi(await readFile(channel, EF_IMSI, 'EF.IMSI'))
  const serviceProviderName = await readName(channel)
  return { iccid, imsi, aid, ...(serviceProviderName === undefined ? {} : { serviceProviderName }) }
}

const findUsim = async (channel: Channel): Promise<Uint8Array> => {
  const { recordLength = 0, recordCount = 0 } = await withModemError('SELECT EF.DIR', () =>
    selectFile(channel, 0, EF_DIR),
  )
  for (let record = 1; record <= recordCount; record++) {
    const bytes = await withModemError('EF.DIR', () => readRecord(channel, 0, record, recordLength))
    const template = findElement(readElements(bytes), 0x61)
    const aid = template && findElement(readElements(template), 0x4f)
    if (aid && USIM_AID.every((octet, index) => aid[index] === octet)) return aid
  }
  throw new ModemError('no-usim', 'card', "the card's EF.DIR lists no USIM application: enable a profile that has one")
}

const readFile = (channel: Channel, fileId: number, name: string): Promise<Uint8Array> =>
  withModemError(name, async () => {
    const { size } = await selectFile(channel, 0, fileId)
    if (size === undefined)
      throw new ModemError('bad-card-data', 'card', `${name}: the card does not report the file size`)
    return readBinary(channel, 0, { length: size })
  })

/** EF.SPN is optional (TS 31.102 §4.2.12): display condition, then the name in the default alphabet or UCS2. */
const readName = async (channel: Channel): Promise<string | undefined> => {
  try {
    const bytes = (await readFile(channel, EF_SPN, 'EF.SPN')).subarray(1)
    const name = bytes[0] === 0x80 ? decodeUcs2(bytes.subarray(1)) : String.fromCharCode(...bytes.filter(c => c < 0x80))
    return name === '' ? undefined : name
  } catch (error) {
    if (error instanceof ModemError && error.status === FILE_NOT_FOUND) return undefined
    throw error
  }
}

const decodeUcs2 = (bytes: Uint8Array): string => {
  let text = ''
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const unit = (bytes[at]! << 8) | bytes[at + 1]!
    if (unit !== 0xffff) text += String.fromCharCode(unit)
  }
  return text
}

/** BCD digits, low nibble first; 'F' is padding. */
const parseIccid = (bytes: Uint8Array): string => {
  const digits = [...bytes].flatMap(octet => [octet & 0x0f, octet >> 4]).map(half => half.toString(16))
  const text = digits.join('').replace(/f+$/, '')
  if (!/^\d{18,20}$/.test(text))
    throw new ModemError('bad-card-data', 'card', `EF.ICCID does not contain an ICCID: ${text}`)
  return text
}

/** EF.IMSI (TS 31.102 §4.2.2): length, parity nibble, digits. */
export const parseImsi = (bytes: Uint8Array): string => {
  const [length = 0] = bytes
  const halves = [...bytes.subarray(1, 1 + length)].flatMap(octet => [octet & 0x0f, octet >> 4])
  const [parity, ...digits] = halves
  const text = digits
    .map(half => half.toString(16))
    .join('')
    .replace(/f$/, '')
  const odd = ((parity ?? 0) & 0x08) !== 0
  if (length > 8 || ((parity ?? 0) & 0x07) !== 1 || !/^\d{6,15}$/.test(text) || (text.length % 2 === 1) !== odd)
    throw new ModemError('bad-card-data', 'card', 'EF.IMSI does not contain an IMSI')
  return text
}

export type AuthenticateAnswer = { readonly res: Uint8Array } | { readonly auts: Uint8Array }

/**
 * AUTHENTICATE in the 3G context (TS 31.102 §7.1.1.1, §7.1.2.1). The response is 'DB' RES CK IK [Kc], or 'DC' AUTS. CK
 * and IK are not returned: no radio link uses them.
 */
export const authenticateUsim = async (
  channel: Channel,
  rand: Uint8Array,
  autn: Uint8Array,
): Promise<AuthenticateAnswer> => {
  if (rand.length !== 16 || autn.length !== 16)
    throw new ModemError('bad-network-data', 'network', `RAND has ${rand.length} and AUTN ${autn.length} bytes, not 16`)
  const data = Uint8Array.of(16, ...rand, 16, ...autn)
  const { data: answer, status } = await transceive(channel, {
    cla: 0x00,
    ins: 0x88,
    p1: 0x00,
    p2: 0x81,
    data,
    le: 0x100,
  })
  if (status === 0x9862)
    throw new ModemError(
      'network-not-genuine',
      'network',
      `AUTHENTICATE: the USIM answered ${describeStatus(status)}`,
      {
        status,
      },
    )
  if (!isOk(status)) throw toModemError('AUTHENTICATE', status)
  const fields = lengthValues(answer.subarray(1))
  const lengths = fields?.map(field => field.length).join()
  if (answer[0] === 0xdc && lengths === '14') return { auts: fields![0]! }
  if (answer[0] === 0xdb && /^([4-9]|[12]\d|3[0-2]),(16,16|32,32)(,8)?$/.test(lengths ?? ''))
    return { res: fields![0]! }
  throw new ModemError('bad-card-data', 'card', 'AUTHENTICATE: the USIM returned neither RES, CK, IK nor AUTS')
}

const lengthValues = (bytes: Uint8Array): Uint8Array[] | undefined => {
  const fields: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]!) {
    if (at + 1 + bytes[at]! > bytes.length) return undefined
    fields.push(bytes.subarray(at + 1, at + 1 + bytes[at]!))
  }
  return fields
}

/** Maps a status word to a ModemError. */
const withModemError = async <T>(command: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (isApduError(error, 'refused') && error.status !== undefined) throw toModemError(command, error.status, error)
    throw error
  }
}

const toModemError = (command: string, status: number, cause?: unknown): ModemError => {
  const message = `${command}: the card answered ${describeStatus(status)}`
  const at = { status, cause }
  if (status === 0x6983 || triesLeft(status) === 0)
    return new ModemError('pin-blocked', 'user', `${message}: unblock the PIN with its PUK`, at)
  if (status === 0x6982 || triesLeft(status) !== undefined)
    return new ModemError('pin-required', 'user', `${message}: verify the PIN first`, at)
  if (status === FILE_NOT_FOUND && command.startsWith('SELECT'))
    return new ModemError('no-usim', 'card', `${message}: enable a profile that has a USIM application`, at)
  return new ModemError('bad-card-data', 'card', message, at)
}
