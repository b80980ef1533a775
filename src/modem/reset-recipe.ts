import { noResponse } from './at/at-apdu.ts'
import { type AtEnd, describeEnd } from './at/at-exchange.ts'
import type { AtPort } from './at/at-port.ts'
import { GENERIC_PROFILE, type ResetStep } from './profile.ts'

/** Operations of a reset recipe. */
export interface RecipeModem {
  readonly port: AtPort
  /** Deadline of each command, in milliseconds. */
  readonly deadline: number
  /** Waits until the modem left and came back; rejects after `ms` milliseconds. */
  comeBack(ms: number): Promise<void>
  report(text: string): void
}

/** A modem that leaves does so within this time; otherwise it resets without leaving. */
const LEAVE_TIMEOUT_MS = 10_000

const isRejected = ({ end }: AtEnd): boolean => end === 'error' || end === 'cme' || end === 'cms'

/**
 * Runs the reset recipe of a modem profile. If the modem rejects a command, uses AT+CFUN=0 and AT+CFUN=1, which power
 * the card off and on (TS 27.007 §8.2).
 */
export const runRecipe = async (steps: readonly ResetStep[], modem: RecipeModem): Promise<void> => {
  const { port, deadline } = modem
  for (const [at, step] of steps.entries()) {
    if ('wait' in step) {
      await port.settle(step.wait)
      continue
    }
    if ('reenumerates' in step) {
      await port.whenGone(LEAVE_TIMEOUT_MS)
      await modem.comeBack(step.reenumerates)
      continue
    }
    const end = await port.ask({ text: step.at }, deadline)
    if (end.end === 'ok') continue
    const next = steps[at + 1]
    // The modem may leave before it sends OK.
    if (end.end === 'port-gone' && next && 'reenumerates' in next) continue
    if (!isRejected(end) || steps === GENERIC_PROFILE.reset) throw noResponse(step.at, end)
    modem.report(`the modem rejects ${step.at} of its reset recipe (${describeEnd(end)}); AT+CFUN resets it instead`)
    return runRecipe(GENERIC_PROFILE.reset!, modem)
  }
}

/** The time in milliseconds in which a modem leaves and comes back during a reset; undefined if it does not leave. */
export const getReturnTimeout = (steps: readonly ResetStep[] = []): number | undefined => {
  const returns = steps.flatMap(step => ('reenumerates' in step ? [step.reenumerates] : []))
  return returns.length > 0 ? Math.max(...returns) : undefined
}
