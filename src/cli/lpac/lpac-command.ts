import { createJsonAnswerer, type JsonAnswerer } from '../../apdu/json/json-answerer.ts'
import { type BenchContext, withContext } from '../../bench/context.ts'
import { openLpaFetch } from '../../bench/device/lpa-fetch.ts'
import { StepFailure } from '../../bench/run/classify-error.ts'
import { createStepTracker } from '../../bench/run/step-tracker.ts'
import { type CardJournal, createCardJournal } from '../../evidence/card-journal.ts'
import { traceFetch } from '../../evidence/decode/trace-fetch.ts'
import type { StepPlan } from '../../evidence/events.ts'
import { createEvidenceFile, createRunId } from '../../evidence/evidence-file.ts'
import { createRecorder, type Recorder } from '../../evidence/recorder.ts'
import { BenchError } from '../../host/error.ts'
import type { OpenFetch } from '../../host/net/open-fetch.ts'
import type { Runtime } from '../../host/runtime.ts'
import { VERSION } from '../../host/version.ts'
import { withIsdr } from '../../lpa/card/isdr.ts'
import type { OpenedRig } from '../../rigs/attach.ts'
import { answerHttp } from '../../rigs/lpac/lpac-http.ts'
import { findLpac, runLpac } from '../../rigs/lpac/run-lpac.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import type { Fetch } from '../../rsp/fetch.ts'
import { readCa } from '../card/servers.ts'
import { readCharacter } from '../terminal.ts'
import type { LpacOptions } from './lpac-options.ts'

/** The applet and its function, without arguments, which may contain secret codes. */
const getStepName = (args: readonly string[]): string => {
  const end = args.findIndex(arg => !/^[a-z]+$/.test(arg))
  return ['lpac', ...args.slice(0, end < 0 ? 2 : Math.min(end, 2))].join(' ')
}

const openServers = (
  runtime: Runtime,
  context: BenchContext,
  device: OpenedRig,
  options: LpacOptions,
): Promise<OpenFetch> => {
  const { connectTo, ca } = options
  return device.card.exclusive(channel =>
    withIsdr(channel, device.isdrOptions, isdr =>
      openLpaFetch(isdr, {
        addresses: { serve: () => undefined, find: () => connectTo },
        allowUnlistedHosts: true,
        clock: runtime.clock,
        certificates: context.ciCertificates(),
        ...(ca === undefined ? {} : { instead: readCa(ca) }),
        subjectKeyIdOf: der => parseCertificate(der).subjectKeyId,
        // lpac does not report the role of the server.
        asksSmds: true,
      }),
    ),
  )
}

/** Runs lpac on one card, as a run with one step. */
const runOnce = async (
  runtime: Runtime,
  at: {
    lpac: string
    args: readonly string[]
    device: OpenedRig
    cardJournal: CardJournal
    recorder: Recorder
    servers: OpenFetch | undefined
  },
): Promise<number> => {
  const { lpac, args, device, cardJournal, recorder, servers } = at
  const plan: readonly StepPlan[] = [{ step: 1, name: getStepName(args), from: 'lpa', to: 'euicc' }]
  recorder.record(
    { kind: 'run-started', scenario: 'lpac', bench: VERSION, rig: device.rig, steps: plan },
    cardJournal.began,
  )
  cardJournal.writeTo(recorder)
  const tracker = createStepTracker(plan, recorder, runtime.stopwatch)
  const observe = (observation: Parameters<Recorder['record']>[0]): void => void recorder.record(observation)
  for (const text of device.facts) observe({ kind: 'note', part: 'euicc', text })
  let cardError: unknown
  let serverError: unknown
  tracker.enter(1)
  try {
    const exitCode = await device.card.exclusive(channel => {
      const card: JsonAnswerer = createJsonAnswerer(channel, {
        onFailure: error => {
          cardError = error
        },
        // Only the last error counts: lpac continues after a missing application, for example.
        onAnswered: () => {
          cardError = undefined
        },
      })
      const onFailure = (error: unknown): void => {
        serverError = error
      }
      const fetch: Fetch | undefined =
        servers && traceFetch(servers.fetch, { from: 'lpa', to: 'smdp' }, observe, runtime.stopwatch)
      return runLpac({
        lpac,
        args,
        environment: runtime.environment,
        workingFolder: runtime.workingFolder,
        card,
        ...(fetch ? { answerHttp: payload => answerHttp(fetch, payload, onFailure) } : {}),
        isWanted: async () => /^y/i.test(await readCharacter(runtime.in)),
        out: text => void runtime.out.write(text),
        err: text => void runtime.err.write(text),
        signal: runtime.interrupt,
      })
    })
    tracker.summarize(`lpac ended with exit code ${exitCode}`)
    if (exitCode === 0) tracker.complete()
    else tracker.fail(cardError ?? serverError ?? createLpacFailure(exitCode))
    return exitCode
  } catch (error) {
    tracker.fail(error)
    throw error
  } finally {
    const { verdict, cause, ms, summary } = tracker.finish()
    const judged = cause === undefined ? {} : { cause }
    recorder.record({ kind: 'run-ended', verdict, ...judged, took: ms, apdus: cardJournal.countApdus(), summary })
  }
}

/** The cause is only in the text output of lpac, which the bench does not parse. */
const createLpacFailure = (exitCode: number): StepFailure =>
  new StepFailure(
    'lpac-failed',
    { verdict: 'blocked', cause: 'bench' },
    `lpac ended with exit code ${exitCode}; its output contains the reason`,
  )

export const lpacCommand = async (runtime: Runtime, args: readonly string[], options: LpacOptions): Promise<number> => {
  if (!options.http && (options.connectTo !== undefined || options.ca !== undefined))
    throw new BenchError('usage', '--connect-to and --ca need --http; without it lpac sends its own HTTP requests')
  const lpac = findLpac(runtime.environment, runtime.workingFolder)
  return withContext(runtime, options, async context => {
    const cardJournal = createCardJournal(runtime)
    const device = await context.open(options.rig, cardJournal)
    try {
      const runId = createRunId(runtime.clock(), runtime.random)
      const servers = options.http ? await openServers(runtime, context, device, options) : undefined
      const file = createEvidenceFile(context.home.evidence, runId)
      const { clock, stopwatch } = runtime
      const recorder = createRecorder({ runId, file, clock, stopwatch, began: cardJournal.began })
      try {
        return await runOnce(runtime, { lpac, args, device, cardJournal, recorder, servers })
      } finally {
        recorder.close()
        file.close()
        await servers?.close()
        runtime.err.write(`esim-bench: ${device.rig.why} Evidence: ${file.path}\n`)
      }
    } finally {
      await device.close()
    }
  })
}
