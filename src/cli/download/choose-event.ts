import { BenchError } from '../../host/error.ts'
import type { EventEntry } from '../../rsp/interfaces/es11.ts'
import type { CardWork } from '../card/with-card.ts'
import { table } from '../table.ts'

export interface Discovered {
  /** The SM-DS that was asked. */
  readonly root: string
  readonly events: readonly EventEntry[]
}

export interface EventOptions {
  /** By its place in the list, from 1. */
  readonly event?: number
  readonly eventId?: string
  readonly all?: boolean
}

/** One way at most to say which, and only where an SM-DS is asked. */
export const checkEventOptions = ({ event, eventId, all }: EventOptions, discovers: boolean): void => {
  const given = [
    event !== undefined && '--event',
    eventId !== undefined && '--event-id',
    all === true && '--all',
  ].filter(way => way !== false)
  if (given.length > 1)
    throw new BenchError('usage', `give one way to say which event, not ${given.length}: ${given.join(' and ')}`)
  if (given.length > 0 && !discovers)
    throw new BenchError('usage', `${given[0]} is for the events of an SM-DS: give --discover with it`)
}

export const showEvents = (events: readonly EventEntry[]): string[] =>
  table(events.map(({ eventId, rspServerAddress }, index) => [String(index + 1), rspServerAddress, `event ${eventId}`]))

const listed = (events: readonly EventEntry[]): string =>
  events.map(({ eventId, rspServerAddress }, index) => `${index + 1}: ${eventId} at ${rspServerAddress}`).join('; ')

const noSuchEvent = (what: string, { root, events }: Discovered): BenchError =>
  new BenchError(
    'no-such-event',
    `${root} has no event ${what} for this card; ` +
      (events.length === 0 ? 'it has nothing for it' : `it has ${listed(events)}`),
  )

/** Those of the events that are to be downloaded. Where there are several, a person says which, or an option has. */
export const chooseEvents = async (
  at: Pick<CardWork, 'terminal' | 'runtime'>,
  found: Discovered,
  { event, eventId, all }: EventOptions,
): Promise<readonly EventEntry[]> => {
  const { root, events } = found
  if (event !== undefined) {
    const chosen = events[event - 1]
    if (chosen === undefined) throw noSuchEvent(String(event), found)
    return [chosen]
  }
  if (eventId !== undefined) {
    const chosen = events.find(other => other.eventId === eventId)
    if (chosen === undefined) throw noSuchEvent(eventId, found)
    return [chosen]
  }
  if (all || events.length < 2) return events
  if (at.terminal.ask === undefined)
    throw new BenchError(
      'usage',
      `${root} has ${events.length} events for this card (${listed(events)}), and there is no terminal to ask on: ` +
        'say which with --event NUMBER or --event-id ID, or --all',
    )
  at.terminal.line(`${root} has ${events.length} events for this card`)
  for (const line of showEvents(events)) at.terminal.line(line)
  for (;;) {
    const signal = at.runtime.interrupt
    const answer = (await at.terminal.ask(`which one? 1 to ${events.length}, [a]ll, [n]one: `, { signal }))?.trim()
    if (answer === undefined || /^(n(one)?)?$/i.test(answer)) throw new BenchError('declined', 'nothing was installed')
    if (/^a(ll)?$/i.test(answer)) return events
    const chosen = /^\d{1,6}$/.test(answer) ? events[Number(answer) - 1] : undefined
    if (chosen !== undefined) return [chosen]
    at.terminal.line(`there is no event ${answer}`)
  }
}
