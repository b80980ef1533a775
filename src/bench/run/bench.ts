import { join } from 'node:path'
import { type CardJournal, createCardJournal } from '../../evidence/card-journal.ts'
import { BenchError } from '../../host/error.ts'
import { VERSION } from '../../host/version.ts'
import { type OpenedRig, openRig } from '../../rigs/attach.ts'
import { getNetworkSocketPath, openNetworkSocket } from '../../rigs/emulator/network-socket.ts'
import { type Rig, summarizeRig } from '../../rigs/rig.ts'
import { openServices, type Services } from '../../services/services.ts'
import { makeSupply, type Supply, stockProfile } from '../../services/stock.ts'
import type { BenchContext } from '../context.ts'
import { rebuildStore } from '../store/rebuild.ts'
import { openStore } from '../store/store.ts'
import { activate } from './activate.ts'
import type { ActivationSettings, RunOutcome } from './activation.ts'
import { ACTIVATION } from './activation-plan.ts'
import { createRunBook, type OpenRun, type RunBook } from './run-book.ts'
import { createStepTracker } from './step-tracker.ts'

export interface BenchSettings {
  readonly workplace: BenchContext
  readonly clock: () => Date
  readonly stopwatch: () => number
  readonly random: (length: number) => Uint8Array
  /** Where the key of the SM-DP+'s store may be given. */
  readonly environment?: NodeJS.ProcessEnv
  /** The profile of every run; without it each run has one of its own. */
  readonly supply?: Supply
  readonly signal: AbortSignal
}

/** A run that has begun. */
export interface Begun {
  readonly runId: string
  readonly done: Promise<RunOutcome>
}

/** The settings of an activation, without its portal view. The caller releases them with `free`. */
export interface Taken {
  readonly settings: Omit<ActivationSettings, 'portal' | 'onState'>
  free(): void
}

/** Services, store and runs of one process. One run at a time: they share the services' switchboard. */
export interface Bench {
  readonly services: Services
  readonly book: RunBook
  readonly workplace: BenchContext
  /** Which rig a run would use now, and why. */
  choose(rig?: string): Promise<{ rig: Rig; why: string }>
  take(rig?: string): Promise<Taken>
  begin(rig?: string): Promise<Begun>
  close(): Promise<void>
}

export const openBench = async (settings: BenchSettings): Promise<Bench> => {
  const { workplace, clock, stopwatch, random, signal } = settings
  const { home, pki, log } = workplace
  const report = (error: unknown): void => log.error({ err: error }, 'a server failed')
  const store = await openStore(home.store)
  for (const damage of await rebuildStore(store, home.evidence)) log.warn(damage.message)
  const smdpStore = { location: join(home.path, 'services.db'), environment: settings.environment ?? {} }
  const services = await openServices({
    pki,
    homePki: home.pki,
    clock,
    stopwatch,
    random,
    report,
    smdpStore,
  }).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  const networkSocket = await openNetworkSocket(getNetworkSocketPath(home.path), services.network).catch(
    (cause: unknown) => {
      log.warn(
        { err: cause },
        'cannot open the network socket in the state folder: emulated modems of other processes have no network',
      )
      return undefined
    },
  )
  const book = createRunBook({
    store,
    evidenceFolder: home.evidence,
    clock,
    stopwatch,
    random,
    report: error => log.error({ err: error }, 'a row of a run was not written'),
  })
  let isClosing = false
  /** Resolves when the current run has released its settings. */
  let inUse: Promise<void> | undefined

  const take = async (name?: string): Promise<Taken> => {
    if (isClosing) throw new BenchError('busy', 'the bench is being ended; start it again for another run')
    if (inUse) throw new BenchError('busy', 'another run is going on; wait for its end')
    let release: () => void = () => undefined
    inUse = new Promise(resolve => {
      release = resolve
    })
    const free = (): void => {
      inUse = undefined
      release()
    }
    try {
      const { rig, why } = await workplace.choose(name)
      const cardJournal = createCardJournal({ clock, stopwatch })
      const device = await openRig(workplace.links, rig, summarizeRig(rig, why), cardJournal)
      const supply = settings.supply ?? makeSupply(random)
      return {
        settings: {
          run: await openRun(device, cardJournal),
          device,
          cardJournal,
          services,
          certificates: [pki.ci.certificate.der],
          report: error => log.error({ err: error }, 'a run failed'),
          supply: () => stockProfile({ ...services, clock }, supply),
          clock,
          stopwatch,
          random,
          signal,
        },
        free,
      }
    } catch (error) {
      free()
      throw error
    }
  }
  const openRun = async (device: OpenedRig, { began }: CardJournal): Promise<OpenRun> => {
    try {
      return book.open(began)
    } catch (error) {
      await device.close()
      throw error
    }
  }

  /** A rig that was named and is not attached: the run is recorded, and none of its steps was asked. */
  const blockedRun = async (name: string, error: BenchError): Promise<RunOutcome> => {
    const found = workplace.rigs.find(rig => rig.name === name)!
    const rig = summarizeRig(found, 'It was named.')
    const run = book.open()
    run.recorder.record({ kind: 'run-started', scenario: 'activate', bench: VERSION, rig, steps: ACTIVATION })
    const tracker = createStepTracker(ACTIVATION, run.recorder, stopwatch)
    tracker.fail(error)
    const { verdict, cause, steps, ms, summary } = tracker.finish()
    const judged = cause === undefined ? {} : { cause }
    run.recorder.record({ kind: 'run-ended', verdict, ...judged, took: ms, apdus: 0, summary })
    await run.close()
    return { runId: run.runId, verdict, ...judged, rig, steps, ms, apdus: 0, evidence: run.evidence, summary }
  }

  return {
    services,
    book,
    workplace,
    choose: name => workplace.choose(name),
    take,
    async begin(name) {
      let taken: Taken
      try {
        taken = await take(name)
      } catch (error) {
        if (!(error instanceof BenchError) || error.code !== 'rig-not-attached' || name === undefined) throw error
        const outcome = await blockedRun(name, error)
        return { runId: outcome.runId, done: Promise.resolve(outcome) }
      }
      const done = activate(taken.settings).finally(taken.free)
      done.catch((error: unknown) => log.error({ err: error }, 'a run failed'))
      return { runId: taken.settings.run.runId, done }
    },
    async close() {
      isClosing = true
      await inUse
      await networkSocket?.close()
      await services.close()
      await store.close()
    },
  }
}
