import type { Card } from '../../../src/apdu/channel.ts'
import { recordCard } from '../../../src/apdu/layers/record.ts'
import { createEntryEncoder, type RecordingEntry } from '../../../src/apdu/recording/recording.ts'
import { hideConfirmationCode } from '../../../src/evidence/hide-confirmation-code.ts'

/** `card`, whose exchanges and resets are added to `entries` as a recording contains them. */
export const recordEntries = (card: Card, entries: RecordingEntry[]): Card => {
  const encode = createEntryEncoder(hideConfirmationCode)
  return recordCard({
    stopwatch: () => 0,
    onEvent(event) {
      const entry = encode(event)
      if (entry !== undefined) entries.push(entry)
    },
  })(card)
}
