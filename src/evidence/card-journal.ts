import type { CardEvent, CardObserver } from '../apdu/layers/record.ts'
import { toHex } from '../asn1/bytes.ts'
import { createCardReader } from './decode/card-reader.ts'
import type { Observation } from './events.ts'
import type { Moment, Recorder, Stopwatch } from './recorder.ts'

/** The card events of one run, from before the card is opened until the run ends. */
export interface CardJournal extends CardObserver {
  /** Before the card was opened: the run began here. */
  readonly began: Moment
  /** Writes the events so far, then each new one as it happens. */
  writeTo(recorder: Pick<Recorder, 'record'>): void
  /** APDUs so far; resets are not counted. */
  countApdus(): number
}

/**
 * Create it before the card is opened, and pass it to `openRig`. It keeps the events of the opening and of the identity
 * check until the evidence of the run is open.
 */
export const createCardJournal = ({ clock, stopwatch }: { clock: () => Date; stopwatch: Stopwatch }): CardJournal => {
  const now = (): Moment => ({ at: clock(), stopwatch: stopwatch() })
  const early: { readonly observation: Observation; readonly moment: Moment }[] = []
  let recorder: Pick<Recorder, 'record'> | undefined
  let apdus = 0
  let read = createCardReader()
  const toObservation = (event: CardEvent): Observation => {
    const took = Math.round(event.tookMs * 1000) / 1000
    const failure = 'error' in event ? { error: toMessage(event.error) } : {}
    if (event.kind === 'reset') {
      read = createCardReader()
      const atr = event.atr === undefined ? null : toHex(event.atr)
      return { kind: 'reset', reason: event.reason, label: 'RESET', atr, ...failure, took }
    }
    apdus++
    const { command, response } = event
    return {
      kind: 'apdu',
      command: toHex(command),
      response: response === undefined ? null : toHex(response),
      ...failure,
      took,
      ...read(command, response),
    }
  }
  return {
    began: now(),
    stopwatch,
    onEvent(event) {
      const observation = toObservation(event)
      if (recorder === undefined) early.push({ observation, moment: now() })
      else recorder.record(observation)
    },
    writeTo(next) {
      recorder = next
      for (const { observation, moment } of early.splice(0)) next.record(observation, moment)
    },
    countApdus: () => apdus,
  }
}

const toMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error))
