import { noResponse } from './at/at-apdu.ts'
import { type AtEnd, describeEnd } from './at/at-exchange.ts'
import type { AtPort } from './at/at-port.ts'
import { GENERIC_PROFILE, type ResetStep } from './profile.ts'

/** What a recipe may do with a modem besides asking it. */
export interface RecipeModem {
  readonly port: AtPort
  /** Milliseconds for each command. */
  readonly deadline: number
  /** The modem leaves and comes back; rejects where it does not in so many milliseconds. */
  comeBack(ms: number): Promise<void>
  report(text: string): void
}

/** A device that is told to leave does so in a moment; one that has not by then resets without leaving. */
const LEAVES_WITHIN_MS = 10_000

const isNo = ({ end }: AtEnd): boolean => end === 'error' || end === 'cme' || end === 'cms'

/**
 * Carries out the reset recipe of a modem's profile. Where the modem refuses a command of it, what every modem should
 * know is done instead: minimum functionality and back, which takes the card's power (TS 27.007 §8.2).
 */
export const runRecipe = async (steps: readonly ResetStep[], modem: RecipeModem): Promise<void> => {
  const { port, deadline } = modem
  for (const [at, step] of steps.entries()) {
    if ('wait' in step) {
      await port.settle(step.wait)
      continue
    }
    if ('reenumerates' in step) {
      await port.whenGone(LEAVES_WITHIN_MS)
      await modem.comeBack(step.reenumerates)
      continue
    }
    const end = await port.ask({ text: step.at }, deadline)
    if (end.end === 'ok') continue
    const next = steps[at + 1]
    // It may leave before its OK is out.
    if (end.end === 'port-gone' && next && 'reenumerates' in next) continue
    if (!isNo(end) || steps === GENERIC_PROFILE.reset) throw noResponse(step.at, end)
    modem.report(`the modem refuses ${step.at} of its reset recipe (${describeEnd(end)}); AT+CFUN resets it instead`)
    return runRecipe(GENERIC_PROFILE.reset!, modem)
  }
}

/** In how many milliseconds a modem that leaves is back by its recipe; undefined where it is none that leaves. */
export const returnsWithin = (steps: readonly ResetStep[] = []): number | undefined => {
  const returns = steps.flatMap(step => ('reenumerates' in step ? [step.reenumerates] : []))
  return returns.length > 0 ? Math.max(...returns) : undefined
}
