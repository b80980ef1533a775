import type { After } from '../../apdu/json/json-asker.ts'
import { describeEnd } from '../at/at-exchange.ts'
import type { AtPort } from '../at/at-port.ts'
import { type Functionality, readFunctionality, readSim, type SimReport } from './at-radio.ts'
import {
  askRegistration,
  describeRegistration,
  getRegistered,
  type ModemRegistration,
  parseRegistrationUrc,
  REGISTRATION_COMMANDS,
  type RegistrationCommand,
  type RegistrationReport,
} from './registration-report.ts'

/** The result of a wait for registration; `last` is the last report of the modem. */
export type RegistrationEnd = { readonly last: ModemRegistration } & (
  | { readonly end: 'registered'; readonly kind: 'home' | 'roaming'; readonly by: RegistrationCommand }
  | { readonly end: 'denied'; readonly rejectCause: number | undefined }
  | { readonly end: 'timed-out' }
  | { readonly end: 'radio-off' }
  | { readonly end: 'no-sim'; readonly sim: SimReport }
  | { readonly end: 'port-gone' }
  /** The modem does not answer. */
  | { readonly end: 'silent' }
  /** The caller canceled the wait. */
  | { readonly end: 'stopped' }
)

export type RegistrationEvent =
  | {
      readonly kind: 'report'
      readonly command: RegistrationCommand
      readonly report: RegistrationReport
      /** True for a response. A URC is reported, but decides nothing: it may be outdated. */
      readonly isAnswer: boolean
    }
  /** One poll is complete. */
  | {
      readonly kind: 'polled'
      readonly sim: SimReport | undefined
      readonly radio: Functionality | undefined
    }
  | { readonly kind: 'timed-out' | 'gone' | 'silent' | 'stopped' }

/**
 * Number of consecutive polls with the same negative result; modems report transient states at start. One positive poll
 * is enough.
 */
const POLLS_UNTIL_FINAL = 3

/** State machine of the wait for registration: events in, at most one result out. */
export const createRegistrationWait = () => {
  const last: Partial<Record<RegistrationCommand, RegistrationReport>> = {}
  const answered: Partial<Record<RegistrationCommand, RegistrationReport>> = {}
  let lastNegative: string | undefined
  let repeats = 0

  const toNegativeResult = (
    sim: SimReport | undefined,
    radio: Functionality | undefined,
  ): RegistrationEnd | undefined => {
    if (sim && sim.sim !== 'ready' && sim.sim !== 'busy') return { end: 'no-sim', sim, last }
    if (radio === 'minimum' || radio === 'radio-off') return { end: 'radio-off', last }
    const reports = Object.values(answered)
    const denied = reports.filter(({ state }) => state === 'denied')
    // While it searches, the modem has not given up.
    if (denied.length === 0 || reports.some(({ state }) => state === 'searching')) return undefined
    return {
      end: 'denied',
      rejectCause: denied.find(({ rejectCause }) => rejectCause !== undefined)?.rejectCause,
      last,
    }
  }

  return {
    last: last as ModemRegistration,
    handle: (event: RegistrationEvent): RegistrationEnd | undefined => {
      switch (event.kind) {
        case 'report':
          last[event.command] = event.report
          if (event.isAnswer) answered[event.command] = event.report
          return undefined
        case 'polled': {
          const found = getRegistered(answered)
          if (found) return { end: 'registered', kind: found.kind, by: found.command, last }
          const end = toNegativeResult(event.sim, event.radio)
          repeats = end !== undefined && end.end === lastNegative ? repeats + 1 : 1
          lastNegative = end?.end
          return end !== undefined && repeats >= POLLS_UNTIL_FINAL ? end : undefined
        }
        case 'gone':
          return { end: 'port-gone', last }
        default:
          return { end: event.kind, last }
      }
    },
  }
}

/** A changed report of one command. */
export interface RegistrationChange {
  readonly command: RegistrationCommand
  readonly from: RegistrationReport | undefined
  readonly to: RegistrationReport
}

export interface RegistrationWaitOptions {
  /** Maximum time to wait, in milliseconds. */
  readonly deadline: number
  /** Deadline of each command, in milliseconds. */
  readonly ordinary: number
  readonly after: After
  readonly onChange?: ((change: RegistrationChange) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** The port closed: resolves with true when the modem is back, with false if it does not come back. */
  readonly comeBack?: (() => Promise<boolean>) | undefined
}

const POLL_MS = 2_000

/**
 * Polls the registration at once, every two seconds and after each URC, until the modem is registered or another result
 * is final. Only responses end the wait: a URC may be from the previous profile.
 */
export const waitForRegistration = async (port: AtPort, options: RegistrationWaitOptions): Promise<RegistrationEnd> => {
  const { ordinary, after, signal, onChange, comeBack } = options
  const wait = createRegistrationWait()
  const commands = new Set<RegistrationCommand>(REGISTRATION_COMMANDS)
  let isOver = false
  let wake: (() => void) | undefined
  const pollNow = (): void => wake?.()
  const cancelDeadline = after(options.deadline, () => {
    isOver = true
    pollNow()
  })
  signal?.addEventListener('abort', pollNow)

  const take = (command: RegistrationCommand, report: RegistrationReport, isAnswer: boolean): boolean => {
    const from = wait.last[command]
    wait.handle({ kind: 'report', command, report, isAnswer })
    if (from?.state === report.state && from.rejectCause === report.rejectCause) return false
    onChange?.({ command, from, to: report })
    return true
  }
  const stopListening = port.onLine(line => {
    const urc = parseRegistrationUrc(line)
    if (urc && commands.has(urc.command) && take(urc.command, urc.report, false)) pollNow()
  })

  /** Level 3 reports reject causes, level 2 cells; some modems support only level 1. */
  const subscribe = async (): Promise<void> => {
    for (const command of commands)
      for (const level of [3, 2, 1]) {
        if (signal?.aborted || isOver) return
        const end = await port.ask({ text: `AT+${command}=${level}` }, ordinary)
        if (end.end !== 'error' && end.end !== 'cme') break
      }
  }
  const ended = (): RegistrationEnd | undefined => {
    if (signal?.aborted) return wait.handle({ kind: 'stopped' })
    return isOver ? wait.handle({ kind: 'timed-out' }) : undefined
  }
  const poll = async (): Promise<RegistrationEnd | undefined> => {
    const sim = await readSim(port, ordinary)
    const radio = await readFunctionality(port, ordinary)
    for (const command of commands) {
      const early = ended()
      if (early) return early
      const report = await askRegistration(port, command, ordinary)
      if (report === 'unknown-command') commands.delete(command)
      else if ('state' in report) take(command, report, true)
      else if (report.end === 'port-gone') return wait.handle({ kind: 'gone' })
      if (port.unusable !== undefined) return wait.handle({ kind: 'silent' })
    }
    return wait.handle({ kind: 'polled', sim, radio })
  }
  const pause = (): Promise<void> =>
    new Promise(resolve => {
      const cancel = after(POLL_MS, () => wake?.())
      wake = () => {
        wake = undefined
        cancel()
        resolve()
      }
    })

  try {
    await subscribe()
    for (;;) {
      const end = ended() ?? (await poll()) ?? ended()
      if (end?.end === 'port-gone' && (await comeBack?.())) {
        await subscribe()
        continue
      }
      if (end) return end
      await pause()
    }
  } finally {
    cancelDeadline()
    stopListening()
    signal?.removeEventListener('abort', pollNow)
    if (port.unusable === undefined)
      for (const command of commands) await port.ask({ text: `AT+${command}=0` }, ordinary)
  }
}

/** A sentence with the reason for the missing registration. */
export const describeRegistrationEnd = (end: RegistrationEnd): string => {
  const report = `it reports ${describeRegistration(end.last)}`
  switch (end.end) {
    case 'registered':
      return `registered, ${end.kind} (${end.by})`
    case 'denied':
      return `the network denies registration: ${report}`
    case 'timed-out':
      return `the modem found no network before the deadline: ${report}`
    case 'radio-off':
      return "the modem's radio is off"
    case 'no-sim':
      return `the modem reports a card error: ${end.sim.text}`
    case 'port-gone':
      return `the modem left the bus while it searched for a network: ${describeEnd({ end: 'port-gone' })}`
    case 'silent':
      return 'the modem stopped answering while it searched for a network'
    case 'stopped':
      return 'the wait for the network was canceled'
  }
}
