import type { Channel } from '../../apdu/channel.ts'
import { type DecodedCommand, decodeCommand } from '../../apdu/command.ts'
import { ApduError, isApduError } from '../../apdu/errors.ts'
import { classFor, getLogicalChannel, LAST_CHANNEL } from '../../apdu/logical-channel.ts'
import { getResponseData, getStatus, isOk, respond } from '../../apdu/status.ts'
import { type AtApdu, noResponse } from './at-apdu.ts'
import { type AtEnd, describeEnd, isCme } from './at-exchange.ts'

/** The path of APDUs: `ccho-cgla` if the modem manages logical channels, `csim` if we do. */
export type ApduPath = 'ccho-cgla' | 'csim'

/** A detected property of the modem: a sentence for the user, and the path for the next session. */
export interface PathNews {
  readonly text: string
  /** The path that works. */
  readonly path?: ApduPath
}

export interface AtChannelsOptions {
  /** The only path. */
  readonly only?: ApduPath | undefined
  /** The path to try first. */
  readonly first?: ApduPath | undefined
  readonly report?: ((news: PathNews) => void) | undefined
  /** A hint for modems of this family that cannot open an application. */
  readonly note?: string | undefined
}

/** The state of a logical channel that we assigned. `select` is the last successful SELECT. */
type ChannelState =
  /** Opened, nothing selected: a session needs an AID, so it is opened at the SELECT. */
  | { readonly kind: 'reserved' }
  | { readonly kind: 'session'; readonly session: string; readonly select: Uint8Array }
  /** A logical channel of the card, used by AT+CSIM. */
  | { readonly kind: 'card'; readonly number: number; readonly select?: Uint8Array }

type InUse = Exclude<ChannelState, { kind: 'reserved' }>

const [MANAGE_CHANNEL, SELECT, STORE_DATA] = [0x70, 0xa4, 0xe2]
const NO_SUCH_CHANNEL = 0x6881
/** STATUS, TERMINAL PROFILE, FETCH, TERMINAL RESPONSE, TERMINAL CAPABILITY: a modem may reserve these. */
const RESERVED_BY_MODEM = [0xf2, 0x10, 0x12, 0x14, 0xaa]
const INSTRUCTION_NOT_SUPPORTED = 0x6d00
/** Channels that every card and modem supports; earlier programs may have left them open. */
const EARLIEST_CHANNELS = [1, 2, 3]

const FULL = 20

const COMMANDS = { 'ccho-cgla': 'AT+CGLA', csim: 'AT+CSIM' } as const
const isSelected = (answer: Uint8Array): boolean => isOk(getStatus(answer))
const ignoreRefusal = async (error: unknown): Promise<undefined> => {
  if (isApduError(error, 'port-gone', 'timed-out', 'card-removed')) throw error
  return undefined
}
/** The modem rejected the command or its response is unclear: the fallback path may work. */
const isModemError = (error: unknown): error is ApduError => isApduError(error, 'card-mute', 'bad-response')

/**
 * A Channel over a modem: MANAGE CHANNEL and SELECT become AT+CCHO and AT+CCHC, commands on a logical channel AT+CGLA,
 * the basic channel AT+CSIM. If AT+CCHO or a later command fails, AT+CSIM is the fallback and the reverse. A STORE DATA
 * chain is repeated (GPCS §11.11.2.2: executed with the last block only); else `exchange-lost`.
 */
export const createAtChannels = (apdu: AtApdu, { only, first, report = () => {}, note }: AtChannelsOptions = {}) => {
  const opened = new Map<number, ChannelState>()
  /** The STORE DATA blocks that the card has collected, by logical channel. */
  const chains = new Map<number, Uint8Array[]>()
  let path: ApduPath | undefined = only ?? (first === 'csim' ? first : undefined)
  let hasClosedLeftOpen = false
  let hasReportedNote = note === undefined

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
      const card = p2 || (response && getResponseData(response)[0])
      if (response && (getStatus(response) !== 0x9000 || card === undefined)) return response
      if (response) opened.set(number, { kind: 'card', number: card! })
      else path = undefined
    }
    if (path !== 'csim') opened.set(number, { kind: 'reserved' })
    return le === undefined ? respond(0x9000) : respond(0x9000, Uint8Array.of(number))
  }

  /** If the first path fails, the SELECT detects the other one. */
  const unlessOnly = (error: unknown): undefined => {
    if (only !== undefined || !isModemError(error)) throw error
    return undefined
  }

  const close = async (number: number): Promise<Uint8Array> => {
    const state = opened.get(number)
    if (!state) return respond(NO_SUCH_CHANNEL)
    opened.delete(number)
    chains.delete(number)
    if (state.kind === 'reserved') return respond(0x9000)
    if (state.kind === 'card') return closeOnCard(state.number)
    const end = await apdu.cchc(state.session)
    if (end.end === 'port-gone' || end.end === 'timed-out') throw noResponse('AT+CCHC', end)
    return respond(end.end === 'ok' ? 0x9000 : NO_SUCH_CHANNEL)
  }
  const closeOnCard = (number: number): Promise<Uint8Array> =>
    apdu.csim(Uint8Array.of(0x00, MANAGE_CHANNEL, 0x80, number))

  /** SELECT by AID on a channel without this application. */
  const select = async (number: number, command: DecodedCommand, bytes: Uint8Array): Promise<Uint8Array> => {
    let end = await openSession(number, command.data, bytes)
    if (!('end' in end)) return end.answer
    if (mayBeFull(end) && !hasClosedLeftOpen) {
      hasClosedLeftOpen = true
      if ((await closeLeftOpen(end)) > 0) {
        const again = await openSession(number, command.data, bytes)
        if (!('end' in again)) return again.answer
        end = again
      }
    }
    // TS 27.007 has no error for a missing application: it looks like a modem without CCHO.
    if (path === undefined) return selectOverCsim(number, bytes, end)
    return respond(0x6a82)
  }

  const selectWithNote = async (number: number, command: DecodedCommand, bytes: Uint8Array): Promise<Uint8Array> => {
    const answer = await select(number, command, bytes)
    if (!hasReportedNote && !isSelected(answer)) {
      hasReportedNote = true
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
    if (path === undefined) setPath('ccho-cgla')
    // AT+CCHO discards the response of SELECT. A second SELECT of the same application returns it.
    const answer = await apdu.cgla(session, bytes).catch(ignoreRefusal)
    return { answer: answer && isSelected(answer) ? answer : respond(0x9000) }
  }

  const setPath = (newPath: ApduPath): void => {
    path = newPath
    report({ text: `the card uses ${COMMANDS[newPath]}`, path: newPath })
  }

  /** All sessions may be in use: a plain ERROR has no reason, and 20 is "memory full". */
  const mayBeFull = (end: AtEnd): boolean => end.end === 'error' || isCme(end, 0, FULL, 100)

  /**
   * Closes channels that an earlier program left open, and returns their number. Closes channels of the card, which may
   * belong to the modem, only if `end` reports that target are too many.
   */
  const closeLeftOpen = async (end: AtEnd): Promise<number> => {
    const held = [...opened.values()].map(state => ('session' in state ? state.session : undefined))
    let closed = 0
    for (const number of EARLIEST_CHANNELS) {
      if (held.includes(String(number))) continue
      const cchc = await apdu.cchc(String(number))
      if (cchc.end === 'port-gone' || cchc.end === 'timed-out') throw noResponse('AT+CCHC', cchc)
      if (cchc.end === 'ok') closed++
      else if (isCme(end, FULL) && held.every(session => session === undefined)) {
        const response = await closeOnCard(number).catch(ignoreRefusal)
        if (response && getStatus(response) === 0x9000) closed++
      }
    }
    if (closed > 0) report({ text: `closed ${closed} logical channel(s) that an earlier session left open` })
    return closed
  }

  const selectOverCsim = async (number: number, bytes: Uint8Array, ccho: AtEnd): Promise<Uint8Array> => {
    const response = await openOnCard()
    if (response === undefined) {
      // The errors 13 and 22 concern the card or the application: the modem did open a channel.
      if (isCme(ccho, 13, 22)) return respond(0x6a82)
      report({
        text: `the modem opens no logical channel: AT+CCHO returns ${describeEnd(ccho)}, and AT+CSIM fails too`,
      })
      return respond(NO_SUCH_CHANNEL)
    }
    const answer = await onCard(response, bytes)
    if (isSelected(answer)) {
      setPath('csim')
      opened.set(number, { kind: 'card', number: response, select: bytes })
    } else await closeOnCard(response)
    return answer
  }

  /** Opens a logical channel of the card; undefined if modem or card refuse it. */
  const openOnCard = async (): Promise<number | undefined> => {
    const response = await apdu.csim(Uint8Array.of(0x00, MANAGE_CHANNEL, 0x00, 0x00, 0x01)).catch(ignoreRefusal)
    return response && getStatus(response) === 0x9000 ? getResponseData(response)[0] : undefined
  }

  const onCard = async (number: number, bytes: Uint8Array): Promise<Uint8Array> => {
    const out = Uint8Array.from(bytes)
    out[0] = classFor(number, bytes[0]!)
    try {
      return await apdu.csim(out)
    } catch (error) {
      if (!isModemError(error) || !RESERVED_BY_MODEM.includes(bytes[1]!)) throw error
      return respond(INSTRUCTION_NOT_SUPPORTED)
    }
  }

  /** Opens a channel on the other path and selects the same application; undefined if that fails. */
  const openOnOtherPath = async (state: InUse & { select: Uint8Array }): Promise<InUse | undefined> => {
    const { select } = state
    if (state.kind === 'session') {
      const number = await openOnCard()
      if (number === undefined) return undefined
      const answer = await onCard(number, select).catch(ignoreRefusal)
      if (answer && isSelected(answer)) return { kind: 'card', number, select }
      await closeOnCard(number).catch(ignoreRefusal)
      return undefined
    }
    const end = await apdu.ccho(decodeCommand(select).data)
    if (end.end === 'port-gone' || end.end === 'timed-out') throw noResponse('AT+CCHO', end)
    return end.end === 'ok' && end.reply ? { kind: 'session', session: end.reply[1]!, select } : undefined
  }

  /** Continues on the other path after `bytes` failed; see {@link createAtChannels} for what is repeated. */
  const switchPath = async (number: number, state: ChannelState, bytes: Uint8Array, failure: ApduError) => {
    if (only !== undefined || state.kind === 'reserved' || state.select === undefined) throw failure
    const selected = { ...state, select: state.select }
    if (state.kind === 'session') await apdu.cchc(state.session)
    else await closeOnCard(state.number).catch(ignoreRefusal)
    const target = await openOnOtherPath(selected)
    if (target === undefined) throw failure
    const chain = [...(chains.get(number) ?? []), bytes]
    opened.set(number, target)
    path = target.kind === 'card' ? 'csim' : 'ccho-cgla'
    const message = `${failure.message}; the card uses ${COMMANDS[path]} from now on`
    const { ins, p1 } = decodeCommand(bytes)
    if (ins !== SELECT && (ins !== STORE_DATA || (p1 & 0x80) !== 0)) {
      chains.delete(number)
      report({ text: message, path })
      throw new ApduError('exchange-lost', `${message}; it is unknown whether the card executed the command`, {
        cause: failure,
      })
    }
    let answer: Uint8Array | undefined
    for (const block of chain) {
      answer = await transmitOn(target, block)
      if (!isOk(getStatus(answer))) break
    }
    report({ text: message, path })
    return answer!
  }

  const transmitOn = (state: InUse, bytes: Uint8Array): Promise<Uint8Array> =>
    state.kind === 'card' ? onCard(state.number, bytes) : apdu.cgla(state.session, bytes)

  const onChannel = async (number: number, state: ChannelState, command: DecodedCommand, bytes: Uint8Array) => {
    const selects = (command.cla & 0x80) === 0 && command.ins === SELECT && command.p1 === 0x04
    if (state.kind === 'reserved') return selects ? selectWithNote(number, command, bytes) : respond(0x6985)
    if (state.kind === 'session' && selects && !isSameAid(state.select, command.data)) {
      await apdu.cchc(state.session)
      opened.set(number, { kind: 'reserved' })
      return select(number, command, bytes)
    }
    let answer: Uint8Array
    try {
      answer = await transmitOn(state, bytes)
    } catch (error) {
      if (!isModemError(error)) throw error
      answer = await switchPath(number, state, bytes, error)
    }
    if (selects && state.kind === 'card' && isSelected(answer)) opened.set(number, { ...state, select: bytes })
    return answer
  }

  /** Records the blocks of a STORE DATA chain: block 0 begins one; the last block or any other command ends it. */
  const collect = (number: number, { ins, p1, p2 }: DecodedCommand, bytes: Uint8Array, answer: Uint8Array): void => {
    const goesOn = ins === STORE_DATA && (p1 & 0x80) === 0 && getStatus(answer) === 0x9000
    if (!goesOn) chains.delete(number)
    else chains.set(number, p2 === 0 ? [bytes] : [...(chains.get(number) ?? []), bytes])
  }

  const channel: Channel = {
    transmit: async bytes => {
      const command = decodeCommand(bytes)
      if ((command.cla & 0x80) === 0 && command.ins === MANAGE_CHANNEL) return manage(bytes, command)
      const number = getLogicalChannel(command.cla)
      if (number === 0) return onCard(0, bytes)
      const state = opened.get(number)
      if (!state) return respond(NO_SUCH_CHANNEL)
      const answer = await onChannel(number, state, command, bytes)
      collect(number, command, bytes, answer)
      return answer
    },
  }

  return {
    channel,
    /** Undefined until an application is selected. */
    get path() {
      return path
    },
    /** Call after a reset of the card: all channels are closed. */
    forget: () => {
      opened.clear()
      chains.clear()
      hasClosedLeftOpen = false
    },
  }
}

const isSameAid = (select: Uint8Array, aid: Uint8Array): boolean =>
  Buffer.compare(decodeCommand(select).data, aid) === 0
