import { BenchError } from '../../host/error.ts'
import type { EventEntry } from '../../rsp/interfaces/es11.ts'
import type { EventOptions } from '../card/card-options.ts'
import type { CardWork } from '../card/with-card.ts'
import { table } from '../table.ts'

export interface DiscoveredEvents {
  /** Host of the SM-DS. */
  readonly root: string
  readonly events: readonly EventEntry[]
}

/** Checks that at most one option selects events, and only together with --discover. */
export const checkEventOptions = ({ event, eventId, all }: EventOptions, isDiscovery: boolean): void => {
  const given = [
    event !== undefined && '--event',
    eventId !== undefined && '--event-id',
    all === true && '--all',
  ].filter(each => each !== false)
  if (given.length > 1) throw new BenchError('usage', `${given.join(' and ')} exclude each other; give one of them`)
  if (given.length > 0 && !isDiscovery)
    throw new BenchError('usage', `${given[0]} selects an event of an SM-DS; add --discover`)
}

export const showEvents = (events: readonly EventEntry[]): string[] =>
  table(events.map(({ eventId, rspServerAddress }, index) => [String(index + 1), rspServerAddress, `event ${eventId}`]))

const listEvents = (events: readonly EventEntry[]): string =>
  events.map(({ eventId, rspServerAddress }, index) => `${index + 1}: ${eventId} at ${rspServerAddress}`).join('; ')

const createNoSuchEventError = (what: string, { root, events }: DiscoveredEvents): BenchError =>
  new BenchError(
    'no-such-event',
    `${root} has no event ${what} for this card; ` +
      (events.length === 0 ? 'it has no events' : `it has ${listEvents(events)}`),
  )

/** Selects the events to download, by the options or by asking the user. */
export const chooseEvents = async (
  at: Pick<CardWork, 'terminal' | 'runtime'>,
  found: DiscoveredEvents,
  { event, eventId, all }: EventOptions,
): Promise<readonly EventEntry[]> => {
  const { root, events } = found
  if (event !== undefined) {
    const chosen = events[event - 1]
    if (chosen === undefined) throw createNoSuchEventError(String(event), found)
    return [chosen]
  }
  if (eventId !== undefined) {
    const chosen = events.find(other => other.eventId === eventId)
    if (chosen === undefined) throw createNoSuchEventError(eventId, found)
    return [chosen]
  }
  if (all || events.length < 2) return events
  if (at.terminal.ask === undefined)
    throw new BenchError(
      'usage',
      `${root} has ${events.length} events for this card (${listEvents(events)}), and there is no terminal to ask on: ` +
        'select with --event NUMBER, --event-id ID or --all',
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
