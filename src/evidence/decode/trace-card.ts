import type { Card, Channel } from '../../apdu/channel.ts'
import { traced } from '../../apdu/layers/trace.ts'
import { toHex } from '../../asn1/bytes.ts'
import type { Observation } from '../events.ts'
import type { Stopwatch } from '../recorder.ts'
import { createCardReader } from './card-reader.ts'

/** Shows every exchange of a channel as an observation. One tracer for a card, so that messages are followed across procedures. */
export const createCardTracer = (observe: (observation: Observation) => void, stopwatch: Stopwatch) => {
  const read = createCardReader()
  let count = 0
  const trace = (channel: Channel): Channel =>
    traced(
      channel,
      ({ command, response, error, tookMs }) => {
        count++
        observe({
          kind: 'apdu',
          command: toHex(command),
          response: response ? toHex(response) : null,
          ...(response ? {} : { error: error instanceof Error ? error.message : String(error) }),
          took: Math.round(tookMs * 1000) / 1000,
          ...read(command, response),
        })
      },
      stopwatch,
    )
  return {
    /** Exchanges so far. */
    count: () => count,
    /** The same card, whose exchanges are shown whoever holds it. */
    traceCard: (card: Pick<Card, 'exclusive' | 'reset'>): Pick<Card, 'exclusive' | 'reset'> => ({
      exclusive: procedure => card.exclusive(channel => procedure(trace(channel))),
      reset: () => card.reset(),
    }),
  }
}
