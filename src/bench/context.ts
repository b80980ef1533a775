import { join, resolve } from 'node:path'
import type pino from 'pino'
import type { CardJournal } from '../evidence/card-journal.ts'
import { BenchError } from '../host/error.ts'
import { type CurveOption, ownCertificates, readCertificates } from '../host/pki/card-pki.ts'
import { readCiFolder } from '../host/pki/ci-folder.ts'
import type { Runtime } from '../host/runtime.ts'
import { type Home, homePath, openHome } from '../host/state/home.ts'
import { PACKAGE_FOLDER } from '../host/version.ts'
import { createLinks, type Links, type OpenedRig, openRig, probeRig } from '../rigs/attach.ts'
import { knowCards } from '../rigs/card-knowledge.ts'
import { checkIdentity } from '../rigs/check-identity.ts'
import { openLearnedFacts } from '../rigs/learned.ts'
import { checkRecordingFile, recordSessions } from '../rigs/links/session-recording.ts'
import { chooseRig, type Rig, readRigs, summarizeRig } from '../rigs/rig.ts'
import type { Pki } from '../rsp/certificates/pki-folder.ts'
import { checkLogLevel, openBenchLog } from './bench-log.ts'

/** Which test PKI the servers and software eUICCs use. */
export interface PkiOptions {
  /** A folder of the SGP.26 shape; the bench's own PKI if absent. */
  readonly certs?: string
  readonly curve: CurveOption
}
export interface RecordingOptions {
  /** The file that the recording of the card session is written to. */
  readonly record?: string
  readonly redact?: boolean
}
export interface LogOptions {
  /** Also writes the log to stderr. */
  readonly verbose?: boolean
}

/** What every command that does something stands on: the state folder, certificates, rigs. */
export interface BenchContext {
  readonly home: Home
  readonly pki: Pki
  /** CI certificates at hand, DER: the bench's own, then those of rigs/ci. A card that lists the key trusts them. */
  ciCertificates(): readonly Uint8Array[]
  readonly rigs: readonly Rig[]
  readonly links: Links
  /** Data for developers: contains no secrets and is not printed on the terminal. */
  readonly log: pino.Logger
  choose(rig: string | undefined): Promise<{ rig: Rig; why: string }>
  /** The card of the rig, in hand until it is closed. */
  open(rig: string | undefined, journal?: CardJournal): Promise<OpenedRig>
  close(): void
}

export const openContext = (
  runtime: Runtime,
  { certs, curve, record, redact, verbose }: PkiOptions & RecordingOptions & LogOptions,
): BenchContext => {
  const recordingFile = record === undefined ? undefined : resolve(runtime.workingFolder, record)
  if (recordingFile !== undefined) checkRecordingFile(recordingFile)
  else if (redact) throw new BenchError('usage', '--redact belongs to --record')
  const folders = [join(PACKAGE_FOLDER, 'rigs'), join(runtime.workingFolder, 'rigs')]
  const rigs = readRigs(folders)
  const home = openHome(homePath(runtime.environment, runtime.workingFolder))
  try {
    const log = openBenchLog(
      join(home.path, 'bench.log'),
      checkLogLevel(runtime.environment),
      verbose ? line => void runtime.err.write(line) : undefined,
    )
    log.debug({ home: home.path, curve, rigs: rigs.map(({ name }) => name) }, 'state folder opened')
    const context = { random: runtime.random, now: runtime.clock() }
    const pki =
      certs === undefined ? ownCertificates(home.pki, curve, context) : readCertificates(certs, curve, context)
    const plain = createLinks(
      home.cards,
      {
        pki,
        clock: runtime.clock,
        random: runtime.random,
        onFault: fault => log.error({ fault }, 'the software eUICC failed'),
      },
      knowCards(folders, join(home.path, 'learned'), runtime.clock),
      runtime.workingFolder,
      openLearnedFacts(join(home.path, 'learned')),
    )
    const links =
      recordingFile === undefined
        ? plain
        : recordSessions(plain, { file: recordingFile, redact: redact ?? false, clock: runtime.clock })
    const choose = (rig: string | undefined) => chooseRig(rigs, rig, probeRig(links))
    return {
      home,
      pki,
      ciCertificates: () => [pki.ci.certificate.der, ...folders.flatMap(folder => readCiFolder(join(folder, 'ci')))],
      rigs,
      links,
      log,
      choose,
      async open(name, journal) {
        const { rig, why } = await choose(name)
        log.info({ rig: rig.name }, why)
        const device = await openRig(links, rig, summarizeRig(rig, why), journal)
        try {
          await checkIdentity(device)
          return device
        } catch (error) {
          await device.close()
          throw error
        }
      },
      close: () => home.close(),
    }
  } catch (error) {
    home.close()
    throw error
  }
}

/** Opens a workplace for the time of `work`. */
export const withContext = async <T>(
  runtime: Runtime,
  options: PkiOptions & RecordingOptions & LogOptions,
  work: (workplace: BenchContext) => Promise<T>,
): Promise<T> => {
  const workplace = openContext(runtime, options)
  try {
    return await work(workplace)
  } finally {
    workplace.close()
  }
}
