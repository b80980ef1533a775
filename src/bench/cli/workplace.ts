import { join, resolve } from 'node:path'
import pino from 'pino'
import type { Pki } from '../../rsp/certificates/pki-folder.ts'
import { BenchError } from '../error.ts'
import { type Home, homePath, openHome } from '../home/home.ts'
import { ownCertificates, readCertificates } from '../pki/card-pki.ts'
import { readCiFolder } from '../pki/ci-folder.ts'
import { createLinks, type Device, type Links, lookFor, openDevice } from '../rigs/attach.ts'
import { knowCards } from '../rigs/card-knowledge.ts'
import { checkIdentity } from '../rigs/check-identity.ts'
import { openLearnedFacts } from '../rigs/learned.ts'
import { chooseRig, type Rig, readRigs, summarizeRig } from '../rigs/rig.ts'
import { checkTapeFile, recordLinks } from '../tape/record-links.ts'
import { PACKAGE_FOLDER } from '../version.ts'
import type { PkiOptions, TapeOptions } from './options.ts'
import type { World } from './terminal.ts'

/** What every command that does something stands on: the state folder, certificates, rigs. */
export interface Workplace {
  readonly home: Home
  readonly pki: Pki
  /** CI certificates at hand, DER: the bench's own, then those of rigs/ci. A card that lists the key trusts them. */
  ciCertificates(): readonly Uint8Array[]
  readonly rigs: readonly Rig[]
  readonly links: Links
  /** For whoever mends the bench; nothing secret, nothing on the terminal. */
  readonly log: pino.Logger
  choose(rig: string | undefined): Promise<{ rig: Rig; why: string }>
  /** The card of the rig, in hand until it is closed. */
  open(rig: string | undefined): Promise<Device>
  close(): void
}

export const openWorkplace = (world: World, { certs, curve, record, redact }: PkiOptions & TapeOptions): Workplace => {
  const tapeFile = record === undefined ? undefined : resolve(world.workingFolder, record)
  if (tapeFile !== undefined) checkTapeFile(tapeFile)
  else if (redact) throw new BenchError('wrong-use', '--redact belongs to --record')
  const folders = [join(PACKAGE_FOLDER, 'rigs'), join(world.workingFolder, 'rigs')]
  const rigs = readRigs(folders)
  const home = openHome(homePath(world.environment, world.workingFolder))
  try {
    const log = pino(
      { base: null, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: join(home.path, 'bench.log'), sync: true, mode: 0o600 }),
    )
    const context = { random: world.random, now: world.clock() }
    const pki =
      certs === undefined ? ownCertificates(home.pki, curve, context) : readCertificates(certs, curve, context)
    const plain = createLinks(
      home.cards,
      {
        pki,
        clock: world.clock,
        random: world.random,
        onFault: fault => log.error({ fault }, 'the software eUICC failed'),
      },
      knowCards(folders, join(home.path, 'learned'), world.clock),
      world.workingFolder,
      openLearnedFacts(join(home.path, 'learned')),
    )
    const links =
      tapeFile === undefined
        ? plain
        : recordLinks(plain, { file: tapeFile, redact: redact ?? false, clock: world.clock })
    const choose = (rig: string | undefined) => chooseRig(rigs, rig, lookFor(links))
    return {
      home,
      pki,
      ciCertificates: () => [pki.ci.certificate.der, ...folders.flatMap(folder => readCiFolder(join(folder, 'ci')))],
      rigs,
      links,
      log,
      choose,
      async open(name) {
        const { rig, why } = await choose(name)
        const device = await openDevice(links, rig, summarizeRig(rig, why))
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
export const atWork = async <T>(
  world: World,
  options: PkiOptions & TapeOptions,
  work: (workplace: Workplace) => Promise<T>,
): Promise<T> => {
  const workplace = openWorkplace(world, options)
  try {
    return await work(workplace)
  } finally {
    workplace.close()
  }
}
