import { type App, type Bridge, createApp, type PortalView } from '../../app/app.ts'
import type { AppEvent, AppState } from '../../app/state.ts'
import type { CardJournal } from '../../evidence/card-journal.ts'
import type { Cause, Observation, RigSummary, Verdict } from '../../evidence/events.ts'
import { BenchError } from '../../host/error.ts'
import type { OpenFetch } from '../../host/net/open-fetch.ts'
import { VERSION } from '../../host/version.ts'
import { withIsdr } from '../../lpa/card/isdr.ts'
import type { OpenedRig } from '../../rigs/attach.ts'
import { reportingAid } from '../../rigs/card-knowledge.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import { OPERATOR } from '../../services/hosts.ts'
import type { Services } from '../../services/services.ts'
import { recordDevice } from '../device/device-hooks.ts'
import { followApp } from '../device/follow-app.ts'
import { openLpaFetch } from '../device/lpa-fetch.ts'
import { createMobileDevice, imeiOf } from '../device/mobile-device.ts'
import { ACTIVATION } from './activation-plan.ts'
import { prepareCard } from './prepare-card.ts'
import type { OpenRun } from './run-book.ts'
import { createStepTracker, type StepOutcome, type StepTracker } from './step-tracker.ts'
import { unlessStopped } from './unless-stopped.ts'

export interface RunOutcome {
  readonly runId: string
  readonly verdict: Verdict
  readonly cause?: Cause
  readonly rig: RigSummary
  readonly steps: readonly StepOutcome[]
  readonly ms: number
  readonly apdus: number
  readonly evidence: string
  readonly summary: string
}

export interface ActivationSettings {
  readonly run: OpenRun
  readonly device: OpenedRig
  /** Observed `device` from its opening on. */
  readonly cardJournal: CardJournal
  readonly services: Services
  /** CI certificates at hand, DER. */
  readonly certificates: readonly Uint8Array[]
  /** Puts the profile of this run into the SM-DP+'s stock. */
  readonly supply: () => Promise<{ readonly iccid: string; readonly bytes: number }>
  readonly portal: (bridge: Bridge) => PortalView
  readonly onState?: (state: AppState, event: AppEvent) => void
  /** Receives unexpected errors. */
  readonly report: (error: unknown) => void
  readonly clock: () => Date
  readonly stopwatch: () => number
  readonly random: (length: number) => Uint8Array
  readonly signal: AbortSignal
}

/** An activation in progress: the app and the evidence of its run. */
export interface Activation {
  readonly app: App
  readonly tracker: StepTracker
  observe(observation: Observation): void
  note(text: string): void
  /** Ends the run and closes its resources. Idempotent. */
  finish(): Promise<RunOutcome>
}

const subjectKeyIdOf = (der: Uint8Array): Uint8Array | undefined => parseCertificate(der).subjectKeyId

/**
 * Prepares the card, adds a profile to the stock and opens the app with its LPA and modem. Steps begin with the
 * calls of the architecture, in interactive and unattended runs alike. Throws SetupFailed.
 */
export const openActivation = async (settings: ActivationSettings): Promise<Activation> => {
  const { run, device, cardJournal, services, clock, stopwatch, random, signal } = settings
  const { recorder } = run
  const tracker = createStepTracker(ACTIVATION, recorder, stopwatch, settings.report)
  const open: OpenFetch[] = []
  let lastFailure: unknown
  let ended: Promise<RunOutcome> | undefined

  const observe = (observation: Observation): void => {
    recorder.record(observation)
    if (observation.kind !== 'http' || observation.label !== 'ES2+.ReleaseProfile' || !observation.response) return
    tracker.summarize('a profile was ordered, confirmed and released for this card')
    tracker.enter(4)
  }
  const note = (text: string): void => observe({ kind: 'note', part: 'app', text })
  // An error of the LPA or the modem is more exact than the dialog of the app.
  const follow = followApp(tracker, () => lastFailure)
  const recordedFacts = new Set<string>()
  /** Records the new facts of the device: some are measured only while the card is used. */
  const recordFacts = (): void => {
    for (const text of [...device.facts, ...device.notes]) {
      if (!recordedFacts.has(text)) observe({ kind: 'note', part: 'euicc', text })
      recordedFacts.add(text)
    }
  }

  const finish = async (): Promise<RunOutcome> => {
    recordFacts()
    const outcome = tracker.finish()
    services.switchboard.watch(undefined)
    const notClosed: unknown[] = []
    for (const each of [...open, device]) await each.close().catch((error: unknown) => notClosed.push(error))
    const apdus = cardJournal.countApdus()
    const { verdict, cause, steps, ms, summary } = outcome
    const judged = cause === undefined ? {} : { cause }
    recorder.record({ kind: 'run-ended', verdict, ...judged, took: ms, apdus, summary })
    await run.close()
    // The evidence is complete. Report the errors of closing, and throw the first one that concerns the user.
    const [shown] = notClosed.filter(error => error instanceof BenchError)
    for (const error of notClosed) if (error !== shown) settings.report(error)
    if (shown !== undefined) throw shown
    return { runId: run.runId, verdict, ...judged, rig: device.rig, steps, ms, apdus, evidence: run.evidence, summary }
  }

  const setUp = async (): Promise<App> => {
    services.switchboard.watch({
      observe,
      onRequest(who) {
        if (who.from !== 'service' || who.to !== 'operator') return
        tracker.summarize('the app asked the service for the balance')
        tracker.enter(8)
      },
    })
    const profile = await settings.supply()
    recordFacts()
    const isdrOptions = reportingAid(device.isdrOptions, text => observe({ kind: 'note', part: 'euicc', text }))
    const { card } = device
    const prepared = await prepareCard(
      card,
      { ...profile, provider: OPERATOR.name, eid: device.rig.eid },
      isdrOptions,
      device.protectedNumbers,
    )
    const lpaFetch = await card.exclusive(channel =>
      withIsdr(channel, isdrOptions, isdr =>
        openLpaFetch(isdr, {
          addresses: services.addresses,
          allowUnlistedHosts: false,
          clock,
          certificates: settings.certificates,
          subjectKeyIdOf,
        }),
      ),
    )
    open.push(lpaFetch)
    if (prepared.removed.length > 0)
      note(`profiles of earlier runs were taken off the card: ${prepared.removed.join(', ')}`)
    const { lpa, registration } = createMobileDevice({
      card,
      isdrOptions,
      modem: device.modem,
      refreshFlag: device.refreshFlag,
      fetch: services.switchboard.traced(lpaFetch.fetch, { from: 'lpa', to: 'smdp' }),
      network: services.network,
      signal,
      hooks: recordDevice(tracker, observe, {
        // Another network than that of the bench does not notify the operator.
        onRegistered({ by, iccid, plmn, registration: kind }) {
          if (by === 'modem') services.operator.onRegistered({ iccid, plmn, kind })
        },
        onFailure(error) {
          lastFailure = error
        },
      }),
    })
    return createApp({
      device: {
        eid: prepared.eid,
        imei: imeiOf(device.modem),
        make: device.modem?.identity.manufacturer ?? 'esim-bench',
        model: device.modem?.identity.model ?? 'bench',
        market: OPERATOR.country,
        language: 'en',
      },
      service: services.toService,
      serviceUrl: services.serviceUrl,
      portal: settings.portal,
      lpa,
      registration,
      clock,
      random,
      note,
      onState(state, event) {
        follow(state, event)
        settings.onState?.(state, event)
      },
    })
  }

  try {
    recorder.record(
      { kind: 'run-started', scenario: 'activate', bench: VERSION, rig: device.rig, steps: ACTIVATION },
      cardJournal.began,
    )
    cardJournal.writeTo(recorder)
    const app = await unlessStopped(setUp(), signal)
    return {
      app,
      tracker,
      observe,
      note,
      finish() {
        ended ??= finish()
        return ended
      },
    }
  } catch (error) {
    tracker.fail(error)
    throw new SetupFailed(await finish(), error)
  }
}

/** The activation could not begin; `outcome` contains the reason. */
export class SetupFailed extends Error {
  readonly outcome: RunOutcome
  constructor(outcome: RunOutcome, cause: unknown) {
    super(outcome.summary, { cause })
    this.name = 'SetupFailed'
    this.outcome = outcome
  }
}
