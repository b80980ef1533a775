import { expect, it } from 'vitest'
import type { StoredNotification } from '../../../src/server/smdp/store.ts'
import { ADDRESS, START, testPki } from '../../server/smdp/smdp-fixture.ts'
import { createCard, fetchProfile, iccidsOn, watchNotifications } from './downloading-cards.ts'
import {
  describeOnStores,
  fillStore,
  iccidOf,
  type KilledPlace,
  killsAt,
  matchingIdOf,
  openStore,
  released,
} from './killed-stores.ts'
import { createLives, liveThrough } from './server-lives.ts'

const DOWNLOADS = 100
const pki = testPki('P-256')

/** Every step of a download at which something is written, in their order. */
const recordSteps = async ({ locate, start }: KilledPlace): Promise<readonly string[]> => {
  const location = locate('steps')
  await fillStore(location, 1, released)
  const lives = createLives(ADDRESS)
  const server = await start({ STORE: location, RECORD: 'yes' })
  lives.begin(server)
  const card = await createCard(pki, 0, START)
  await fetchProfile(card, { address: ADDRESS, matchingId: matchingIdOf(0), fetch: lives.fetch })
  await lives.close()
  return server.steps
}

describeOnStores('a server', place => {
  it('a hundred concurrent downloads lose and duplicate nothing after a kill at every step', async () => {
    const steps = await recordSteps(place)
    // What a download writes; a step that is not among these was forgotten here, not there.
    expect(steps).toEqual(
      expect.arrayContaining([
        'InitiateAuthentication.addSession',
        'AuthenticateClient.saveOrder',
        'AuthenticateClient.saveSession',
        'GetBoundProfilePackage.saveOrder',
        'GetBoundProfilePackage.putBoundCopy',
        'GetBoundProfilePackage.addDelivery',
        'GetBoundProfilePackage.saveSession',
        'HandleNotification.saveOrder',
        'HandleNotification.addNotification',
        'HandleNotification.addProgress',
      ]),
    )

    const location = place.locate('killed')
    await fillStore(location, DOWNLOADS, released)
    const lives = createLives(ADDRESS)
    const { fetch, acknowledged } = watchNotifications(lives.fetch)
    const cards = await Promise.all(Array.from({ length: DOWNLOADS }, (_, at) => createCard(pki, at, START)))
    // Each step early in the run, so that downloads are left for the next.
    const kills = killsAt(steps, `kills ${place.name}`, 3)
    const download = (at: number) => ({ address: ADDRESS, matchingId: matchingIdOf(at), fetch })
    const deaths = await liveThrough(kills, {
      lives,
      start: kill => place.start({ STORE: location, ...(kill !== undefined && { KILL_AT: kill }) }),
      work: Promise.all(cards.map((card, at) => fetchProfile(card, download(at)))),
    })
    await lives.close()
    // It did die at each of them.
    expect(deaths).toEqual(kills.map(kill => `${kill} SIGKILL`))

    const store = await openStore(location)
    const orders = await store.listOrders()
    expect(orders).toHaveLength(DOWNLOADS)
    for (const order of orders)
      expect({ iccid: order.iccid, path: order.history.map(({ to }) => to) }).toEqual({
        iccid: order.iccid,
        path: ['Available', 'Allocated', 'Released', 'Downloaded', 'Installed'],
      })
    for (const [at, card] of cards.entries()) expect(await iccidsOn(card)).toEqual([iccidOf(at)])
    const kept = await store.listNotifications()
    const bytes = (notification: StoredNotification): string => Buffer.from(notification.bytes).toString('base64')
    expect(acknowledged.size).toBe(DOWNLOADS)
    expect(new Set(kept.map(bytes))).toEqual(acknowledged)
    expect(kept.every(({ matched }) => matched)).toBe(true)
    // What the operator is to be told of each: the download and the installation, at least once.
    const told = new Set(
      (await store.listProgress()).map(({ request }) =>
        request.name === 'HandleDownloadProgressInfo'
          ? `${request.message.iccid.replace('F', '')} ${request.message.notificationPointId}`
          : '',
      ),
    )
    const missing = orders.flatMap(({ iccid }) =>
      [3, 4].filter(point => !told.has(`${iccid} ${point}`)).map(point => `${iccid} ${point}`),
    )
    expect(missing).toEqual([])
    await store.close()
  }, 600_000)
})
