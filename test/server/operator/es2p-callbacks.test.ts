import { describe, expect, it } from 'vitest'
import { ES2p } from '../../../src/rsp/interfaces/es2p.ts'
import {
  createEs2Callbacks,
  type DownloadProgress,
  type ProfileNotification,
} from '../../../src/server/operator/es2p-callbacks.ts'
import { PLANS } from '../../../src/server/operator/plan.ts'
import { createSubscriptions } from '../../../src/server/operator/subscriptions.ts'

const ICCID = '8944100000000000013'
const now = new Date('2026-03-01T12:00:00Z')
let calls = 0
const newHeader = () => ({ functionRequesterIdentifier: 'smdp', functionCallIdentifier: `${calls++}` })
const header = newHeader()

const setUp = () => {
  const subscriptions = createSubscriptions()
  subscriptions.add({
    orderId: 'B-1',
    accountId: 'acc-1',
    iccid: ICCID,
    eid: '89049032000001000000000000000012',
    plan: PLANS[0]!,
    orderedAt: now,
    state: 'ordered',
    usedMB: 0,
  })
  const reported: DownloadProgress[] = []
  const notified: ProfileNotification[] = []
  const fetch = createEs2Callbacks({
    subscriptions,
    clock: () => now,
    onProgress: progress => reported.push(progress),
    onNotification: notification => notified.push(notification),
  })
  const post = (body: string): Promise<Response> =>
    fetch(new Request(`https://operator.example${ES2p.HandleDownloadProgressInfo.path}`, { method: 'POST', body }))
  const tell = (notificationPointId: number, status: string): Promise<Response> =>
    post(
      JSON.stringify({
        header: newHeader(),
        ...ES2p.HandleDownloadProgressInfo.request.toJson({
          iccid: `${ICCID}F`,
          profileType: 'bench-usim',
          timestamp: '2026-03-01T12:00:00Z',
          notificationPointId,
          notificationPointStatus: { status },
        }),
      }),
    )
  const notify = (change: object): Promise<Response> => {
    const { path, request } = ES2p.HandleNotification
    const message = {
      iccid: `${ICCID}F`,
      profileType: 'bench-usim',
      timestamp: '2026-03-01T12:00:00Z',
      notificationEvent: 'Enable',
      notificationEventStatus: { status: 'Executed-Success' },
    }
    const body = JSON.stringify({ header: newHeader(), ...request.toJson(message), ...change })
    return fetch(new Request(`https://operator.example${path}`, { method: 'POST', body }))
  }
  return { subscriptions, reported, notified, fetch, post, tell, notify }
}

describe('ES2+.HandleDownloadProgressInfo at the operator', () => {
  it('A successful installation sets the subscription to installed', async () => {
    const { subscriptions, reported, tell } = setUp()
    const response = await tell(4, 'Executed-Success')
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(subscriptions.find(ICCID)).toMatchObject({ state: 'installed', installedAt: now })
    expect(reported).toEqual([{ iccid: `${ICCID}F`, notificationPointId: 4, status: 'Executed-Success' }])
  })
  it('A failed installation sets it to failed, and a later success to installed', async () => {
    const { subscriptions, tell } = setUp()
    await tell(4, 'Failed')
    expect(subscriptions.find(ICCID)).toMatchObject({ state: 'failed' })
    await tell(4, 'Executed-WithWarning')
    expect(subscriptions.find(ICCID)).toMatchObject({ state: 'installed' })
  })
  it('Earlier notification points change nothing', async () => {
    const { subscriptions, tell } = setUp()
    await tell(3, 'Executed-Success')
    expect(subscriptions.find(ICCID)).toMatchObject({ state: 'ordered' })
  })
  it('A late report does not change an active subscription', async () => {
    const { subscriptions, tell } = setUp()
    subscriptions.markRegistered(ICCID, now, { plmn: '23415', kind: 'home' })
    await tell(4, 'Executed-Success')
    expect(subscriptions.find(ICCID)).toMatchObject({ state: 'active', activatedAt: now })
  })
  it.each([
    ['what is not JSON', '<xml/>'],
    ['a missing header', JSON.stringify({ iccid: ICCID })],
    ['a missing member', JSON.stringify({ header, iccid: ICCID })],
    ['a malformed ICCID', JSON.stringify({ header, iccid: 'x', profileType: 'p' })],
  ])('HandleDownloadProgressInfo answers %s with 400', async (_what, body) => {
    const { subscriptions, post } = setUp()
    expect((await post(body)).status).toBe(400)
    expect(subscriptions.find(ICCID)).toMatchObject({ state: 'ordered' })
  })
  it('The operator has no other ES2+ function and method', async () => {
    const { fetch } = setUp()
    expect(
      (await fetch(new Request('https://operator.example/gsma/rsp2/es2plus/other', { method: 'POST' }))).status,
    ).toBe(404)
    expect((await fetch(new Request(`https://operator.example${ES2p.HandleDownloadProgressInfo.path}`))).status).toBe(
      405,
    )
  })
})

describe('ES2+.HandleNotification at the operator', () => {
  it('The operator stores the last notification of the profile', async () => {
    const { subscriptions, notified, notify } = setUp()
    for (const notificationEvent of ['Enable', 'Disable', 'Delete'])
      expect((await notify({ notificationEvent })).status).toBe(204)
    expect(subscriptions.find(ICCID)).toMatchObject({ state: 'ordered', profile: 'Delete' })
    expect(notified.map(({ event }) => event)).toEqual(['Enable', 'Disable', 'Delete'])
  })
  it.each([
    ['an event that there is not', { notificationEvent: 'Rename' }],
    ['no status', { notificationEventStatus: null }],
    ['no header', { header: null }],
  ])('HandleNotification answers %s with 400', async (_, change) => {
    const { subscriptions, notified, notify } = setUp()
    expect((await notify(change)).status).toBe(400)
    expect(subscriptions.find(ICCID)).not.toHaveProperty('profile')
    expect(notified).toEqual([])
  })
  it('A repeated call is acknowledged and has no effect', async () => {
    const { subscriptions, notified, notify } = setUp()
    const first = newHeader()
    await notify({ notificationEvent: 'Enable', header: first })
    await notify({ notificationEvent: 'Disable' })
    expect((await notify({ notificationEvent: 'Enable', header: first })).status).toBe(204)
    expect(subscriptions.find(ICCID)).toMatchObject({ profile: 'Disable' })
    expect(notified).toHaveLength(2)
  })
  it('A notification of an unknown profile is acknowledged', async () => {
    const { notify } = setUp()
    expect((await notify({ iccid: '8944100000000000021F' })).status).toBe(204)
  })
})
