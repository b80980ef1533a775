import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Card } from '../../apdu/channel.ts'
import { ApduError } from '../../apdu/errors.ts'
import { createMutex } from '../../apdu/mutex.ts'
import { type Recording, readRecording, replay } from '../../apdu/recording/recording.ts'
import { fromHex } from '../../asn1/bytes.ts'
import { hideConfirmationCode } from '../../evidence/hide-confirmation-code.ts'
import { BenchError } from '../../host/error.ts'
import { describeFileError } from '../../host/state/file-error.ts'
import type { Rig } from '../rig.ts'
import type { Link } from './link.ts'

/** A card that replays a recording and rejects other commands. */
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

/** Reads the recording at `path`. Throws an ApduError `invalid-recording` that names the file. */
const loadRecording = (path: string): Recording => {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ApduError('invalid-recording', `cannot read the recording ${path}: ${describeFileError(cause)}`, {
      cause,
    })
  }
  try {
    return readRecording(text)
  } catch (error) {
    if (!(error instanceof ApduError)) throw error
    throw new ApduError('invalid-recording', `${path}: ${error.message}`, { cause: error })
  }
}

const loadRigRecording = (rig: Rig, workingFolder: string): Recording => {
  if (rig.link === 'software' || !('tape' in rig.link)) throw new TypeError(`${rig.name} is not a rig with a recording`)
  return loadRecording(resolve(workingFolder, rig.link.tape))
}

const describeRecording = ({ header: { card, date, rig, bench, redacted } }: Recording): string =>
  `a replay of the recording of ${card}, made on ${date} from the rig ${rig} by esim-bench ${bench}` +
  (redacted ? ', with replaced EID, ICCIDs and IMSIs' : '')

/** A recorded session. Each opening starts at its beginning. */
export const recordingLink = (workingFolder: string): Link => ({
  look: async rig => {
    try {
      loadRigRecording(rig, workingFolder)
      return { attached: true }
    } catch (error) {
      if (!(error instanceof ApduError)) throw error
      return { attached: false, reason: error.message }
    }
  },
  open: async rig => {
    try {
      const recording = loadRigRecording(rig, workingFolder)
      return { card: playRecording(recording), facts: [describeRecording(recording)] }
    } catch (cause) {
      if (!(cause instanceof ApduError)) throw cause
      throw new BenchError('rig-not-attached', `the rig ${rig.name} cannot be replayed: ${cause.message}`, {
        data: { rig: rig.name },
        cause,
      })
    }
  },
})
