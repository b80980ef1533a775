import { AT_ERROR, AT_OK, type AtAnswer, type AtCommandHandler, type Schedule } from './at-modem-front.ts'

/** The registration of the modem. */
export interface SimulatedRegistration {
  readonly registration: 'home' | 'roaming'
  readonly operator: string
  /** MCC and MNC. */
  readonly plmn: string
}

/** TS 27.007 §7.2: the numbers of the states that this modem supports. */
const STATE = { idle: 0, home: 1, searching: 2, denied: 3, roaming: 5 } as const
type State = keyof typeof STATE
/** E-UTRAN, with the cell and area that the modem reports. */
const CELL = '"00A1","01234567",7'
/** Milliseconds until a modem without a network searches again. */
const SEARCH_INTERVAL_MS = 5_000

/** Radio and registration. The modem registers when its radio is on and a network accepts the card. */
export const createModemNetwork = ({
  schedule,
  registersAfter,
  attach,
  rejectCause,
  sendUrc,
  sim,
  leave,
}: {
  schedule: Schedule
  registersAfter: number
  /** Undefined: no network is available. */
  attach: (() => Promise<SimulatedRegistration | undefined>) | undefined
  /** The reject cause of a denial (TS 24.301 §9.9.3.9), if the command level requests it. */
  rejectCause: number | undefined
  sendUrc: (line: string) => void
  sim: { powerCycle(): Promise<void> }
  leave: () => void
}) => {
  let functionality = 1
  let state: State = 'idle'
  let registered: SimulatedRegistration | undefined
  let format = 0
  /** The URC level of each command: 0 none, 1 the state, 2 with the cell. */
  const reports = new Map<string, number>(['CREG', 'CGREG', 'CEREG', 'C5GREG'].map(name => [name, 0]))
  /** Incremented at each restart: results of an earlier attach are discarded. */
  let round = 0

  const report = (level: number): string => {
    const cell = level > 1 && registered ? `,${CELL}` : ''
    const rejected = level > 2 && state === 'denied' && rejectCause !== undefined
    return `${STATE[state]}${cell}${rejected ? `,,,,0,${rejectCause}` : ''}`
  }
  const enter = (next: State): void => {
    if (state === next) return
    state = next
    for (const [name, level] of reports) if (level > 0) sendUrc(`+${name}: ${report(level)}`)
  }

  const restart = (): void => {
    const current = ++round
    registered = undefined
    if (functionality !== 1 || !attach) {
      enter('idle')
      return
    }
    const search = (): void => {
      if (current !== round) return
      attach().then(
        found => {
          if (current !== round) return
          registered = found
          if (!found) schedule(SEARCH_INTERVAL_MS, search)
          enter(found?.registration ?? 'idle')
        },
        () => current === round && enter('denied'),
      )
    }
    enter('searching')
    schedule(registersAfter, search)
  }

  const setFunctionality = async (rest: string): Promise<AtAnswer> => {
    const match = /^=([0147])(?:,([01]))?$/.exec(rest)
    if (!match) return AT_ERROR
    const next = Number(match[1])
    if (match[2] === '1') {
      functionality = 1
      leave()
      return AT_OK
    }
    // Leaving minimum functionality powers the card on again.
    if (next === 0 || (functionality === 0 && next === 1)) await sim.powerCycle()
    functionality = next
    restart()
    return AT_OK
  }

  const registration = (name: string, rest: string): AtAnswer => {
    const level = reports.get(name)!
    if (rest === '?') return { lines: [`+${name}: ${level},${report(level)}`] }
    const match = /^=([0-3])$/.exec(rest)
    if (!match) return AT_ERROR
    reports.set(name, Number(match[1]))
    return AT_OK
  }

  const operator = (rest: string): AtAnswer => {
    if (rest === '?') {
      if (!registered) return { lines: ['+COPS: 0'] }
      return { lines: [`+COPS: 0,${format},"${format === 2 ? registered.plmn : registered.operator}",7`] }
    }
    const match = /^=3,([012])$/.exec(rest)
    if (match) format = Number(match[1])
    else if (/^=0/.test(rest)) restart()
    else return AT_ERROR
    return AT_OK
  }

  const commands: AtCommandHandler = ({ name, rest }) => {
    if (reports.has(name)) return registration(name, rest)
    if (name === 'COPS') return operator(rest)
    if (name === 'CSQ' && rest === '') return { lines: [registered ? '+CSQ: 24,99' : '+CSQ: 99,99'] }
    if (name === 'CESQ' && rest === '')
      return { lines: [registered ? '+CESQ: 99,99,255,255,20,46' : '+CESQ: 99,99,255,255,255,255'] }
    if (name === 'CFUN') return rest === '?' ? { lines: [`+CFUN: ${functionality}`] } : setFunctionality(rest)
    return undefined
  }

  return { commands, restart }
}
