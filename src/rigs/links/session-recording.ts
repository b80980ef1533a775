import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs'
import { join, parse } from 'node:path'
import type { CardEvent } from '../../apdu/layers/record.ts'
import {
  createEntryEncoder,
  encodeRecording,
  encodeRecordingHeader,
  type RecordingEntry,
  type RecordingHeader,
} from '../../apdu/recording/recording.ts'
import { toHex } from '../../asn1/bytes.ts'
import { hideConfirmationCode } from '../../evidence/hide-confirmation-code.ts'
import { redactRecording } from '../../evidence/recording/redact-recording.ts'
import { BenchError } from '../../host/error.ts'
import { describeDiskError, describeFileError } from '../../host/state/file-error.ts'
import { VERSION } from '../../host/version.ts'
import type { Links } from '../attach.ts'
import { withSubject } from '../device-under-test.ts'
import { describeRig, getLinkKind, type Rig, summarizeRig } from '../rig.ts'
import type { OpenedCard, SessionRecording } from './link.ts'

export interface RecordSettings {
  /** The file of the first session. The next sessions of the same command are written to `NAME-2`, `NAME-3`. */
  readonly file: string
  /** Replaces EID, ICCIDs and IMSIs. The recording is then written when the card is closed. */
  readonly redact: boolean
  readonly clock: () => Date
  /** Creates the file; for tests. */
  readonly openFile?: (file: string) => number
}

/** Throws a BenchError `usage` if the file exists. */
export const checkRecordingFile = (file: string): void => {
  if (existsSync(file))
    throw new BenchError(
      'usage',
      `Cannot create ${file}: it already exists, and recordings are not overwritten. Choose another name.`,
    )
}

/** `links` that record each session with a card from its opening to its closing. */
export const recordSessions = (links: Links, settings: RecordSettings): Links => {
  let sessions = 0
  const nextFile = (): string => {
    sessions++
    if (sessions === 1) return settings.file
    const { dir, name, ext } = parse(settings.file)
    return join(dir, `${name}-${sessions}${ext}`)
  }
  return { ...links, startRecording: rig => startRecording(rig, nextFile(), settings) }
}

const startRecording = (rig: Rig, path: string, settings: RecordSettings): SessionRecording => {
  const file = openRecordingFile(path, settings.openFile)
  const encodeEntry = createEntryEncoder(hideConfirmationCode)
  const entries: RecordingEntry[] = []
  let header: RecordingHeader | undefined
  let isFinished = false
  const writeEntries = (): void => {
    for (const entry of entries.splice(0)) file.write(JSON.stringify(entry))
  }
  return {
    onEvent(event: CardEvent) {
      const entry = encodeEntry(event)
      if (entry !== undefined) entries.push(entry)
      // A late message may show which earlier bytes are identifiers.
      if (header !== undefined && !settings.redact) writeEntries()
    },
    begin(opened) {
      header = createHeader(rig, opened, settings)
      if (settings.redact) return
      file.write(encodeRecordingHeader(header))
      writeEntries()
    },
    finish() {
      if (isFinished || header === undefined) return
      isFinished = true
      if (settings.redact)
        for (const line of encodeRecording(redactRecording({ header, exchanges: entries }))) file.write(line)
      file.close()
    },
    discard() {
      if (isFinished) return
      isFinished = true
      file.discard()
    },
  }
}

const createHeader = (rig: Rig, opened: OpenedCard, { clock, redact }: RecordSettings): RecordingHeader => {
  const { atr } = opened.card
  const isSoftware = getLinkKind(rig) === 'software'
  return {
    card: isSoftware ? `software eUICC ${VERSION}` : describeRig(rig),
    date: clock().toISOString(),
    rig: rig.name,
    bench: VERSION,
    ...(atr.length > 0 ? { atr: toHex(atr) } : {}),
    subject: withSubject(summarizeRig(rig, ''), opened).subject,
    ...(redact ? { redacted: true } : {}),
  }
}

interface RecordingFile {
  /** A write error is thrown by `close`, because it must not interrupt an operation on the card. */
  write(line: string): void
  close(): void
  /** Deletes the file. */
  discard(): void
}

const createNew = (file: string): number => openSync(file, 'ax', 0o600)

const openRecordingFile = (file: string, openFile = createNew): RecordingFile => {
  let handle: number
  let failure: unknown
  const describe = (cause: unknown): string => describeDiskError(cause) ?? describeFileError(cause)
  try {
    handle = openFile(file)
  } catch (cause) {
    throw new BenchError(
      'usage',
      `Cannot create the recording ${file}: ${describe(cause)}. Choose a file that can be created.`,
      { cause },
    )
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
      if (failure !== undefined)
        throw new BenchError(
          'usage',
          `The recording ${file} is incomplete: ${describe(failure)}. The operations on the card were executed. Make space and record again.`,
          { cause: failure },
        )
    },
    discard() {
      closeSync(handle)
      rmSync(file, { force: true })
    },
  }
}
