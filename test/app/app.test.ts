import { beforeAll, describe, expect, it } from 'vitest'
import type { LpaAccess } from '../../src/app/app.ts'
import { type ESimFailure, statusOfRefusal, toActivationError } from '../../src/app/operation-status.ts'
import { createPortalHost } from '../../src/app/portal/portal-host.ts'
import { prepareWebPages } from '../../src/app/portal/web-page.ts'
import { createOperatorFixture, DEVICE, ICCID, launchApp, openPortal, plainLpa, SHOPPER } from './operator-fixture.ts'

beforeAll(prepareWebPages)

const setUp = (more: Parameters<typeof launchApp>[2] = {}) => {
  const world = createOperatorFixture()
  const host = createPortalHost({ web: world.web })
  return { world, host, ...launchApp(world, host.view, more) }
}
const start = async (app: ReturnType<typeof setUp>['app']) => {
  app.act({ action: 'open' })
  return app.until(({ screen }) => screen.name !== 'loading')
}
const lpaThat = (download: LpaAccess['download']): LpaAccess => plainLpa({ download })

describe('app and service', () => {
  it('CAT-002 The app sends no request on a device without an eSIM', async () => {
    const { eid: _none, ...device } = DEVICE
    const { world, app } = setUp({ device })
    expect((await start(app)).screen).toMatchObject({ outcome: 'failed', errorCode: 'no-esim' })
    expect(world.requests).toEqual([])
  })
  it('The app sends the current network to the service', async () => {
    const { world, app } = setUp({ device: { ...DEVICE, network: { mcc: '440', mnc: '10' } } })
    expect((await start(app)).screen).toEqual({ name: 'catalog', country: 'JP', providers: [] }) // CAT-010
    expect(world.requests[0]!.url).toContain('mcc=440&mnc=10')
  })
  it.each<[string, (() => Promise<Response>) | undefined, string]>([
    ['does not answer', undefined, 'service-unreachable'],
    ['answers 500', async () => new Response('oops', { status: 500 }), 'service-failed'],
    ['refuses', async () => Response.json({ error: { code: 'x', message: 'no' } }, { status: 422 }), 'service-failed'],
    ['answers what is not its message', async () => Response.json({ providers: 1 }), 'service-failed'],
  ])('CAT-011 The app shows an error if the service %s', async (_what, answer, errorCode) => {
    const { world, app } = setUp()
    if (answer === undefined) delete world.hosts['plans.bench.example']
    else world.hosts['plans.bench.example'] = answer
    expect((await start(app)).screen).toMatchObject({ outcome: 'failed', errorCode, retry: 'start' })
  })
})

describe('app after a failed download', () => {
  it('E2E-016 The app shows the failure, notifies the page, and sends it to the portal on the next launch', async () => {
    const lpa = lpaThat(async () => ({ status: 'ServerFailure', detail: 'SM-DP+ says 500', iccid: `${ICCID}F` }))
    const { world, host, app } = setUp({ lpa })
    await openPortal(app)
    await host.shop(SHOPPER)
    const { screen } = await app.until(({ screen }) => screen.name === 'result')
    expect(screen).toMatchObject({ errorCode: 'serverFailure', text: expect.stringContaining('SM-DP+ says 500') })
    expect(host.seen?.status).toContain('(serverFailure)')

    app.act({ action: 'cancel' })
    app.act({ action: 'continue' })
    await app.until(({ screen }) => screen.name === 'portal' && screen.ready)
    const [first, second] = world.requests.filter(({ url }) => url.includes('transactionId'))
    expect(Object.fromEntries(second!.headers)).toMatchObject({
      'x-mp-lpaerror-codes': 'ServerFailure',
      'x-mp-lpaerror-timestamps': '3/1/2026 12:00:00 PM',
      'x-mp-lpaerror-iccids': ICCID,
    })
    const idOf = ({ url }: Request): string | null => new URL(url).searchParams.get('transactionId')
    expect(idOf(second!)).not.toBe(idOf(first!)) // PRT-013
    expect(world.audit.map(({ detail }) => detail)).toContain(
      'a previous download failed: ServerFailure 3/1/2026 12:00:00 PM',
    )
  })
  it('E2E-015 Try again downloads with the same activation code', async () => {
    const codes: string[] = []
    const lpa = lpaThat(async code => {
      codes.push(code)
      return codes.length === 1 ? { status: 'ServerNotReachable', detail: '' } : { status: 'Success', iccid: ICCID }
    })
    const { host, app } = setUp({ lpa })
    await openPortal(app)
    await host.shop(SHOPPER)
    await app.until(({ screen }) => screen.name === 'result')
    app.act({ action: 'try-again' })
    await app.until(({ download }) => download?.phase === 'done')
    expect(codes).toEqual([codes[0], codes[0]])
    expect(host.seen?.status).toBe('You are connected. Enjoy your plan!')
  })
  it('The app does not hang if the LPA or the modem throws', async () => {
    const broken = async (): Promise<never> => Promise.reject(new Error('driver gone'))
    const { host, app } = setUp({ lpa: lpaThat(broken) })
    await openPortal(app)
    await host.shop(SHOPPER)
    expect((await app.until(({ screen }) => screen.name === 'result')).screen).toMatchObject({ errorCode: 'other' })

    const other = setUp({ registration: { register: broken } })
    await openPortal(other.app)
    await other.host.shop(SHOPPER)
    expect((await other.app.until(({ screen }) => screen.name === 'result')).screen).toMatchObject({
      outcome: 'installed-not-registered',
      text: expect.stringContaining('driver gone'),
    })
  })
  it('The app shows an error if the eSIM cannot be read for the launch', async () => {
    const { app } = setUp({ lpa: plainLpa({ profiles: async () => Promise.reject(new Error('card gone')) }) })
    expect((await openPortal(app)).screen).toMatchObject({ outcome: 'failed', retry: 'portal' })
  })
})

describe('app and balance', () => {
  const connected = async () => {
    const setting = setUp()
    await openPortal(setting.app)
    await setting.host.shop(SHOPPER)
    await setting.app.until(({ download }) => download?.phase === 'done')
    return setting
  }
  const flyoutOf = async ({ app }: ReturnType<typeof setUp>) => {
    app.act({ action: 'open-flyout' })
    return (await app.until(({ flyout }) => flyout !== null && flyout.state !== 'loading')).flyout
  }
  it('BAL-052 The app requests the balance once for each opening of the flyout', async () => {
    const setting = await connected()
    const asked = (): number => setting.world.requests.filter(({ url }) => url.includes('/balance')).length
    await flyoutOf(setting)
    expect(asked()).toBe(1)
    setting.app.act({ action: 'close-flyout' })
    await flyoutOf(setting)
    expect(asked()).toBe(2)
  })
  it('BAL-035 The flyout offers a plan when the data is used up', async () => {
    const setting = await connected()
    setting.world.operator.subscriptions.consume(ICCID, 5120)
    expect(await flyoutOf(setting)).toMatchObject({ links: [{ text: 'Connect with a data plan' }] })
  })
  it('FLY-007 The flyout shows the reason when the operator does not respond', async () => {
    const setting = await connected()
    delete setting.world.hosts['api.northwind.example']
    expect(await flyoutOf(setting)).toMatchObject({
      state: 'failed',
      operator: 'Northwind',
      problem: expect.stringContaining('operator-unreachable'),
    })
  })
})

describe('adviceFor', () => {
  it.each<[string, string, ESimFailure, string]>([
    ['8.2.6', '3.8', 'InvalidMatchingId', 'invalidMatchingId'],
    ['8.1.1', '3.8', 'EidMismatch', 'eidMismatch'],
    ['8.2', '1.2', 'ProfileNotReleasedByOperator', 'profileNotReleasedByOperator'],
    ['8.2.5', '4.3', 'NoEligibleProfileForThisDevice', 'noEligibleProfileForThisDevice'],
    ['8.2.7', '6.4', 'ConfirmationCodeMaxRetriesExceeded', 'confirmationCodeMaxRetriesExceeded'],
    ['8.8.5', '6.4', 'ProfileDownloadMaxRetriesExceeded', 'unknownError'], // JSB-048: no member for it
    ['9.9', '9.9', 'ServerFailure', 'serverFailure'],
  ])('%s/%s is %s, and %s to the page', (subject, reason, status, error) => {
    expect(statusOfRefusal(subject, reason)).toBe(status)
    expect(toActivationError(status)).toBe(error)
  })
})
