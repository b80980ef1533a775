import { describeEnd } from '../at/at-exchange.ts'
import type { After, AtPort } from '../at/at-port.ts'
import { type Functionality, readFunctionality, readSim, type SimReport } from './at-radio.ts'
import {
  askRegistration,
  describeRegistration,
  type ModemRegistration,
  REGISTRATION_COMMANDS,
  type RegistrationCommand,
  type RegistrationReport,
  readRegistrationNews,
  registeredBy,
} from './registration-report.ts'

/** How waiting for a network ended; `last` is what the modem said last. */
export type RegistrationEnd = { readonly last: ModemRegistration } & (
  | { readonly end: 'registered'; readonly kind: 'home' | 'roaming'; readonly by: RegistrationCommand }
  | { readonly end: 'denied'; readonly rejectCause: number | undefined }
  | { readonly end: 'timed-out' }
  | { readonly end: 'radio-off' }
  | { readonly end: 'no-sim'; readonly sim: SimReport }
  | { readonly end: 'port-gone' }
  /** The modem answers nothing any more. */
  | { readonly end: 'silent' }
  /** Who waited does so no longer. */
  | { readonly end: 'stopped' }
)

export type RegistrationEvent =
  | {
      readonly kind: 'report'
      readonly command: RegistrationCommand
      readonly report: RegistrationReport
      /** It answers a question. What comes of itself is told on, and decides nothing: it may be a look old. */
      readonly isAnswer: boolean
    }
  /** One look is over. */
  | {
      readonly kind: 'looked'
      readonly sim: SimReport | undefined
      readonly radio: Functionality | undefined
    }
  | { readonly kind: 'timed-out' | 'gone' | 'silent' | 'stopped' }

/** So many looks in a row must say no: modems say many things while they begin. One that says yes is enough. */
const LOOKS_FOR_NO = 3

/** Waits for a network: events in, at most one end out. */
export const createRegistrationWait = () => {
  const last: Partial<Record<RegistrationCommand, RegistrationReport>> = {}
  const answered: Partial<Record<RegistrationCommand, RegistrationReport>> = {}
  let no: string | undefined
  let noes = 0

  const noOf = (sim: SimReport | undefined, radio: Functionality | undefined): RegistrationEnd | undefined => {
    if (sim && sim.sim !== 'ready' && sim.sim !== 'busy') return { end: 'no-sim', sim, last }
    if (radio === 'minimum' || radio === 'radio-off') return { end: 'radio-off', last }
    const reports = Object.values(answered)
    const denied = reports.filter(({ state }) => state === 'denied')
    // While it looks elsewhere the modem has not given up.
    if (denied.length === 0 || reports.some(({ state }) => state === 'searching')) return undefined
    return {
      end: 'denied',
      rejectCause: denied.find(({ rejectCause }) => rejectCause !== undefined)?.rejectCause,
      last,
    }
  }

  return {
    last: last as ModemRegistration,
    hear: (event: RegistrationEvent): RegistrationEnd | undefined => {
      switch (event.kind) {
        case 'report':
          last[event.command] = event.report
          if (event.isAnswer) answered[event.command] = event.report
          return undefined
        case 'looked': {
          const found = registeredBy(answered)
          if (found) return { end: 'registered', kind: found.kind, by: found.command, last }
          const end = noOf(event.sim, event.radio)
          noes = end !== undefined && end.end === no ? noes + 1 : 1
          no = end?.end
          return end !== undefined && noes >= LOOKS_FOR_NO ? end : undefined
        }
        case 'gone':
          return { end: 'port-gone', last }
        default:
          return { end: event.kind, last }
      }
    },
  }
}

/** A change of what one of the commands says. */
export interface RegistrationChange {
  readonly command: RegistrationCommand
  readonly from: RegistrationReport | undefined
  readonly to: RegistrationReport
}

export interface RegistrationWaitOptions {
  /** Milliseconds until it is given up. */
  readonly deadline: number
  /** Milliseconds for each command. */
  readonly ordinary: number
  readonly after: After
  readonly onChange?: ((change: RegistrationChange) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** The modem's port went: resolves when it is back, with false where it does not come back. */
  readonly comeBack?: (() => Promise<boolean>) | undefined
}

const LOOK_EVERY_MS = 2_000

/**
 * Asks the modem where it is registered, at once, every two seconds, and whenever it says by itself that something
 * changed, until it is on a network or one of the other ends is met. Only what it answers ends the waiting: a line that
 * comes of itself may be as old as the profile before.
 */
export const waitForRegistration = async (port: AtPort, options: RegistrationWaitOptions): Promise<RegistrationEnd> => {
  const { ordinary, after, signal, onChange, comeBack } = options
  const wait = createRegistrationWait()
  const commands = new Set<RegistrationCommand>(REGISTRATION_COMMANDS)
  let isOver = false
  let wake: (() => void) | undefined
  const hurry = (): void => wake?.()
  const cancelDeadline = after(options.deadline, () => {
    isOver = true
    hurry()
  })
  signal?.addEventListener('abort', hurry)

  const take = (command: RegistrationCommand, report: RegistrationReport, isAnswer: boolean): boolean => {
    const from = wait.last[command]
    wait.hear({ kind: 'report', command, report, isAnswer })
    if (from?.state === report.state && from.rejectCause === report.rejectCause) return false
    onChange?.({ command, from, to: report })
    return true
  }
  const deafen = port.overhear(line => {
    const news = readRegistrationNews(line)
    if (news && commands.has(news.command) && take(news.command, news.report, false)) hurry()
  })

  /** Reject causes are told at level 3, cells at 2; there are modems that know only 1. */
  const subscribe = async (): Promise<void> => {
    for (const command of commands)
      for (const level of [3, 2, 1]) {
        if (signal?.aborted || isOver) return
        const end = await port.ask({ text: `AT+${command}=${level}` }, ordinary)
        if (end.end !== 'error' && end.end !== 'cme') break
      }
  }
  const ended = (): RegistrationEnd | undefined => {
    if (signal?.aborted) return wait.hear({ kind: 'stopped' })
    return isOver ? wait.hear({ kind: 'timed-out' }) : undefined
  }
  const look = async (): Promise<RegistrationEnd | undefined> => {
    const sim = await readSim(port, ordinary)
    const radio = await readFunctionality(port, ordinary)
    for (const command of commands) {
      const early = ended()
      if (early) return early
      const report = await askRegistration(port, command, ordinary)
      if (report === 'unknown-command') commands.delete(command)
      else if ('state' in report) take(command, report, true)
      else if (report.end === 'port-gone') return wait.hear({ kind: 'gone' })
      if (port.unusable !== undefined) return wait.hear({ kind: 'silent' })
    }
    return wait.hear({ kind: 'looked', sim, radio })
  }
  const pause = (): Promise<void> =>
    new Promise(resolve => {
      const cancel = after(LOOK_EVERY_MS, () => wake?.())
      wake = () => {
        wake = undefined
        cancel()
        resolve()
      }
    })

  try {
    await subscribe()
    for (;;) {
      const end = ended() ?? (await look()) ?? ended()
      if (end?.end === 'port-gone' && (await comeBack?.())) {
        await subscribe()
        continue
      }
      if (end) return end
      await pause()
    }
  } finally {
    cancelDeadline()
    deafen()
    signal?.removeEventListener('abort', hurry)
    if (port.unusable === undefined)
      for (const command of commands) await port.ask({ text: `AT+${command}=0` }, ordinary)
  }
}

/** In a sentence: why there is no registration. */
export const describeRegistrationEnd = (end: RegistrationEnd): string => {
  const said = `it says ${describeRegistration(end.last)}`
  switch (end.end) {
    case 'registered':
      return `registered, ${end.kind} (${end.by})`
    case 'denied':
      return `the network denies the modem: ${said}`
    case 'timed-out':
      return `the modem found no network before the deadline: ${said}`
    case 'radio-off':
      return "the modem's radio is off"
    case 'no-sim':
      return `the modem says of its card: ${end.sim.said}`
    case 'port-gone':
      return `the modem went away while it looked for a network: ${describeEnd({ end: 'port-gone' })}`
    case 'silent':
      return 'the modem stopped answering while it looked for a network'
    case 'stopped':
      return 'nobody waits for the network any more'
  }
}
