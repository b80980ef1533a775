import { createJsonAnswerer, type JsonAnswerer } from '../../apdu/json-answerer.ts'
import { withIsdr } from '../../lpa/isdr.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import type { Fetch } from '../../rsp/fetch.ts'
import { BenchError } from '../error.ts'
import type { StepPlan } from '../events.ts'
import { createEvidenceFile, createRunId } from '../evidence/evidence-file.ts'
import { createRecorder, type Recorder } from '../evidence/recorder.ts'
import { answerHttp } from '../lpac/lpac-http.ts'
import { findLpac, runLpac } from '../lpac/run-lpac.ts'
import type { Address } from '../net/address-book.ts'
import { openLpaFetch } from '../net/lpa-fetch.ts'
import type { OpenFetch } from '../net/open-fetch.ts'
import type { Device } from '../rigs/attach.ts'
import { StepFailure } from '../run/judge-error.ts'
import { createStepTracker } from '../run/step-tracker.ts'
import { createCardTracer } from '../trace/trace-card.ts'
import { traceFetch } from '../trace/trace-fetch.ts'
import { VERSION } from '../version.ts'
import { readCa } from './card/servers.ts'
import type { CardOptions } from './options.ts'
import { readCharacter, type World } from './terminal.ts'
import { atWork, type Workplace } from './workplace.ts'

export interface LpacOptions extends CardOptions {
  readonly http?: boolean
  readonly connectTo?: Address
  readonly ca?: string
}

/** The applet and its function; what comes behind may be an activation code or a confirmation code. */
const nameOf = (args: readonly string[]): string => {
  const end = args.findIndex(arg => !/^[a-z]+$/.test(arg))
  return ['lpac', ...args.slice(0, end < 0 ? 2 : Math.min(end, 2))].join(' ')
}

const openServers = (world: World, workplace: Workplace, device: Device, options: LpacOptions): Promise<OpenFetch> => {
  const { connectTo, ca } = options
  return device.card.exclusive(channel =>
    withIsdr(channel, device.isdrOptions, isdr =>
      openLpaFetch(isdr, {
        addresses: { serve: () => undefined, find: () => connectTo },
        openWorld: true,
        clock: world.clock,
        certificates: workplace.ciCertificates(),
        ...(ca === undefined ? {} : { instead: readCa(ca) }),
        subjectKeyIdOf: der => parseCertificate(der).subjectKeyId,
        // Which server it is, only lpac knows.
        asksSmds: true,
      }),
    ),
  )
}

/** One lpac on one card, as a run of one step. */
const runOnce = async (
  world: World,
  at: { lpac: string; args: readonly string[]; device: Device; recorder: Recorder; servers: OpenFetch | undefined },
): Promise<number> => {
  const { lpac, args, device, recorder, servers } = at
  const plan: readonly StepPlan[] = [{ step: 1, name: nameOf(args), from: 'lpa', to: 'euicc' }]
  recorder.record({ kind: 'run-started', scenario: 'lpac', bench: VERSION, rig: device.rig, steps: plan })
  const tracker = createStepTracker(plan, recorder, world.stopwatch)
  const observe = (observation: Parameters<Recorder['record']>[0]): void => void recorder.record(observation)
  const tracer = createCardTracer(observe, world.stopwatch)
  for (const text of device.facts) observe({ kind: 'note', part: 'euicc', text })
  let ofCard: unknown
  let ofServer: unknown
  tracker.enter(1)
  try {
    const exitCode = await tracer.traceCard(device.card).exclusive(channel => {
      const card: JsonAnswerer = createJsonAnswerer(channel, {
        onFailure: error => {
          ofCard = error
        },
        // An application that is not there, say, is no failure where lpac goes on with another.
        onAnswered: () => {
          ofCard = undefined
        },
      })
      const onFailure = (error: unknown): void => {
        ofServer = error
      }
      const fetch: Fetch | undefined =
        servers && traceFetch(servers.fetch, { from: 'lpa', to: 'smdp' }, observe, world.stopwatch)
      return runLpac({
        lpac,
        args,
        environment: world.environment,
        workingFolder: world.workingFolder,
        card,
        ...(fetch ? { answerHttp: payload => answerHttp(fetch, payload, onFailure) } : {}),
        isWanted: async () => /^y/i.test(await readCharacter(world.in)),
        out: text => void world.out.write(text),
        err: text => void world.err.write(text),
        signal: world.interrupt,
      })
    })
    tracker.say(`lpac ended with exit code ${exitCode}`)
    if (exitCode === 0) tracker.complete()
    else tracker.fail(ofCard ?? ofServer ?? lpacFailed(exitCode))
    return exitCode
  } catch (error) {
    tracker.fail(error)
    throw error
  } finally {
    const { verdict, cause, ms, summary } = tracker.finish()
    const judged = cause === undefined ? {} : { cause }
    recorder.record({ kind: 'run-ended', verdict, ...judged, took: ms, apdus: tracer.count(), summary })
  }
}

/** Whose fault it was only lpac's own words say, which are not judged. */
const lpacFailed = (exitCode: number): StepFailure =>
  new StepFailure(
    'lpac-failed',
    { verdict: 'blocked', cause: 'bench' },
    `lpac ended with exit code ${exitCode}; what it said is on the terminal`,
  )

export const lpacCommand = async (world: World, args: readonly string[], options: LpacOptions): Promise<number> => {
  if (!options.http && (options.connectTo !== undefined || options.ca !== undefined))
    throw new BenchError('wrong-use', '--connect-to and --ca belong to --http: without it the HTTP is of lpac itself')
  const lpac = findLpac(world.environment, world.workingFolder)
  return atWork(world, options, async workplace => {
    const device = await workplace.open(options.rig)
    try {
      const runId = createRunId(world.clock(), world.random)
      const servers = options.http ? await openServers(world, workplace, device, options) : undefined
      const file = createEvidenceFile(workplace.home.evidence, runId)
      const { clock, stopwatch } = world
      const recorder = createRecorder({ runId, file, clock, stopwatch })
      try {
        return await runOnce(world, { lpac, args, device, recorder, servers })
      } finally {
        recorder.close()
        file.close()
        await servers?.close()
        world.err.write(`esim-bench: ${device.rig.why} Evidence: ${file.path}\n`)
      }
    } finally {
      await device.close()
    }
  })
}
