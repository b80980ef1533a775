import { describe, expect, it } from 'vitest'
import type { ESimFailure } from '../../src/app/operation-status.ts'
import type { GatewayPageReply, Provider } from '../../src/app/service-client.ts'
import { type AppEvent, type AppState, CLOSED, type Effect } from '../../src/app/state.ts'
import { transition } from '../../src/app/transition.ts'

const ICCID = '8944100000000000013'
const provider: Provider = {
  id: 'northwind',
  brandName: 'Northwind Mobile',
  portalUri: 'https://portal.northwind.example',
  notificationUri: 'https://portal.northwind.example',
  iccidRanges: [],
}
const page = { templateId: '0', disclaimer: 'd' } as GatewayPageReply
const metadata = { moDirectStatus: 'Complete', planName: 'P' }
const operation = { id: 'op', activationCode: '1$a.example$B', metadata }
const at = new Date('2026-03-01T12:00:00Z')

/** Applies events to the closed app and returns the effects of the last event. */
const play = (...events: readonly AppEvent[]): { state: AppState; effects: readonly Effect[] } => {
  let state = CLOSED
  let effects: readonly Effect[] = []
  for (const event of events) [state, ...effects] = transition(state, event) as [AppState, ...Effect[]]
  return { state, effects }
}
const OPEN: AppEvent[] = [
  { kind: 'user', action: 'open' },
  { kind: 'providers', country: 'DE', providers: [provider] },
]
const GATEWAY: AppEvent[] = [
  ...OPEN,
  { kind: 'user', action: 'choose-provider', provider: 'northwind' },
  { kind: 'gateway', page },
]
const PORTAL: AppEvent[] = [
  ...GATEWAY,
  { kind: 'user', action: 'continue' },
  { kind: 'portal-launched', transactionId: 'cv.1' },
  { kind: 'portal-ready' },
  { kind: 'listen', event: 'activation', script: 'activated' },
  { kind: 'listen', event: 'registration', script: 'registered' },
]
const INSTALLED: AppEvent[] = [...PORTAL, { kind: 'download', operation }, { kind: 'installed', iccid: ICCID }]
const CONNECTED: AppEvent[] = [
  ...INSTALLED,
  { kind: 'enabled' },
  { kind: 'registration', state: 'home', operator: 'Northwind', final: true },
]
const failed = (status: ESimFailure): AppEvent => ({ kind: 'download-failed', status, detail: 'why', at, iccid: ICCID })
const told = (effects: readonly Effect[]): unknown[] =>
  effects.flatMap(effect => (effect.do === 'notify-page' ? [[effect.script, JSON.parse(effect.argument)]] : []))

describe('app without failures', () => {
  it('The app requests the operators and shows the catalog', () => {
    expect(play({ kind: 'user', action: 'open' })).toMatchObject({
      state: { screen: { name: 'loading' } },
      effects: [{ do: 'fetch-providers' }],
    })
    expect(play(...OPEN).state.screen).toEqual({ name: 'catalog', country: 'DE', providers: [provider] })
  })
  it('The app shows the gateway before the portal and can return to the catalog', () => {
    expect(play(...GATEWAY).state.screen).toEqual({ name: 'gateway', provider, page })
    expect(play(...GATEWAY, { kind: 'user', action: 'choose-another' }).state.screen.name).toBe('catalog')
  })
  it('The app downloads, enables, notifies the page and registers', () => {
    expect(play(...PORTAL, { kind: 'download', operation }).effects).toEqual([{ do: 'download', operation }])
    expect(play(...INSTALLED).effects).toEqual([{ do: 'enable', iccid: ICCID }])
    const { effects } = play(...INSTALLED, { kind: 'enabled' })
    expect(told(effects)).toEqual([['activated', { activationResult: 'success', iccid: ICCID }]])
    expect(effects.at(-1)).toEqual({ do: 'register', iccid: ICCID })
  })
  it('The app reports each change of the registration and ends with the last', () => {
    const { state, effects } = play(...CONNECTED)
    expect(told(effects)).toEqual([['registered', { networkRegistrationState: 'home', iccid: ICCID }]])
    expect(state).toMatchObject({
      screen: { name: 'portal' },
      download: { phase: 'done' },
      line: { iccid: ICCID, registration: 'home', operator: 'Northwind' },
      banner: expect.any(String),
    })
  })
  it.each(['home', 'roaming', 'partner'] as const)('JSB-043 The state %s counts as connected', registration => {
    const { state } = play(
      ...INSTALLED,
      { kind: 'enabled' },
      { kind: 'registration', state: registration, operator: 'N', final: true },
      { kind: 'user', action: 'cancel' },
    )
    expect(state.screen).toMatchObject({ name: 'result', outcome: 'connected' })
  })
  it('Opening the flyout requests the balance once', () => {
    const { state, effects } = play(...CONNECTED, { kind: 'user', action: 'open-flyout' })
    expect(state.flyout).toMatchObject({ state: 'loading', registration: 'home' })
    expect(effects).toEqual([
      { do: 'fetch-balance', country: 'DE', line: { iccid: ICCID, registration: 'home', operator: 'Northwind' } },
    ])
  })
  it('FLY-001 The flyout offers a plan without a request if no profile is enabled', () => {
    const { state, effects } = play({ kind: 'user', action: 'open-flyout' })
    expect(state.flyout?.links).toEqual([{ text: 'Connect with a data plan', action: 'open' }])
    expect(effects).toEqual([])
  })
})

describe('app with failures', () => {
  it('ERR-011, ERR-012 The app stores the code for Try again and the failure for the next launch', () => {
    const before = [...PORTAL, { kind: 'download', operation } as const, failed('ServerNotReachable')]
    const { state, effects } = play(...before)
    expect(state.screen).toMatchObject({
      outcome: 'failed',
      errorCode: 'serverNotReachable',
      correlationId: 'cv.1',
      retry: 'download',
    })
    expect(told(effects)).toEqual([['activated', { activationResult: 'serverNotReachable', iccid: ICCID }]])
    expect(play(...before, { kind: 'user', action: 'try-again' })).toMatchObject({
      state: { screen: { name: 'portal' }, download: { phase: 'contacting' } },
      effects: [{ do: 'download', operation }],
    })
    const closed = [...before, { kind: 'user', action: 'cancel' } as const]
    expect(play(...closed)).toMatchObject({ state: { screen: { name: 'gateway' } }, effects: [{ do: 'close-portal' }] })
    const again = play(...closed, { kind: 'user', action: 'continue' })
    expect(again.effects).toMatchObject([{ do: 'open-portal', failures: [{ status: 'ServerNotReachable', at }] }])
    // ERR-006: sent once.
    expect(
      play(...closed, { kind: 'user', action: 'continue' }, { kind: 'portal-launched', transactionId: 'cv.2' }).state
        .failures,
    ).toEqual([])
  })
  it('ERR-003 The app stores failures in their order', () => {
    const { state } = play(
      ...PORTAL,
      { kind: 'download', operation },
      failed('ServerFailure'),
      { kind: 'user', action: 'try-again' },
      failed('CardBusy'),
    )
    expect(state.failures.map(({ status }) => status)).toEqual(['ServerFailure', 'CardBusy'])
  })
  it('The app does not send the failures of one operator to another', () => {
    const other = { ...provider, id: 'other' }
    const failedOnce = [...PORTAL, { kind: 'download', operation } as const, failed('ServerFailure')]
    const choose = (chosen: string): AppState =>
      play(
        ...failedOnce,
        { kind: 'user', action: 'open' },
        { kind: 'providers', country: 'DE', providers: [provider, other] },
        { kind: 'user', action: 'choose-provider', provider: chosen },
      ).state
    expect(choose('northwind').failures).toHaveLength(1)
    expect(choose('other').failures).toEqual([])
  })
  it('Try again repeats only a failed enable', () => {
    const { effects } = play(
      ...INSTALLED,
      { kind: 'enable-failed', status: 'CardGeneralFailure', detail: '' },
      { kind: 'user', action: 'try-again' },
    )
    expect(effects).toEqual([{ do: 'enable', iccid: ICCID }])
  })
  it.each(['denied', 'none', 'deregistered'] as const)(
    'JSB-044 The state %s ends as installed but not registered',
    state => {
      const after = play(
        ...INSTALLED,
        { kind: 'enabled' },
        { kind: 'registration', state, operator: '', final: true, detail: 'IMSI unknown' },
      )
      expect(after.state.screen).toMatchObject({
        outcome: 'installed-not-registered',
        text: expect.stringContaining('IMSI unknown'),
      })
      expect(told(after.effects)).toEqual([['registered', { networkRegistrationState: state, iccid: ICCID }]])
    },
  )
  it('JSB-086 A second call during a download receives cardBusy, and the first continues', () => {
    const { state, effects } = play(
      ...PORTAL,
      { kind: 'download', operation },
      { kind: 'download', operation: { ...operation, id: 'second' } },
    )
    expect(state.operation?.id).toBe('op')
    expect(told(effects)).toEqual([['activated', { activationResult: 'cardBusy', iccid: '' }]])
  })
  it('An unusable activation code ends without a retry', () => {
    const { state } = play(...PORTAL, { kind: 'download-refused', error: 'invalidActivationCode', reason: 'no code' })
    expect(state.screen).toMatchObject({ outcome: 'failed', errorCode: 'invalidActivationCode' })
    expect(state.screen).not.toHaveProperty('retry')
  })
  it('CAT-011 The app shows an unreachable service and can start again', () => {
    const broken: AppEvent = { kind: 'service-failed', at: 'start', code: 'service-unreachable', text: 'no answer' }
    const { state } = play({ kind: 'user', action: 'open' }, broken)
    expect(state.screen).toMatchObject({ outcome: 'failed', errorCode: 'service-unreachable', retry: 'start' })
    expect(play({ kind: 'user', action: 'open' }, broken, { kind: 'user', action: 'try-again' }).effects).toEqual([
      { do: 'fetch-providers' },
    ])
  })
  it('JSB-039 A page without a listener and a closed page receive nothing', () => {
    const deaf = PORTAL.filter(({ kind }) => kind !== 'listen')
    expect(play(...deaf, { kind: 'download', operation }, failed('Other')).effects).toEqual([])
    const left = [...PORTAL, { kind: 'download', operation } as const, { kind: 'user', action: 'cancel' } as const]
    const gone = [...left, { kind: 'user', action: 'leave', confirm: true } as const]
    expect(play(...gone, { kind: 'installed', iccid: ICCID }, { kind: 'enabled' }).effects).toEqual([
      { do: 'register', iccid: ICCID },
    ])
  })
})

describe('leaving the app', () => {
  it('E2E-012 Leaving during a purchase needs a confirmation', () => {
    const asked = play(...PORTAL, { kind: 'user', action: 'cancel' })
    expect(asked).toMatchObject({ state: { leaving: true, screen: { name: 'portal' } }, effects: [] })
    const stays = play(...PORTAL, { kind: 'user', action: 'cancel' }, { kind: 'user', action: 'leave', confirm: false })
    expect(stays).toMatchObject({ state: { leaving: false, screen: { name: 'portal' } }, effects: [] })
    const leaves = play(...PORTAL, { kind: 'user', action: 'cancel' }, { kind: 'user', action: 'leave', confirm: true })
    expect(leaves).toMatchObject({ state: { screen: { outcome: 'cancelled' } }, effects: [{ do: 'close-portal' }] })
  })
  it('Leaving after a purchase needs no confirmation', () => {
    expect(play(...CONNECTED, { kind: 'user', action: 'cancel' }).state).toMatchObject({
      leaving: false,
      screen: { outcome: 'connected' },
    })
  })
  it.each([
    ['Cancelled', 'Nothing was bought.'],
    ['PurchaseFailed', 'The operator could not complete the purchase (PurchaseFailed).'],
  ])('JSB-075 A purchase that ended %s returns to the app', (moDirectStatus, text) => {
    const { state, effects } = play(...PORTAL, {
      kind: 'purchase-cancelled',
      metadata: { moDirectStatus, planName: '' },
    })
    expect(state.screen).toMatchObject({ outcome: 'cancelled', text })
    expect(effects).toEqual([{ do: 'close-portal' }])
  })
  it('The answer to the consent is forwarded once', () => {
    const request = {
      profileName: 'P',
      serviceProviderName: 'N',
      iccid: ICCID,
      rules: [],
      confirmationCodeRequired: false,
    }
    const asked: AppEvent[] = [...PORTAL, { kind: 'download', operation }, { kind: 'consent-asked', request }]
    expect(play(...asked).state).toMatchObject({ consent: request, download: { phase: 'consent' } })
    const answer: AppEvent = { kind: 'user', action: 'consent', accept: true, confirmationCode: '1234' }
    expect(play(...asked, answer)).toMatchObject({
      state: { consent: null },
      effects: [{ do: 'answer-consent', answer: { accept: true, confirmationCode: '1234' } }],
    })
    expect(play(...asked, answer, answer).effects).toEqual([])
  })
})

describe('event that does not fit the state', () => {
  const LATE: AppEvent[] = [
    { kind: 'providers', country: 'FR', providers: [] },
    { kind: 'gateway', page },
    { kind: 'service-failed', at: 'start', code: 'x', text: 'x' },
    { kind: 'portal-ready' },
    { kind: 'portal-failed', code: 'x', text: 'x' },
    { kind: 'purchase-cancelled', metadata },
    { kind: 'progress', phase: 'downloading', done: 1, total: 2 },
    { kind: 'installed', iccid: ICCID },
    failed('Other'),
    { kind: 'enabled' },
    { kind: 'enable-failed', status: 'Other', detail: '' },
    { kind: 'registration', state: 'home', operator: 'N', final: true },
    { kind: 'flyout', flyout: { state: 'shown', operator: '', registration: 'none', links: [] } },
    { kind: 'user', action: 'choose-provider', provider: 'nobody' },
    { kind: 'user', action: 'choose-another' },
    { kind: 'user', action: 'continue' },
    { kind: 'user', action: 'consent', accept: true },
    { kind: 'user', action: 'leave', confirm: true },
    { kind: 'user', action: 'try-again' },
    { kind: 'user', action: 'open' },
  ]
  it.each(LATE.map(event => [`${event.kind} ${'action' in event ? event.action : ''}`, event] as const))(
    '%s in the catalog changes nothing',
    (_name, event) => {
      const { state } = play(...OPEN)
      expect(transition(state, event)).toEqual([state])
    },
  )
})
