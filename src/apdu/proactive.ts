import type { Channel } from './channel.ts'
import { encodeElement, findElement, readElements } from './elements.ts'
import { ApduError } from './errors.ts'
import { type Answer, transceive } from './exchange.ts'
import { isOk, refusal } from './status.ts'

/** A command from the card to the terminal (TS 102 223 §6.6). */
export interface ProactiveCommand {
  readonly number: number
  readonly type: number
  readonly qualifier: number
  /** Set when the type is REFRESH. */
  readonly refresh?: RefreshQualifier | number
  /** The whole command, tag 'D0'. */
  readonly bytes: Uint8Array
}

/** The modes of REFRESH by qualifier (TS 102 223 §8.6). */
export type RefreshQualifier =
  | 'naa-initialisation-and-full-file-change'
  | 'file-change'
  | 'naa-initialisation-and-file-change'
  | 'naa-initialisation'
  | 'uicc-reset'
  | 'naa-application-reset'
  | 'naa-session-reset'
  | 'steering-of-roaming'
  | 'steering-of-roaming-wlan'
  | 'euicc-profile-state-change'
  | 'application-update'
const REFRESH_MODES: readonly RefreshQualifier[] = [
  'naa-initialisation-and-full-file-change',
  'file-change',
  'naa-initialisation-and-file-change',
  'naa-initialisation',
  'uicc-reset',
  'naa-application-reset',
  'naa-session-reset',
  'steering-of-roaming',
  'steering-of-roaming-wlan',
  'euicc-profile-state-change',
  'application-update',
]
const REFRESH = 0x01

/** Results of TERMINAL RESPONSE (TS 102 223 §8.12). */
const PERFORMED = 0x00
const BEYOND_CAPABILITIES = 0x30

/** Limits a card that never stops sending proactive commands. */
const MAX_IN_A_ROW = 32

/** FETCH; `length` is the SW2 of the 91xx that announced it (256 for '00'). */
export const fetchProactive = async (channel: Channel, length: number): Promise<ProactiveCommand> => {
  const { data, status } = await transceive(channel, { cla: 0x80, ins: 0x12, p1: 0, p2: 0, le: length })
  if (!isOk(status)) throw refusal('FETCH', status)
  return decodeProactive(data)
}

export const decodeProactive = (bytes: Uint8Array): ProactiveCommand => {
  const [outer] = readElements(bytes)
  const inner = outer?.tag === 0xd0 ? readElements(outer.value) : []
  // Bit 8 of the tag only states whether the terminal may ignore the element (TS 101 220 §7.2).
  const details = findElement(inner, 0x81) ?? findElement(inner, 0x01)
  if (details?.length !== 3)
    throw new ApduError('bad-response', 'FETCH: the response of the card is not a proactive command')
  const [number, type, qualifier] = details as unknown as [number, number, number]
  return {
    number,
    type,
    qualifier,
    ...(type === REFRESH ? { refresh: REFRESH_MODES[qualifier & 0x0f] ?? qualifier } : {}),
    bytes,
  }
}

/** TERMINAL RESPONSE from the terminal to the card. */
export const answerProactive = (channel: Channel, command: ProactiveCommand, result: number): Promise<Answer> => {
  const { number, type, qualifier } = command
  const data = Uint8Array.from([
    ...encodeElement(0x81, Uint8Array.of(number, type, qualifier)),
    ...encodeElement(0x82, Uint8Array.of(0x82, 0x81)),
    ...encodeElement(0x83, Uint8Array.of(result)),
  ])
  return transceive(channel, { cla: 0x80, ins: 0x14, p1: 0, p2: 0, data })
}

/**
 * Fetches and answers proactive commands until none is pending, and returns them. `length` is SW2 of the 91xx.
 *
 * The terminal performs only REFRESH. After a REFRESH with UICC reset it sends no TERMINAL RESPONSE: the caller must reset
 * the card (TS 102 223 §6.4.7).
 */
export const serveProactive = async (channel: Channel, length: number): Promise<readonly ProactiveCommand[]> => {
  const fetched: ProactiveCommand[] = []
  for (let pending: number | undefined = length; pending !== undefined; ) {
    if (fetched.length === MAX_IN_A_ROW)
      throw new ApduError('bad-response', `the card sent ${MAX_IN_A_ROW} proactive commands in a row`)
    const command = await fetchProactive(channel, pending)
    fetched.push(command)
    if (command.refresh === 'uicc-reset') break
    const { status } = await answerProactive(
      channel,
      command,
      command.refresh === undefined ? BEYOND_CAPABILITIES : PERFORMED,
    )
    if (!isOk(status)) throw refusal('TERMINAL RESPONSE', status)
    pending = status >> 8 === 0x91 ? status & 0xff || 0x100 : undefined
  }
  return fetched
}
