import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs'
import { join, parse } from 'node:path'
import {
  encodeHeader,
  type Recording,
  type RecordingEntry,
  type RecordingHeader,
  recordCard,
} from '../../apdu/recording/recording.ts'
import { toHex } from '../../asn1/bytes.ts'
import { hideConfirmationCode } from '../../evidence/hide-confirmation-code.ts'
import { redactRecording } from '../../evidence/recording/redact-recording.ts'
import { BenchError } from '../../host/error.ts'
import { VERSION } from '../../host/version.ts'
import type { Links } from '../attach.ts'
import { withSubject } from '../device-under-test.ts'
import { describeRig, getLinkKind, type Rig, summarizeRig } from '../rig.ts'
import type { Link, OpenedCard } from './link.ts'

export interface RecordSettings {
  /** The tape's file; a second session of the same command goes beside it, to `NAME-2`. */
  readonly file: string
  /** EID, ICCIDs and IMSIs are replaced; the tape is then written when the card is let go. */
  readonly redact: boolean
  readonly clock: () => Date
  /** Opens a file that is not there yet; for tests. */
  readonly openFile?: (file: string) => number
}

/** A tape is never written over. */
export const checkRecordingFile = (file: string): void => {
  if (existsSync(file))
    throw new BenchError('usage', `${file} is there already; a tape is never written over, give another name`)
}

const headerOf = (rig: Rig, reached: OpenedCard, { clock, redact }: RecordSettings): RecordingHeader => {
  const { atr } = reached.card
  const isSoftware = getLinkKind(rig) === 'software'
  return {
    card: isSoftware ? `software eUICC ${VERSION}` : describeRig(rig),
    date: clock().toISOString(),
    rig: rig.name,
    bench: VERSION,
    ...(atr.length > 0 ? { atr: toHex(atr) } : {}),
    subject: withSubject(summarizeRig(rig, ''), reached).subject,
    ...(redact ? { redacted: true } : {}),
  }
}

const openNew = (file: string): number => openSync(file, 'ax', 0o600)

interface RecordingFile {
  /** What cannot be written is told at the end: a full disk is no reason to leave a card in the middle of something. */
  write(line: string): void
  close(): void
  /** Nothing came to be recorded. */
  discard(): void
}

const openRecordingFile = (file: string, openFile = openNew): RecordingFile => {
  let handle: number
  let failure: unknown
  const cannot = (cause: unknown, more: string): BenchError =>
    new BenchError('usage', `cannot write the tape ${file}${more}: ${(cause as Error).message}`, { cause })
  try {
    handle = openFile(file)
  } catch (cause) {
    throw cannot(cause, '')
  }
  return {
    write(line) {
      if (failure !== undefined) return
      try {
        writeSync(handle, `${line}\n`)
      } catch (error) {
        failure = error
      }
    },
    close() {
      closeSync(handle)
      if (failure !== undefined) throw cannot(failure, ' to its end; what was done to the card is done')
    },
    discard() {
      closeSync(handle)
      rmSync(file, { force: true })
    },
  }
}

/** The same ways to cards, each card recorded from its opening to its closing. */
export const recordLinks = (links: Links, settings: RecordSettings): Links => {
  let sessions = 0
  const nextFile = (): string => {
    sessions++
    if (sessions === 1) return settings.file
    const { dir, name, ext } = parse(settings.file)
    return join(dir, `${name}-${sessions}${ext}`)
  }

  const recorded = (link: Link): Link => ({
    look: rig => link.look(rig),
    open: async rig => {
      const file = nextFile()
      const tape = openRecordingFile(file, settings.openFile)
      try {
        const reached = await link.open(rig)
        const header = headerOf(rig, reached, settings)
        const entries: RecordingEntry[] = []
        if (!settings.redact) tape.write(encodeHeader(header))
        const write = (entry: RecordingEntry): void => {
          // What is to be replaced may be told only at the end, in a message that shows what the earlier bytes were.
          if (settings.redact) entries.push(entry)
          else tape.write(JSON.stringify(entry))
        }
        const card = recordCard(reached.card, write, hideConfirmationCode)
        const finish = (): void => {
          if (settings.redact)
            for (const line of linesOf(redactRecording({ header, exchanges: entries }))) tape.write(line)
          tape.close()
        }
        return {
          ...reached,
          card: {
            ...card,
            get atr() {
              return card.atr
            },
            close: () => card.close().finally(finish),
          },
        }
      } catch (error) {
        tape.discard()
        throw error
      }
    },
  })

  const { software, pcsc, modem, exec, tcp, tape } = links
  return {
    ...links,
    software: recorded(software),
    pcsc: recorded(pcsc),
    modem: recorded(modem),
    exec: recorded(exec),
    tcp: recorded(tcp),
    tape: recorded(tape),
  }
}

const linesOf = ({ header, exchanges }: Recording): string[] => [
  encodeHeader(header),
  ...exchanges.map(entry => JSON.stringify(entry)),
]
