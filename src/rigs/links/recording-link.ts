import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Card } from '../../apdu/channel.ts'
import { ApduError } from '../../apdu/errors.ts'
import { createMutex } from '../../apdu/mutex.ts'
import { type Recording, readRecording, replay } from '../../apdu/recording/recording.ts'
import { fromHex } from '../../asn1/bytes.ts'
import { hideConfirmationCode } from '../../evidence/hide-confirmation-code.ts'
import { BenchError } from '../../host/error.ts'
import type { Rig } from '../rig.ts'
import type { Link } from './link.ts'

/** The card of a tape: it answers what it was asked when it was recorded, and refuses everything else. */
export const playRecording = ({ header, exchanges }: Recording): Card => {
  const runExclusive = createMutex()
  const played = replay({ exchanges }, hideConfirmationCode)
  let atr = fromHex(header.atr ?? '')
  return {
    get atr() {
      return atr
    },
    reset: () =>
      runExclusive(async () => {
        atr = await played.reset()
        return atr
      }),
    exclusive: procedure => runExclusive(() => procedure(played)),
    close: async () => {},
  }
}

/** The tape at `path`; what is wrong with it is an ApduError `bad-tape` that names the file. */
const loadRecording = (path: string): Recording => {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message
    throw new ApduError('invalid-recording', `cannot read the tape ${path}: ${reason}`, { cause })
  }
  try {
    return readRecording(text)
  } catch (error) {
    if (!(error instanceof ApduError)) throw error
    throw new ApduError('invalid-recording', `${path}: ${error.message}`, { cause: error })
  }
}

const tapeOf = (rig: Rig, workingFolder: string): Recording => {
  if (rig.link === 'software' || !('tape' in rig.link)) throw new TypeError(`${rig.name} is no tape rig`)
  return loadRecording(resolve(workingFolder, rig.link.tape))
}

const describeRecording = ({ header: { card, date, rig, bench, redacted } }: Recording): string =>
  `a replay of the tape of ${card}, recorded on ${date} from the rig ${rig} by esim-bench ${bench}` +
  (redacted ? ', its EID, ICCIDs and IMSIs replaced' : '')

/** A recorded session, from its beginning at each opening. */
export const recordingLink = (workingFolder: string): Link => ({
  look: async rig => {
    try {
      tapeOf(rig, workingFolder)
      return { attached: true }
    } catch (error) {
      if (!(error instanceof ApduError)) throw error
      return { attached: false, reason: error.message }
    }
  },
  open: async rig => {
    try {
      const tape = tapeOf(rig, workingFolder)
      return { card: playRecording(tape), facts: [describeRecording(tape)] }
    } catch (cause) {
      if (!(cause instanceof ApduError)) throw cause
      throw new BenchError('rig-not-attached', `the rig ${rig.name} cannot be replayed: ${cause.message}`, {
        data: { rig: rig.name },
        cause,
      })
    }
  },
})
