import type { Channel } from '../../apdu/channel.ts'
import { type DecodedCommand, decodeCommand } from '../../apdu/command.ts'
import { ApduError, isApduError } from '../../apdu/errors.ts'
import { channelOf, classFor, LAST_CHANNEL } from '../../apdu/logical-channel.ts'
import { dataOf, getStatus, isOk, respond } from '../../apdu/status.ts'
import { type AtApdu, noResponse } from './at-apdu.ts'
import { type AtEnd, describeEnd, isCme } from './at-exchange.ts'

/** How APDUs travel. `ccho-cgla` where the modem keeps the logical channels, `csim` where we do. */
export type ApduPath = 'ccho-cgla' | 'csim'

/** What was found out on the way; a sentence for a person, and what the next session may begin with. */
export interface PathNews {
  readonly text: string
  /** The way that works. */
  readonly path?: ApduPath
}

export interface AtChannelsOptions {
  /** The one way, whatever happens. */
  readonly only?: ApduPath | undefined
  /** The way to begin with. */
  readonly first?: ApduPath | undefined
  readonly report?: ((news: PathNews) => void) | undefined
  /** What is known of modems like this one that do not open an application. */
  readonly note?: string | undefined
}

/** What stands behind a logical channel number that we gave out. `select` is the command that selected what is there. */
type Behind =
  /** Opened, nothing selected: a session is opened for an application, so it waits for the SELECT. */
  | { readonly kind: 'reserved' }
  | { readonly kind: 'session'; readonly session: string; readonly select: Uint8Array }
  /** A channel of the card's own, over AT+CSIM. */
  | { readonly kind: 'card'; readonly number: number; readonly select?: Uint8Array }

type InUse = Exclude<Behind, { kind: 'reserved' }>

const [MANAGE_CHANNEL, SELECT, STORE_DATA] = [0x70, 0xa4, 0xe2]
const NO_SUCH_CHANNEL = 0x6881
/** STATUS, TERMINAL PROFILE, FETCH, TERMINAL RESPONSE, TERMINAL CAPABILITY: a modem may have these for itself. */
const MODEMS_OWN = [0xf2, 0x10, 0x12, 0x14, 0xaa]
const INSTRUCTION_NOT_SUPPORTED = 0x6d00
/** Channels that cards and modems of all times have; what an earlier program left open is among them. */
const EARLIEST_CHANNELS = [1, 2, 3]

const FULL = 20

const NAMES = { 'ccho-cgla': 'AT+CGLA', csim: 'AT+CSIM' } as const
const isSelected = (answer: Uint8Array): boolean => isOk(getStatus(answer))
const nothing = async (error: unknown): Promise<undefined> => {
  if (isApduError(error, 'port-gone', 'timed-out', 'card-removed')) throw error
  return undefined
}
/** The modem said no in its own name, or nothing clear: another way to the card may still work. */
const isModemsNo = (error: unknown): error is ApduError => isApduError(error, 'card-mute', 'bad-response')

/**
 * A Channel over a modem: the commands that open, select and close logical channels become AT+CCHO and AT+CCHC, those
 * on an open one AT+CGLA. The basic channel goes over AT+CSIM. A modem that opens no session for an application is asked
 * the same over AT+CSIM, and stays on that way if it answers there.
 *
 * A way may fail in the middle, too. Then a channel is opened on the other one, the application is selected anew, and
 * what the card had collected of a STORE DATA chain is sent again: the card carries nothing out before the last block
 * (GPCS §11.11.2.2). Where the command that got lost may have been carried out, it is not sent twice: the caller
 * hears `exchange-lost`, and begins its procedure anew on the other way.
 */
export const createAtChannels = (apdu: AtApdu, { only, first, report = () => {}, note }: AtChannelsOptions = {}) => {
  const opened = new Map<number, Behind>()
  /** The blocks of a chain that the card holds, by channel. */
  const chains = new Map<number, Uint8Array[]>()
  let path: ApduPath | undefined = only ?? (first === 'csim' ? first : undefined)
  let isSwept = false
  let isNoted = note === undefined

  const lowestFree = (): number | undefined => {
    for (let number = 1; number <= LAST_CHANNEL; number++) if (!opened.has(number)) return number
    return undefined
  }

  const manage = async (bytes: Uint8Array, { p1, p2, le }: DecodedCommand): Promise<Uint8Array> => {
    if (p1 === 0x80) return close(p2)
    if (p1 !== 0x00) return respond(0x6a86)
    const number = p2 === 0 ? lowestFree() : opened.has(p2) || p2 > LAST_CHANNEL ? undefined : p2
    if (number === undefined) return respond(NO_SUCH_CHANNEL)
    if (path === 'csim') {
      const response = await apdu.csim(bytes).catch(unlessOnly)
      const card = p2 || (response && dataOf(response)[0])
      if (response && (getStatus(response) !== 0x9000 || card === undefined)) return response
      if (response) opened.set(number, { kind: 'card', number: card! })
      else path = undefined
    }
    if (path !== 'csim') opened.set(number, { kind: 'reserved' })
    return le === undefined ? respond(0x9000) : respond(0x9000, Uint8Array.of(number))
  }

  /** The way to begin with is none: the other one is found out by the SELECT. */
  const unlessOnly = (error: unknown): undefined => {
    if (only !== undefined || !isModemsNo(error)) throw error
    return undefined
  }

  const close = async (number: number): Promise<Uint8Array> => {
    const behind = opened.get(number)
    if (!behind) return respond(NO_SUCH_CHANNEL)
    opened.delete(number)
    chains.delete(number)
    if (behind.kind === 'reserved') return respond(0x9000)
    if (behind.kind === 'card') return closeOnCard(behind.number)
    const end = await apdu.cchc(behind.session)
    if (end.end === 'port-gone' || end.end === 'timed-out') throw noResponse('AT+CCHC', end)
    return respond(end.end === 'ok' ? 0x9000 : NO_SUCH_CHANNEL)
  }
  const closeOnCard = (number: number): Promise<Uint8Array> =>
    apdu.csim(Uint8Array.of(0x00, MANAGE_CHANNEL, 0x80, number))

  /** SELECT by AID where nothing is selected, or something else. */
  const select = async (number: number, command: DecodedCommand, bytes: Uint8Array): Promise<Uint8Array> => {
    let end = await openSession(number, command.data, bytes)
    if (!('end' in end)) return end.answer
    if (isCrowded(end) && !isSwept) {
      isSwept = true
      if ((await sweep(end)) > 0) {
        const again = await openSession(number, command.data, bytes)
        if (!('end' in again)) return again.answer
        end = again
      }
    }
    // TS 27.007 has no error for "no such application": a modem without CCHO and a card without the application look alike.
    if (path === undefined) return selectOverCsim(number, bytes, end)
    return respond(0x6a82)
  }

  const selectAndNote = async (number: number, command: DecodedCommand, bytes: Uint8Array): Promise<Uint8Array> => {
    const answer = await select(number, command, bytes)
    if (!isNoted && !isSelected(answer)) {
      isNoted = true
      report({ text: note! })
    }
    return answer
  }

  const openSession = async (
    number: number,
    aid: Uint8Array,
    bytes: Uint8Array,
  ): Promise<AtEnd | { answer: Uint8Array }> => {
    const end = await apdu.ccho(aid)
    if (end.end !== 'ok' || !end.reply) {
      if (end.end === 'port-gone' || end.end === 'timed-out' || isCme(end, 10)) throw noResponse('AT+CCHO', end)
      return end
    }
    const session = end.reply[1]!
    opened.set(number, { kind: 'session', session, select: bytes })
    if (path === undefined) takeWay('ccho-cgla')
    // CCHO keeps what the card answered to itself; a second SELECT of the same application tells it.
    const answer = await apdu.cgla(session, bytes).catch(nothing)
    return { answer: answer && isSelected(answer) ? answer : respond(0x9000) }
  }

  const takeWay = (way: ApduPath): void => {
    path = way
    report({ text: `the card is reached by ${NAMES[way]}`, path: way })
  }

  /** Sessions may be all taken: a plain ERROR says nothing, and 20 is "memory full". */
  const isCrowded = (end: AtEnd): boolean => end.end === 'error' || isCme(end, 0, FULL, 100)

  /**
   * Closes what an earlier program left open, and says how many that were. The card's own channels, some of which may be
   * the modem's, only where `end` says that there are too many.
   */
  const sweep = async (end: AtEnd): Promise<number> => {
    const held = [...opened.values()].map(behind => ('session' in behind ? behind.session : undefined))
    let closed = 0
    for (const number of EARLIEST_CHANNELS) {
      if (held.includes(String(number))) continue
      const cchc = await apdu.cchc(String(number))
      if (cchc.end === 'port-gone' || cchc.end === 'timed-out') throw noResponse('AT+CCHC', cchc)
      if (cchc.end === 'ok') closed++
      else if (isCme(end, FULL) && held.every(session => session === undefined)) {
        const response = await closeOnCard(number).catch(nothing)
        if (response && getStatus(response) === 0x9000) closed++
      }
    }
    if (closed > 0) report({ text: `${closed} logical channel(s) that an earlier session left open were closed` })
    return closed
  }

  const selectOverCsim = async (number: number, bytes: Uint8Array, ccho: AtEnd): Promise<Uint8Array> => {
    const response = await openOnCard()
    if (response === undefined) {
      // With 13 and 22 a modem speaks of the card or the application: it did open a channel.
      if (isCme(ccho, 13, 22)) return respond(0x6a82)
      report({
        text: `the modem opens no logical channel: AT+CCHO gives ${describeEnd(ccho)}, and AT+CSIM no way round it`,
      })
      return respond(NO_SUCH_CHANNEL)
    }
    const answer = await onCard(response, bytes)
    if (isSelected(answer)) {
      takeWay('csim')
      opened.set(number, { kind: 'card', number: response, select: bytes })
    } else await closeOnCard(response)
    return answer
  }

  /** A logical channel of the card's; undefined where modem or card give none. */
  const openOnCard = async (): Promise<number | undefined> => {
    const response = await apdu.csim(Uint8Array.of(0x00, MANAGE_CHANNEL, 0x00, 0x00, 0x01)).catch(nothing)
    return response && getStatus(response) === 0x9000 ? dataOf(response)[0] : undefined
  }

  const onCard = async (number: number, bytes: Uint8Array): Promise<Uint8Array> => {
    const out = Uint8Array.from(bytes)
    out[0] = classFor(number, bytes[0]!)
    try {
      return await apdu.csim(out)
    } catch (error) {
      if (!isModemsNo(error) || !MODEMS_OWN.includes(bytes[1]!)) throw error
      return respond(INSTRUCTION_NOT_SUPPORTED)
    }
  }

  /** A channel on the way that `behind` does not use, with the same application selected; undefined where it gives none. */
  const openElsewhere = async (behind: InUse & { select: Uint8Array }): Promise<InUse | undefined> => {
    const { select } = behind
    if (behind.kind === 'session') {
      const number = await openOnCard()
      if (number === undefined) return undefined
      const answer = await onCard(number, select).catch(nothing)
      if (answer && isSelected(answer)) return { kind: 'card', number, select }
      await closeOnCard(number).catch(nothing)
      return undefined
    }
    const end = await apdu.ccho(decodeCommand(select).data)
    if (end.end === 'port-gone' || end.end === 'timed-out') throw noResponse('AT+CCHO', end)
    return end.end === 'ok' && end.reply ? { kind: 'session', session: end.reply[1]!, select } : undefined
  }

  /** `failure` came of `bytes`; see the head of this function for what may be sent again. */
  const goElsewhere = async (number: number, behind: Behind, bytes: Uint8Array, failure: ApduError) => {
    if (only !== undefined || behind.kind === 'reserved' || behind.select === undefined) throw failure
    const selected = { ...behind, select: behind.select }
    if (behind.kind === 'session') await apdu.cchc(behind.session)
    else await closeOnCard(behind.number).catch(nothing)
    const there = await openElsewhere(selected)
    if (there === undefined) throw failure
    const chain = [...(chains.get(number) ?? []), bytes]
    opened.set(number, there)
    path = there.kind === 'card' ? 'csim' : 'ccho-cgla'
    const went = `${failure.message}; from here on the card is reached by ${NAMES[path]}`
    const { ins, p1 } = decodeCommand(bytes)
    if (ins !== SELECT && (ins !== STORE_DATA || (p1 & 0x80) !== 0)) {
      chains.delete(number)
      report({ text: went, path })
      throw new ApduError('exchange-lost', `${went}; whether it carried the command out is not known`, {
        cause: failure,
      })
    }
    let answer: Uint8Array | undefined
    for (const block of chain) {
      answer = await behindIt(there, block)
      if (!isOk(getStatus(answer))) break
    }
    report({ text: went, path })
    return answer!
  }

  const behindIt = (behind: InUse, bytes: Uint8Array): Promise<Uint8Array> =>
    behind.kind === 'card' ? onCard(behind.number, bytes) : apdu.cgla(behind.session, bytes)

  const onChannel = async (number: number, behind: Behind, command: DecodedCommand, bytes: Uint8Array) => {
    const selects = (command.cla & 0x80) === 0 && command.ins === SELECT && command.p1 === 0x04
    if (behind.kind === 'reserved') return selects ? selectAndNote(number, command, bytes) : respond(0x6985)
    if (behind.kind === 'session' && selects && !isSameAid(behind.select, command.data)) {
      await apdu.cchc(behind.session)
      opened.set(number, { kind: 'reserved' })
      return select(number, command, bytes)
    }
    let answer: Uint8Array
    try {
      answer = await behindIt(behind, bytes)
    } catch (error) {
      if (!isModemsNo(error)) throw error
      answer = await goElsewhere(number, behind, bytes, error)
    }
    if (selects && behind.kind === 'card' && isSelected(answer)) opened.set(number, { ...behind, select: bytes })
    return answer
  }

  /** Keeps what the card has collected of a chain: block 0 begins one, the last block ends it, as does anything else. */
  const collect = (number: number, { ins, p1, p2 }: DecodedCommand, bytes: Uint8Array, answer: Uint8Array): void => {
    const goesOn = ins === STORE_DATA && (p1 & 0x80) === 0 && getStatus(answer) === 0x9000
    if (!goesOn) chains.delete(number)
    else chains.set(number, p2 === 0 ? [bytes] : [...(chains.get(number) ?? []), bytes])
  }

  const channel: Channel = {
    transmit: async bytes => {
      const command = decodeCommand(bytes)
      if ((command.cla & 0x80) === 0 && command.ins === MANAGE_CHANNEL) return manage(bytes, command)
      const number = channelOf(command.cla)
      if (number === 0) return onCard(0, bytes)
      const behind = opened.get(number)
      if (!behind) return respond(NO_SUCH_CHANNEL)
      const answer = await onChannel(number, behind, command, bytes)
      collect(number, command, bytes, answer)
      return answer
    },
  }

  return {
    channel,
    /** Undefined until the first application was selected. */
    get path() {
      return path
    },
    /** The card was reset: what was open is not. */
    forget: () => {
      opened.clear()
      chains.clear()
      isSwept = false
    },
  }
}

const isSameAid = (select: Uint8Array, aid: Uint8Array): boolean =>
  Buffer.compare(decodeCommand(select).data, aid) === 0
