import type { DecodedCommand } from '../../apdu/command.ts'
import { encodeElement, findElement, readElements } from '../../apdu/elements.ts'
import { isApduError } from '../../apdu/errors.ts'
import { OK, type Reply } from '../es10/response.ts'

/** How the card requests that the terminal reads the changed profile (TS 102 223 §8.6, qualifiers of REFRESH). */
const REFRESH_QUALIFIERS = { 'uicc-reset': 0x04, 'euicc-profile-state-change': 0x09 } as const
export type RefreshMode = keyof typeof REFRESH_QUALIFIERS

const REFRESH = 0x01
const UICC = 0x81
const TERMINAL = 0x82

/**
 * The card side of the application toolkit for profile switches (SGP.22): one REFRESH that is pending (91xx), fetched,
 * and answered.
 */
export const createToolkit = (mode: RefreshMode, { waitsForProfile = false } = {}) => {
  let pending: { command: Uint8Array; isFetched: boolean; number: number } | undefined
  let count = 0
  let canRefresh = !waitsForProfile

  return {
    get isBusy(): boolean {
      return pending !== undefined
    },
    /** 91xx while a proactive command is pending. */
    get normalEnding(): number {
      return pending && !pending.isFetched ? 0x9100 | pending.command.length : 0x9000
    },

    /** TERMINAL PROFILE. Bit 8 of its third byte: the terminal performs REFRESH (TS 102 223 §5.2). */
    setTerminalProfile(profile: Uint8Array): void {
      canRefresh = !waitsForProfile || ((profile[2] ?? 0) & 0x80) !== 0
    },

    /** A terminal without REFRESH is not asked: the next reset has the same effect. */
    requestRefresh(): void {
      if (!canRefresh) return
      count = (count % 0xfe) + 1
      const details = encodeElement(0x81, Uint8Array.of(count, REFRESH, REFRESH_QUALIFIERS[mode]))
      const devices = encodeElement(0x82, Uint8Array.of(UICC, TERMINAL))
      const command = encodeElement(0xd0, Uint8Array.from([...details, ...devices]))
      pending = { command, isFetched: false, number: count }
    },

    /** FETCH. */
    fetch({ le, p1, p2 }: DecodedCommand): Reply {
      if (p1 !== 0 || p2 !== 0) return { status: 0x6a86 }
      if (pending === undefined || pending.isFetched) return { status: 0x6985 }
      if (le !== pending.command.length && le !== 0x100) return { status: 0x6c00 | pending.command.length }
      pending.isFetched = true
      return { status: 0x9000, data: pending.command }
    },

    /** TERMINAL RESPONSE; `performed` if the terminal executed the command (results 0x, TS 102 223 §8.12). */
    answer({ data, p1, p2 }: DecodedCommand): { reply: Reply; performed: boolean } {
      const refuse = (status: number) => ({ reply: { status }, performed: false })
      if (p1 !== 0 || p2 !== 0) return refuse(0x6a86)
      if (pending?.isFetched !== true) return refuse(0x6985)
      const elements = tryElements(data)
      const details = findElement(elements, 0x81) ?? findElement(elements, 0x01)
      const result = findElement(elements, 0x83) ?? findElement(elements, 0x03)
      if (details?.length !== 3 || details[0] !== pending.number || details[1] !== REFRESH) return refuse(0x6a80)
      if (result === undefined || result.length === 0) return refuse(0x6a80)
      // A terminal without REFRESH resets the card later, with the same effect.
      pending = undefined
      return { reply: OK, performed: result[0]! < 0x10 }
    },

    reset(): void {
      pending = undefined
    },
  }
}
export type CardToolkit = ReturnType<typeof createToolkit>

const tryElements = (data: Uint8Array) => {
  try {
    return readElements(data)
  } catch (error) {
    if (isApduError(error, 'bad-response')) return []
    throw error
  }
}
