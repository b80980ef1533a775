/** The events of a plausible activation, for tests of the page. Random bytes come from a fixed seed. */
import type {
  BenchEvent,
  Cause,
  Decoded,
  Observation,
  Part,
  RigSummary,
  StepPlan,
  Verdict,
} from '../../src/evidence/events.ts'

export const SOFTWARE_RIG: RigSummary = {
  name: 'software',
  link: 'software',
  subject: 'software',
  description: 'The software eUICC of this bench, in the same process.',
  why: 'No rig with hardware is set up.',
  eid: '89049032123451234512345678901235',
}
export const HARDWARE_RIG: RigSummary = {
  name: 'desk-left',
  link: 'pcsc',
  subject: 'hardware',
  description: 'Test eUICC in the left reader.',
  why: 'The user selected this rig.',
  eid: '89049032000001000000012345678901',
}

export const STEPS: readonly StepPlan[] = [
  { step: 1, name: 'Start the app, fetch base data', from: 'app', to: 'service' },
  { step: 2, name: 'Open the portal', from: 'app', to: 'portal' },
  { step: 3, name: 'Choose a plan, order the profile', from: 'portal', to: 'operator' },
  { step: 4, name: 'Return the activation code', from: 'portal', to: 'app' },
  { step: 5, name: 'Contact the SM-DP+', from: 'lpa', to: 'smdp' },
  { step: 6, name: 'Download, install, enable, register', from: 'lpa', to: 'euicc' },
  { step: 7, name: 'Open the network flyout', from: 'app', to: 'service' },
  { step: 8, name: 'Show the balance', from: 'service', to: 'operator' },
]

export interface SampleOptions {
  readonly runId?: string
  readonly startedAt?: string
  readonly rig?: RigSummary
  /** The verdict of the run. Any verdict except pass comes from step 6. */
  readonly verdict?: Verdict
  readonly cause?: Cause
  /** Number of additional APDU exchanges in step 6. */
  readonly extraApdus?: number
}

export const sampleRun = (options: SampleOptions = {}): readonly BenchEvent[] => {
  const { runId = 'run-1', startedAt = '2026-11-22T20:15:30.000Z', rig = SOFTWARE_RIG, verdict = 'pass' } = options
  const noise = noiseFrom(7)
  const events: BenchEvent[] = []
  let ms = 0
  let step: number | undefined
  let apdus = 0
  const emit = (observation: Observation, after = 0): void => {
    ms += after
    const at = new Date(Date.parse(startedAt) + ms).toISOString()
    events.push({ runId, seq: events.length + 1, at, ms, ...(step && { step }), ...observation } as BenchEvent)
  }
  const http = (from: Part, to: Part, label: string, path: string, took: number, content: HttpContent = {}): void =>
    emit(
      {
        kind: 'http',
        from,
        to,
        label,
        method: content.request === undefined ? 'GET' : 'POST',
        url: `https://${HOSTS[to] ?? 'localhost'}${path}`,
        request: { headers: HEADERS, body: content.request === undefined ? '' : JSON.stringify(content.request) },
        response: {
          status: content.status ?? 200,
          headers: HEADERS,
          body: typeof content.response === 'string' ? content.response : JSON.stringify(content.response ?? {}),
        },
        took,
        ...(content.decoded && { decoded: content.decoded }),
      },
      content.after ?? took + 0.4,
    )
  const apdu = (label: string, command: string, response: string, decoded?: DecodedPair): void => {
    apdus += 1
    const took = 0.6 + (noise(1).charCodeAt(0) % 7) / 5
    emit({ kind: 'apdu', label, command, response, took, ...(decoded && { decoded }) }, took + 0.15)
  }
  const within = (number: number, summary: string, act: () => void): void => {
    const plan = STEPS[number - 1]!
    step = number
    const start = ms
    emit({ kind: 'step-started', name: plan.name }, 0.3)
    act()
    emit({ kind: 'step-ended', name: plan.name, verdict: 'pass', took: ms + 0.5 - start, summary }, 0.5)
    step = undefined
  }
  const finish = (summary: string): readonly BenchEvent[] => {
    const cause = options.cause && { cause: options.cause }
    emit({ kind: 'run-ended', verdict, ...cause, took: ms + 1, apdus, summary }, 1)
    return events
  }

  emit({ kind: 'run-started', scenario: 'activate', bench: '0.1.0', rig, steps: STEPS })
  emit({ kind: 'reset', reason: 'open', label: 'RESET', atr: '3B9F96803FC7', took: 12.5 }, 12.5)
  apdu('MANAGE CHANNEL open', '0070000001', '019000')
  apdu('ES10c.GetEID', '81E2910006BF3E035C015A', `BF3E125A10${rig.eid}9000`, { response: { eidValue: rig.eid ?? '' } })
  within(1, 'Base data fetched, 3 operators sell plans here', () => {
    http('app', 'service', 'GetProviders', '/providers?country=de', 6.1, { response: PROVIDERS })
    emit({ kind: 'note', part: 'app', text: '3 operators in the catalog', data: { country: 'de' } })
  })
  within(2, 'The portal selected the flow for a new eSIM', () => {
    http('app', 'portal', 'portal GET /', '/?market=DE&location=DE&transactionId=Qm7x.1', 4.8, { response: PAGE })
    http('app', 'portal', 'portal GET /plans', '/plans', 3.2, { response: PAGE })
  })
  within(3, 'Plan Week ordered; profile released at the SM-DP+', () => {
    http('operator', 'smdp', 'ES2+.DownloadOrder', '/gsma/rsp2/es2plus/downloadOrder', 5.2, ES2P)
    http('operator', 'smdp', 'ES2+.ConfirmOrder', '/gsma/rsp2/es2plus/confirmOrder', 3.9, ES2P)
    http('portal', 'operator', 'order', '/orders', 12.1, { request: PLAN, response: { order: 'A-1042' }, after: 1.2 })
    http('app', 'portal', 'portal POST /checkout', '/checkout', 16.8, { request: PLAN, response: PAGE, after: 2.1 })
  })
  within(4, 'notifyProfileDownload called with 1$smdp.test.localhost$…', () => {
    emit({ kind: 'note', part: 'app', text: 'Activation code taken from the bridge call', data: { bridge: BRIDGE } }, 1)
  })
  within(5, 'SM-DP+ trusted by the card, both sides authenticated', () => {
    apdu('MANAGE CHANNEL open', '0070000001', '019000')
    apdu('SELECT ISD-R', '01A4040010A0000005591010FFFFFFFF8900000100', `6F1A${noise(26)}9000`)
    apdu('ES10b.GetEUICCInfo1', '81E2910003BF2000', `BF201E8203020300A917${noise(25)}9000`, {
      request: { GetEuiccInfo1Request: {} },
      response: { svn: '2.3.0', euiccCiPKIdListForVerification: [noise(20)] },
    })
    apdu('ES10b.GetEUICCChallenge', '81E2910003BF2E00', `BF2E128010${noise(16)}9000`, {
      request: { GetEuiccChallengeRequest: {} },
      response: { euiccChallenge: noise(16) },
    })
    http('lpa', 'smdp', 'ES9+.InitiateAuthentication', '/gsma/rsp2/es9plus/initiateAuthentication', 14.2, {
      request: { smdpAddress: 'smdp.test.localhost', euiccChallenge: 'z1Gq…' },
      response: { transactionId: '0A1B2C3D', header: { functionExecutionStatus: { status: 'Executed-Success' } } },
    })
    for (let block = 1; block <= 4; block += 1)
      apdu(`STORE DATA ${block}/4`, `81E2${block === 4 ? '91' : '11'}0${block - 1}78${noise(120)}`, '9000')
    apdu('ES10b.AuthenticateServer', '81C0000000', `BF38820180${noise(200)}9000`, {
      request: { serverSigned1: { transactionId: noise(16), euiccChallenge: noise(16), serverAddress: 'smdp.test' } },
      response: { authenticateResponseOk: { euiccSigned1: { ctxParams1: { matchingId: 'A-1042-7F' } } } },
    })
    http('lpa', 'smdp', 'ES9+.AuthenticateClient', '/gsma/rsp2/es9plus/authenticateClient', 22.6, {
      request: { transactionId: '0A1B2C3D' },
      response: { profileMetadata: 'vyVH…' },
    })
    emit({ kind: 'note', part: 'lpa', text: 'Metadata shown: Plan Week, Norddata', data: METADATA })
  })
  step = 6
  const start = ms
  emit({ kind: 'step-started', name: STEPS[5]!.name }, 0.3)
  http('lpa', 'smdp', 'ES9+.GetBoundProfilePackage', '/gsma/rsp2/es9plus/getBoundProfilePackage', 31.5, {
    request: { transactionId: '0A1B2C3D' },
    response: { boundProfilePackage: noise(600) },
  })
  const segments = 24 + (options.extraApdus ?? 0)
  for (let segment = 1; segment <= segments; segment += 1) {
    const last = segment === segments
    const response = last && verdict === 'fail' ? '6A80' : '9000'
    apdu(`STORE DATA ${segment}/${segments}`, `81E2${last ? '91' : '11'}0078${noise(120)}`, response)
    if (segment % 6 === 0)
      emit({ kind: 'progress', text: 'Profile to the card', done: segment * 120, total: segments * 120, unit: 'bytes' })
  }
  if (verdict !== 'pass') {
    const summary = SUMMARIES[verdict]
    const cause = options.cause && { cause: options.cause }
    const code = { errorCode: verdict === 'fail' ? 'incorrectInputValues' : 'card-removed' }
    emit({ kind: 'step-ended', name: STEPS[5]!.name, verdict, ...cause, took: ms - start, summary, ...code })
    step = undefined
    return finish(summary)
  }
  apdu('ES10c.EnableProfile', `81E2910014BF3111A00C5A0A${noise(10)}810100`, 'BF3103800100910F')
  emit({ kind: 'reset', reason: 'request', label: 'RESET', atr: '3B9F96803FC7', took: 8.1 }, 8.3)
  apdu('AUTHENTICATE', `0088008122${noise(34)}`, `DB08${noise(8)}10${noise(16)}9000`)
  emit({ kind: 'note', part: 'network', text: 'Registered: home, Norddata (001 01)', data: { state: 'home' } })
  emit({
    kind: 'step-ended',
    name: STEPS[5]!.name,
    verdict: 'pass',
    took: ms - start,
    summary: 'Installed, enabled, registered on 001 01',
  })
  step = undefined
  within(7, 'Balance requested from the service', () =>
    http('app', 'service', 'GetBalance', '/balance?iccid=8949…', 9.4, { response: BALANCE }),
  )
  within(8, '5.0 GB left until 29 November', () => {
    http('service', 'operator', 'GetBalance', '/sims/8949…/balance', 4.3, { response: BALANCE })
    emit({ kind: 'note', part: 'operator', text: 'Balance shown: 5.0 GB left', data: BALANCE })
  })
  return finish('Activated: Plan Week of Norddata is installed, enabled and registered')
}

interface HttpContent {
  readonly request?: Decoded
  readonly response?: Decoded
  readonly status?: number
  /** Milliseconds since the previous event, if different from the duration of the exchange. */
  readonly after?: number
  readonly decoded?: DecodedPair
}
interface DecodedPair {
  readonly request?: Decoded
  readonly response?: Decoded
}

const HOSTS: Partial<Record<Part, string>> = {
  service: 'plans.test.localhost',
  portal: 'portal.test.localhost',
  operator: 'api.test.localhost',
  smdp: 'smdp.test.localhost',
}
const HEADERS = { 'content-type': 'application/json', 'x-admin-protocol': 'gsma/rsp/v2.3.0' }
const PROVIDERS = {
  providers: [
    { id: 'norddata', name: 'Norddata' },
    { id: 'alba', name: 'Alba Mobile' },
  ],
}
const PAGE = '<!doctype html><title>Norddata</title><h1>Choose a plan</h1>'
const ES2P: HttpContent = {
  request: { header: { functionRequesterIdentifier: '1.2.3' }, profileType: 'week' },
  response: { header: { functionExecutionStatus: { status: 'Executed-Success' } }, iccid: '8949000000000000017F' },
}
const PLAN = { plan: 'week' }
const BRIDGE = 'MobilePlansInlineOperations.notifyProfileDownload'
const METADATA = { serviceProviderName: 'Norddata', profileName: 'Plan Week', iccid: '98940000000000000071' }
const BALANCE = { type: 'LIMITED', remaining: 5368709120, expires: '2026-11-29' }
const SUMMARIES: Readonly<Record<Exclude<Verdict, 'pass'>, string>> = {
  fail: 'The card rejected the last segment of the profile with SW 6A80 (incorrect data)',
  inapplicable: 'The card does not support remote profile installation',
  blocked: 'The card was removed from the reader. Insert the card and start the run again.',
}

/** Pseudorandom hexadecimal digits (xorshift). */
const noiseFrom = (seed: number): ((bytes: number) => string) => {
  let state = seed
  return bytes =>
    Array.from({ length: bytes }, () => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return (state & 0xff).toString(16).padStart(2, '0').toUpperCase()
    }).join('')
}
