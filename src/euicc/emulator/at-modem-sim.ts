import type { Card, Channel } from '../../apdu/channel.ts'
import { type DecodedCommand, decodeCommand } from '../../apdu/command.ts'
import { isApduError } from '../../apdu/errors.ts'
import { readBinary, readRecord, selectFile } from '../../apdu/files.ts'
import {
  classFor,
  closeLogicalChannel,
  getLogicalChannel,
  openLogicalChannel,
  selectByAid,
} from '../../apdu/logical-channel.ts'
import { serveProactive } from '../../apdu/proactive.ts'
import { getStatus, respond } from '../../apdu/status.ts'
import { AT_ERROR, AT_OK, type AtAnswer, type AtCommandHandler, createCmeError } from './at-modem-front.ts'
import type { ModemQuirks } from './at-modem-quirks.ts'

const [MANAGE_CHANNEL, SELECT] = [0x70, 0xa4]
/** Registered application providers of ISD-Rs (GSMA) and of USIMs (3GPP). */
const RID_GSMA = 'A000000559'
const RID_3GPP = 'A000000087'
const FIRST_HANDLE = 0x385a7cf

const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
const fromHex = (digits: string): Uint8Array =>
  Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16))

/** The card commands of a modem (TS 27.007 §8.17 CSIM, §8.43 CGLA, §8.45 CCHO, §8.46 CCHC). */
export const createModemSim = ({
  card,
  quirks,
  refreshed,
}: {
  card: Pick<Card, 'exclusive' | 'reset'>
  quirks: ModemQuirks
  /** The card requested REFRESH; the modem executed it or leaves it to the terminal. */
  refreshed: () => void
}) => {
  /** Logical channels by session identifier of AT+CCHO; undefined if an earlier program opened it. */
  const sessions = new Map<string, number>()
  let count = 0
  let resets = 0
  let isAsleep = quirks.sleepsUntil !== undefined
  let leaked: Promise<void> | undefined

  const nameSession = (): string => {
    count++
    if (quirks.handles === 'hexadecimal') return (FIRST_HANDLE + count).toString(16).padStart(16, '0')
    for (let number = 1; ; number++) if (!sessions.has(String(number))) return String(number)
  }

  /** Sessions that an earlier program left open. */
  const openLeakedSessions = (): Promise<void> =>
    (leaked ??= card.exclusive(async channel => {
      for (let left = quirks.leaks ?? 0; left > 0; left--)
        sessions.set(nameSession(), await openLogicalChannel(channel))
    }))

  const onCard = async <T>(work: (channel: Channel) => Promise<T>): Promise<T | AtAnswer> => {
    if (isAsleep) return createCmeError(3)
    try {
      await openLeakedSessions()
      return await card.exclusive(work)
    } catch (error) {
      if (isApduError(error, 'card-removed')) return createCmeError(10)
      if (isApduError(error)) return createCmeError(13)
      throw error
    }
  }

  const open = (rest: string): Promise<AtAnswer> | AtAnswer => {
    const aid = /^="([0-9A-F]{10,32})"$/i.exec(rest)?.[1]
    if (aid === undefined) return createCmeError(50)
    if (quirks.cchoAnswers !== undefined) return { error: quirks.cchoAnswers }
    return onCard(async channel => {
      if (sessions.size >= (quirks.maxSessions ?? 19)) return createCmeError(20)
      if (await isHidden(channel, aid)) return { error: quirks.noApplication ?? 'ERROR' }
      const number = await openLogicalChannel(channel)
      try {
        await selectByAid(channel, number, fromHex(aid))
      } catch (error) {
        if (!isApduError(error, 'refused')) throw error
        await closeLogicalChannel(channel, number)
        return { error: quirks.noApplication ?? 'ERROR' }
      }
      const session = nameSession()
      sessions.set(session, number)
      return { lines: [quirks.bare?.includes('CCHO') ? session : `+CCHO:${blank()}${session}`] }
    })
  }

  const close = (rest: string): Promise<AtAnswer> | AtAnswer => {
    const session = rest.slice(1)
    return onCard(async channel => {
      const number = sessions.get(session)
      if (number === undefined) return AT_ERROR
      sessions.delete(session)
      await closeLogicalChannel(channel, number)
      return AT_OK
    })
  }

  const transmitOnSession = (rest: string): Promise<AtAnswer> | AtAnswer => {
    const asked = /^=([^,]+),(\d+),"?([0-9A-F]*)"?$/i.exec(rest)
    const command = asked && readApdu(asked[2]!, asked[3]!)
    if (!command) return createCmeError(50)
    return onCard(async channel => {
      const number = sessions.get(asked[1]!)
      if (number === undefined) return createCmeError(50)
      // The modem sets the channel. Most replace the one in the class byte; if session and channel differ, a class byte
      // with a channel is rejected.
      if (quirks.handles === 'hexadecimal' && getLogicalChannel(command.cla) !== 0) return createCmeError(50)
      return answerWith('CGLA', channel, withChannel(asked[3]!, number), command)
    })
  }

  const transmitRaw = (rest: string): Promise<AtAnswer> | AtAnswer => {
    const asked = /^=(\d+),"?([0-9A-F]*)"?$/i.exec(rest)
    if (quirks.csimUpperCaseOnly && asked && /[a-f]/.test(asked[2]!)) return AT_ERROR
    const command = asked && readApdu(asked[1]!, asked[2]!)
    if (!command) return createCmeError(50)
    const isOnChannel = getLogicalChannel(command.cla) !== 0
    if (isOnChannel && quirks.csimKeeps?.includes(command.ins)) return AT_ERROR
    if (quirks.csimOpensNothing && (isOnChannel || command.ins === MANAGE_CHANNEL)) return AT_ERROR
    return onCard(async channel => {
      if (command.ins === MANAGE_CHANNEL && command.p1 === 0x80) deleteSessions(command.p2)
      if (command.ins === MANAGE_CHANNEL && command.p1 === 0 && sessions.size >= (quirks.maxSessions ?? 19))
        return formatResponse('CSIM', respond(0x6a81))
      if (command.ins === SELECT && command.p1 === 4 && (await isHidden(channel, toHex(command.data))))
        return formatResponse('CSIM', respond(0x6a82))
      return answerWith('CSIM', channel, fromHex(asked[2]!), command)
    })
  }

  const deleteSessions = (number: number): void => {
    for (const [session, logicalChannel] of sessions) if (logicalChannel === number) sessions.delete(session)
  }

  const readApdu = (length: string, digits: string): DecodedCommand | undefined => {
    if (Number(length) !== digits.length || digits.length % 2 !== 0) return undefined
    if (quirks.longestApdu !== undefined && digits.length / 2 > quirks.longestApdu) return undefined
    try {
      return decodeCommand(fromHex(digits))
    } catch (error) {
      if (isApduError(error)) return undefined
      throw error
    }
  }

  const withChannel = (digits: string, number: number): Uint8Array => {
    const bytes = fromHex(digits)
    bytes[0] = classFor(number, bytes[0]!)
    return bytes
  }

  const answerWith = async (name: string, channel: Channel, bytes: Uint8Array, command: DecodedCommand) => {
    const whole = await channel.transmit(bytes)
    const isCut = quirks.needsLe && command.le === undefined && (whole.length > 2 || getStatus(whole) >> 8 === 0x61)
    const status = getStatus(whole)
    if (status >> 8 === 0x91) await serveToolkit(channel, status & 0xff || 0x100)
    return formatResponse(name, isCut ? respond(0x9000) : whole)
  }

  const serveToolkit = async (channel: Channel, length: number): Promise<void> => {
    if (quirks.toolkit === 'modem') {
      const asked = await serveProactive(channel, length)
      if (asked.every(({ refresh }) => refresh === undefined)) return
      powerCycleSoon = true
    }
    refreshed()
  }
  /** Resets the card when it is not in use. */
  let powerCycleSoon = false

  const blank = (): string => (quirks.noBlank ? '' : ' ')
  const formatResponse = (name: string, response: Uint8Array): AtAnswer => {
    const digits = toHex(response)
    const quote = quirks.noQuotes ? '' : '"'
    const prefix = quirks.bare?.includes(name) ? '' : `+${name}:${blank()}`
    return { lines: [`${prefix}${digits.length},${quote}${digits}${quote}`] }
  }

  const isHidden = async (channel: Channel, aid: string): Promise<boolean> =>
    quirks.isdrNeedsProfile === true && aid.startsWith(RID_GSMA) && (await readUsim(channel)) === undefined

  const powerCycle = async (): Promise<void> => {
    sessions.clear()
    leaked = Promise.resolve()
    resets++
    await card.reset()
  }

  const readSubscriber = (write: (subscriber: { iccid: string; imsi: string }) => string) =>
    onCard(async channel => {
      const subscriber = await readUsim(channel)
      return subscriber ? { lines: [write(subscriber)] } : createCmeError(13)
    })

  const handle = ({ name, rest }: { name: string; rest: string }): Promise<AtAnswer> | AtAnswer | undefined => {
    if (quirks.sleepsUntil === `AT+${name}${rest}`) {
      isAsleep = false
      return AT_OK
    }
    if (name === 'CCHO') return open(rest)
    if (name === 'CCHC') return close(rest)
    if (name === 'CGLA') return transmitOnSession(rest)
    if (name === 'CSIM') return transmitRaw(rest)
    if (name === 'CPIN' && rest === '?') return onCard(async () => ({ lines: ['+CPIN: READY'] }))
    if (name === 'CIMI' && rest === '') return readSubscriber(({ imsi }) => imsi)
    if (name === 'ICCID' || name === 'CCID' || name === 'QCCID')
      return readSubscriber(({ iccid }) => `+${name}: ${iccid}`)
    return undefined
  }

  const commands: AtCommandHandler = command => {
    const answer = handle(command)
    return (
      answer &&
      Promise.resolve(answer).then(async result => {
        if (powerCycleSoon) {
          powerCycleSoon = false
          await powerCycle()
        }
        return result
      })
    )
  }

  return {
    commands,
    powerCycle,
    /** Number of card resets. */
    get resets() {
      return resets
    },
  }
}

/** EF.ICCID and EF.IMSI of the enabled profile, on the basic channel; undefined if no profile is enabled. */
const readUsim = async (channel: Channel): Promise<{ iccid: string; imsi: string } | undefined> => {
  try {
    await selectFile(channel, 0, 0x3f00)
    await selectFile(channel, 0, 0x2fe2)
    const iccid = digitsOf(await readBinary(channel, 0, { length: 10 })).replace(/f$/, '')
    const { recordCount = 0, recordLength = 0 } = await selectFile(channel, 0, 0x2f00)
    for (let record = 1; record <= recordCount; record++) {
      const bytes = await readRecord(channel, 0, record, recordLength)
      const aid = bytes[2] === 0x4f ? bytes.subarray(4, 4 + bytes[3]!) : new Uint8Array(0)
      if (!toHex(aid).startsWith(RID_3GPP)) continue
      await selectByAid(channel, 0, aid, { p2: 0x04 })
      await selectFile(channel, 0, 0x6f07)
      const imsi = await readBinary(channel, 0, { length: 9 })
      return {
        iccid,
        imsi: digitsOf(imsi.subarray(1, 1 + imsi[0]!))
          .slice(1)
          .replace(/f$/, ''),
      }
    }
    return undefined
  } catch (error) {
    if (isApduError(error, 'refused')) return undefined
    throw error
  }
}

const digitsOf = (bytes: Uint8Array): string =>
  Array.from(bytes, octet => `${(octet & 0x0f).toString(16)}${(octet >> 4).toString(16)}`).join('')
