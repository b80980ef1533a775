import { type App, type Bridge, createApp, type PortalView } from '../../app/app.ts'
import type { AppEvent, AppState } from '../../app/state.ts'
import { withIsdr } from '../../lpa/isdr.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import type { Cause, Observation, RigSummary, Verdict } from '../events.ts'
import { openLpaFetch } from '../net/lpa-fetch.ts'
import type { OpenFetch } from '../net/open-fetch.ts'
import type { Device } from '../rigs/attach.ts'
import { tellingAid } from '../rigs/card-knowledge.ts'
import { OPERATOR } from '../services/hosts.ts'
import type { Services } from '../services/services.ts'
import { createCardTracer } from '../trace/trace-card.ts'
import { VERSION } from '../version.ts'
import { ACTIVATION } from './activation-plan.ts'
import { StepFailure } from './judge-error.ts'
import { createMobileDevice, imeiOf } from './mobile-device.ts'
import { prepareCard } from './prepare-card.ts'
import type { OpenRun } from './run-book.ts'
import { createStepTracker, type StepOutcome, type StepTracker } from './step-tracker.ts'

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
  readonly device: Device
  readonly services: Services
  /** CI certificates at hand, DER. */
  readonly certificates: readonly Uint8Array[]
  /** Puts the profile of this run into the SM-DP+'s stock. */
  readonly supply: () => Promise<{ readonly iccid: string; readonly bytes: number }>
  readonly portal: (bridge: Bridge) => PortalView
  readonly onState?: (state: AppState, event: AppEvent) => void
  /** Told of errors that nobody foresaw. */
  readonly report: (error: unknown) => void
  readonly clock: () => Date
  readonly stopwatch: () => number
  readonly random: (length: number) => Uint8Array
  readonly signal: AbortSignal
}

/** One activation that is going on: the app in somebody's hands, and the record of it. */
export interface Activation {
  readonly app: App
  readonly tracker: StepTracker
  observe(observation: Observation): void
  note(text: string): void
  /** Ends the run, however it went, and everything that was opened for it. Once. */
  finish(): Promise<RunOutcome>
}

const subjectKeyIdOf = (der: Uint8Array): Uint8Array | undefined => parseCertificate(der).subjectKeyId

/** Rejects when the signal is given. */
const stopped = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = (): void =>
      reject(new StepFailure('interrupted', { verdict: 'blocked', cause: 'bench' }, 'the run was interrupted'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })

/** Waits for `work`, but not beyond an interruption. */
export const unlessStopped = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  const end = stopped(signal)
  end.catch(() => undefined)
  return Promise.race([work, end])
}

/**
 * Sets an activation up: the card made ready, a profile in stock, the app switched on beside its LPA and its modem.
 * Steps begin where the architecture sees them begin, whoever presses the buttons.
 */
export const openActivation = async (settings: ActivationSettings): Promise<Activation> => {
  const { run, device, services, clock, stopwatch, random, signal } = settings
  const { recorder } = run
  const tracker = createStepTracker(ACTIVATION, recorder, stopwatch, settings.report)
  const open: OpenFetch[] = []
  let lastFailure: unknown
  let ended: Promise<RunOutcome> | undefined

  const observe = (observation: Observation): void => {
    recorder.record(observation)
    if (observation.kind !== 'http' || observation.label !== 'ES2+.ReleaseProfile' || !observation.response) return
    tracker.say('a profile was ordered, confirmed and released for this card')
    tracker.enter(4)
  }
  const note = (text: string): void => observe({ kind: 'note', part: 'app', text })
  const tracer = createCardTracer(observe, stopwatch)
  const toldOfDevice = new Set<string>()
  /** Some of it is found out while the card is used. */
  const tellOfDevice = (): void => {
    for (const text of [...device.facts, ...device.notes]) {
      if (!toldOfDevice.has(text)) observe({ kind: 'note', part: 'euicc', text })
      toldOfDevice.add(text)
    }
  }

  const finish = async (): Promise<RunOutcome> => {
    tellOfDevice()
    const outcome = tracker.finish()
    services.switchboard.watch(undefined)
    for (const each of open) await each.close()
    await device.close()
    const apdus = tracer.count()
    const { verdict, cause, steps, ms, summary } = outcome
    const judged = cause === undefined ? {} : { cause }
    recorder.record({ kind: 'run-ended', verdict, ...judged, took: ms, apdus, summary })
    await run.close()
    return { runId: run.runId, verdict, ...judged, rig: device.rig, steps, ms, apdus, evidence: run.evidence, summary }
  }

  const setUp = async (): Promise<App> => {
    services.switchboard.watch({
      observe,
      onRequest(who) {
        if (who.from !== 'service' || who.to !== 'operator') return
        tracker.say('the service was asked for the balance')
        tracker.enter(8)
      },
    })
    const profile = await settings.supply()
    tellOfDevice()
    const isdrOptions = tellingAid(device.isdrOptions, text => observe({ kind: 'note', part: 'euicc', text }))
    const card = tracer.traceCard(device.card)
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
          openWorld: false,
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
      hooks: {
        onConsent() {
          tracker.say('card and server have authenticated each other; the user agreed to the profile')
          tracker.enter(6)
        },
        onDownloaded: ({ iccid, packageLength, profile }) =>
          observe({
            kind: 'note',
            part: 'lpa',
            text: `installed ${iccid}, a package of ${packageLength} bytes: ${profile.profileName ?? ''}`,
          }),
        onRegistered({ iccid, imsi, operator, plmn, registration: kind, resynchronised, by }) {
          const where = `registered on ${operator}${plmn ? ` (${plmn})` : ''}, ${kind}`
          const said = by === 'modem' ? ', as the modem says' : ''
          tracker.say(`${iccid} is installed and enabled; ${where}${said}`)
          observe({
            kind: 'note',
            part: 'network',
            text: `${where}${said}`,
            data: {
              iccid,
              registration: kind,
              operator,
              plmn,
              ...(imsi === undefined ? {} : { imsi }),
              ...(resynchronised === undefined ? {} : { resynchronised }),
            },
          })
          // Of a network that is not the bench's the operator hears only so.
          if (by === 'modem') services.operator.onRegistered({ iccid, plmn, kind })
        },
        onModem: (text, data) =>
          observe({ kind: 'note', part: 'network', text, ...(data === undefined ? {} : { data }) }),
        note: text => observe({ kind: 'note', part: 'lpa', text }),
        progress: (text, done, total) => observe({ kind: 'progress', text, done, total, unit: 'bytes' }),
        onFailure(error) {
          lastFailure = error
        },
      },
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

  /** Which step an event of the app begins or ends. */
  const follow = (state: AppState, event: AppEvent): void => {
    if (event.kind === 'user' && event.action === 'open') tracker.enter(1)
    if (event.kind === 'providers')
      tracker.say(
        `${event.providers.length} operator${event.providers.length === 1 ? '' : 's'} offered in ${event.country}`,
      )
    if (event.kind === 'user' && event.action === 'continue') tracker.enter(2)
    if (event.kind === 'portal-ready') {
      tracker.say(`the portal of ${state.provider?.brandName ?? 'the operator'} is open`)
      tracker.enter(3)
    }
    if (event.kind === 'download') {
      tracker.say("the portal's page handed over the activation code")
      tracker.enter(5)
    }
    if (event.kind === 'user' && event.action === 'open-flyout' && state.line) tracker.enter(7)
    if (event.kind === 'flyout') followFlyout(event)
    if (state.screen.name === 'result' && state.screen.outcome !== 'connected') failOnScreen(state)
  }
  const followFlyout = ({ flyout }: Extract<AppEvent, { kind: 'flyout' }>): void => {
    if (flyout.state === 'failed')
      tracker.fail(
        new StepFailure('no-balance', { verdict: 'fail', cause: 'server' }, flyout.problem ?? 'no balance came'),
      )
    else if (flyout.balance) tracker.say([flyout.balance.headline, flyout.balance.detail].filter(Boolean).join(', '))
    else if (flyout.state === 'shown') tracker.say('the plan is billed afterwards, so that no balance is shown')
    if (flyout.state === 'shown') tracker.complete()
  }
  const failOnScreen = ({ screen }: AppState): void => {
    if (screen.name !== 'result') return
    // What the LPA or the modem saw says more than the dialog about it.
    tracker.fail(
      lastFailure ??
        new StepFailure(
          screen.errorCode ?? screen.outcome,
          verdictOf(screen.errorCode),
          `${screen.title}: ${screen.text}`,
        ),
    )
  }

  try {
    recorder.record({
      kind: 'run-started',
      scenario: 'activate',
      bench: VERSION,
      rig: device.rig,
      steps: ACTIVATION,
    })
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

/** The activation could not begin; its record says why. */
export class SetupFailed extends Error {
  readonly outcome: RunOutcome
  constructor(outcome: RunOutcome, cause: unknown) {
    super(outcome.summary, { cause })
    this.name = 'SetupFailed'
    this.outcome = outcome
  }
}

/** Services and portals that cannot be reached are not what is tested. */
const verdictOf = (code: string | undefined): { verdict: 'fail' | 'blocked'; cause: Cause } =>
  code === 'service-unreachable' || code === 'portal-unreachable'
    ? { verdict: 'blocked', cause: 'network' }
    : { verdict: 'fail', cause: 'server' }
