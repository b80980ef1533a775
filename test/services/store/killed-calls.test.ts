import { expect, it } from 'vitest'
import type { Order } from '../../../src/server/smdp/order.ts'
import type { CardRole } from '../../server/smdp/es9p/card-role.ts'
import { ADDRESS, type Answer, accepted, createSmdpFixture, refused } from '../../server/smdp/smdp-fixture.ts'
import { SMDS } from '../../server/smds/smds-fixture.ts'
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
import { createLives, createTurnstile, type Lives, liveThrough, openRelay } from './server-lives.ts'
import type { ServerProcess } from './server-process.ts'

/** Of an order that is confirmed and not yet saved: longer than an operator waits. */
const AFTER_GUARDS = String(10 * 60_000)
/** So many stories begin with each life: enough that each of its steps is reached. */
const PER_LIFE = 2

/** No card reads it. */
const PACKAGE = new Uint8Array(500)

type Fixture = Awaited<ReturnType<typeof createSmdpFixture>>
/** Those who call: a card and an operator, on the way to a server that is killed. */
const createCallers = ({ fetch }: Lives): Promise<Fixture> =>
  createSmdpFixture({ over: () => ({ es9p: fetch, es2p: fetch }) })

const eidOf = (at: number): string => `8904903212345123451234567890${String(at).padStart(4, '0')}`

/** Runs a fixture for each life and more, the server killed at every step that `one` of them takes. */
const killThrough = async (
  place: KilledPlace,
  name: string,
  {
    stock,
    at = /./,
    orderOf,
    one,
  }: {
    /** Profiles for a fixture. */
    readonly stock: number
    /** Which steps: those that are killed at elsewhere are left out. */
    readonly at?: RegExp
    readonly orderOf?: (order: Order, at: number) => Order
    readonly one: (callers: Fixture, at: number) => Promise<void>
  },
) => {
  const first = place.locate(`${name} steps`)
  await fillStore(first, stock, orderOf, PACKAGE)
  const recording = createLives(ADDRESS)
  const recorder = await place.start({ STORE: first, RECORD: 'yes' })
  recording.begin(recorder)
  await one(await createCallers(recording), 0)
  await recording.close()
  const steps = recorder.steps.filter(step => at.test(step))

  const kills = killsAt(steps, `${name} ${place.name}`, PER_LIFE)
  const count = PER_LIFE * (kills.length + 1)
  const location = place.locate(name)
  await fillStore(location, stock * count, orderOf, PACKAGE)
  const lives = createLives(ADDRESS)
  const callers = await createCallers(lives)
  const turnstile = createTurnstile(PER_LIFE)
  let current: ServerProcess | undefined
  const whole = async (fixture: number): Promise<void> => {
    await turnstile.enter(fixture)
    await one(callers, fixture)
    // From time to time a server tells what it could not tell at once.
    await current?.deliver()
  }
  const deaths = await liveThrough<ServerProcess>(kills, {
    lives: {
      begin(life) {
        current = life
        lives.begin(life)
      },
    },
    start: kill => place.start({ STORE: location, ...(kill !== undefined && { KILL_AT: kill }) }),
    onLife: turnstile.onLife,
    work: Promise.all(Array.from({ length: count }, (_, fixture) => whole(fixture))),
  })
  await lives.close()
  expect(deaths).toEqual(kills.map(kill => `${kill} SIGKILL`))
  return { steps, count, location }
}

/** A last life, long after: it tells what is left to be told, and ends in peace. */
const settle = async (place: KilledPlace, location: string): Promise<void> => {
  const server = await place.start({ STORE: location, LATER: AFTER_GUARDS })
  await server.close()
}

const pathOf = ({ history }: Order): string => history.map(({ to }) => to).join(' ')
const ORDERED = 'Linked Confirmed'

describeOnStores('a server', place => {
  it('repeated ES2+ calls are idempotent after a kill at every step', async () => {
    const kept = new Map<number, string>()
    /** Ordered, confirmed with an event, released, cancelled; and once more, to stay. */
    const one = async ({ operate }: Fixture, at: number): Promise<void> => {
      const eid = eidOf(at)
      const order = async (round: number) => {
        const { iccid } = accepted(
          await operate('DownloadOrder', { profileType: 'Plan S', eid }, `order ${at} ${round}`),
        )
        const asked = { iccid, matchingId: `${matchingIdOf(at)}-${round}`, smdsAddress: SMDS, releaseFlag: false }
        const confirmed = accepted(await operate('ConfirmOrder', asked, `confirm ${at} ${round}`))
        expect(confirmed).toMatchObject({ eid, matchingId: asked.matchingId })
        return iccid
      }
      const first = await order(1)
      accepted(await operate('ReleaseProfile', { iccid: first }, `release ${at}`))
      const cancel = { iccid: first, finalProfileStatusIndicator: 'Available' }
      accepted(await operate('CancelOrder', cancel, `cancel ${at}`))
      const second = await order(2)
      // What was cancelled and given out anew is another's; the call made again does not touch it.
      accepted(await operate('CancelOrder', cancel, `cancel ${at}`))
      kept.set(at, second.replace('F', ''))
    }
    const { steps, count, location } = await killThrough(place, 'es2', { stock: 2, one })
    expect(steps).toEqual(
      expect.arrayContaining([
        'DownloadOrder.saveOrder',
        'ConfirmOrder.addProgress',
        'RegisterEvent.addEvent',
        'ConfirmOrder.saveOrder',
        'ConfirmOrder.dropProgress',
        'ReleaseProfile.saveOrder',
        'CancelOrder.addProgress',
        'CancelOrder.saveOrder',
        'CancelOrder.dropBoundCopy',
        'DeleteEvent.dropEvent',
        'Delivery.dropProgress',
      ]),
    )
    await settle(place, location)

    const store = await openStore(location)
    const orders = await store.listOrders()
    expect(orders).toHaveLength(2 * count)
    expect(new Set(kept.values()).size).toBe(count)
    for (const [at, iccid] of kept) {
      const order = orders.find(order => order.iccid === iccid)!
      expect(order).toMatchObject({ state: 'Confirmed', eid: eidOf(at), matchingId: `${matchingIdOf(at)}-2` })
      // Raised for the order as it stands, and no other any more.
      expect((await store.smds.listEvents(eidOf(at))).map(({ eventId }) => eventId)).toEqual([order.eventId])
    }
    // Whoever had them before: each was ordered and cancelled whole times, and nothing was done twice.
    const cancelled = orders.map(order => {
      const path = pathOf(order)
      expect(path).toMatch(/^Available( Linked Confirmed Released Available)*( Linked Confirmed)?$/)
      expect(path.endsWith(ORDERED)).toBe([...kept.values()].includes(order.iccid))
      return path.split('Released').length - 1
    })
    expect(cancelled.reduce((sum, times) => sum + times, 0)).toBe(count)
    // Where a server was killed before it struck it out, a deletion waits for the end of its order.
    const waiting = (await store.listProgress()).map(({ id }) => id)
    expect(orders.map(({ eventId }) => `delete ${eventId}`)).toEqual(expect.arrayContaining(waiting))
    await store.close()
  }, 600_000)

  it('orders and their events stay consistent while the SM-DS process is killed', async () => {
    const location = place.locate('smdp')
    const events = place.locate('smds')
    const kills = ['RegisterEvent.addEvent', 'DeleteEvent.dropEvent'].flatMap(step =>
      ['before', 'after'].map(when => `${step}:${when}:2`),
    )
    const count = PER_LIFE * (kills.length + 1)
    await fillStore(location, 2 * count, undefined, PACKAGE)
    const store = await openStore(location)
    const relay = await openRelay()
    const smdp = await place.start({ STORE: location, SMDS_PORT: String(relay.port) })
    const lives = createLives(ADDRESS)
    lives.begin(smdp)
    const { operate } = await createCallers(lives)
    const one = async (at: number): Promise<void> => {
      for (const round of [0, 1]) {
        const iccid = iccidOf(2 * at + round)
        accepted(await operate('DownloadOrder', { iccid, eid: eidOf(at) }))
        const confirm = () =>
          operate('ConfirmOrder', { iccid, smdsAddress: SMDS, releaseFlag: true }, `confirm ${iccid}`)
        let answer = await confirm()
        while ('failed' in answer) {
          expect(refused(answer)).toBe('8.9/5.1')
          await relay.whenUp()
          answer = await confirm()
        }
      }
      const cancelled = iccidOf(2 * at)
      const { eventId } = (await store.findOrder(cancelled))!
      accepted(await operate('CancelOrder', { iccid: cancelled, finalProfileStatusIndicator: 'Unavailable' }))
      while ((await store.listProgress()).some(({ id }) => id === `delete ${eventId}`)) {
        await relay.whenUp()
        await smdp.deliver()
      }
    }
    const turnstile = createTurnstile(PER_LIFE)
    const deaths = await liveThrough(kills, {
      lives: relay,
      start: kill => place.start({ STORE: events, ...(kill !== undefined && { KILL_AT: kill }) }),
      onLife: turnstile.onLife,
      work: Promise.all(Array.from({ length: count }, (_, at) => turnstile.enter(at).then(() => one(at)))),
    })
    expect(deaths).toEqual(kills.map(kill => `${kill} SIGKILL`))
    await lives.close()
    await relay.close()

    const { smds, ...atSmds } = await openStore(events)
    for (let at = 0; at < count; at++) {
      const { eventId, state } = (await store.findOrder(iccidOf(2 * at + 1)))!
      expect(state).toBe('Released')
      expect((await smds.listEvents(eidOf(at))).map(event => event.eventId)).toEqual([eventId])
    }
    expect(await store.listProgress()).toEqual([])
    await atSmds.close()
    await store.close()
  }, 600_000)

  it('canceled sessions leave consistent orders after a kill at every step', async () => {
    const session = async (callers: Fixture, card: CardRole, matchingId: string) => {
      for (;;) {
        const initiated = await callers.initiate(card)
        if ('failed' in initiated) continue
        const response = card.authenticateServer(initiated.ok, { matchingId })
        const offered: Answer<Parameters<CardRole['prepareDownload']>[0]> = await callers.sendAuthentication(
          initiated.ok.transactionId,
          response,
        )
        // Its answer was lost, and the session waits for another function: the card begins anew.
        if ('ok' in offered) return offered.ok
        expect(refused(offered)).toBe('8.10.1/3.9')
      }
    }
    /** Four orders a fixture: two are given up, one is put off, one is nobody's. */
    const one = async (callers: Fixture, at: number): Promise<void> => {
      const { card } = callers
      const give = async (which: number, reason: Parameters<CardRole['cancelSession']>[1], isBound: boolean) => {
        const offered = await session(callers, card, matchingIdOf(4 * at + which))
        if (isBound) accepted(await callers.getPackage(card, offered))
        const answer = await callers.cancel(offered.transactionId, card.cancelSession(offered.transactionId, reason))
        // Again, when the session was over already.
        expect(['accepted', '8.10.1/3.9']).toContain(refused(answer))
      }
      await give(0, 'endUserRejection', false)
      await give(1, 'loadBppExecutionError', true)
      await give(2, 'postponed', true)
    }
    const { steps, count, location } = await killThrough(place, 'cancel', {
      stock: 4,
      at: /^CancelSession/,
      orderOf: released,
      one,
    })
    expect(steps.toSorted()).toEqual([
      'CancelSession.addProgress',
      'CancelSession.dropBoundCopy',
      'CancelSession.dropSession',
      'CancelSession.saveOrder',
    ])
    const store = await openStore(location)
    const progress = (await store.listProgress()).map(({ request }) => request)
    const failuresOf = (iccid: string): string[] =>
      progress.flatMap(({ name, message }) =>
        name === 'HandleDownloadProgressInfo' &&
        message.iccid.startsWith(iccid) &&
        message.notificationPointStatus.status === 'Failed'
          ? [`${message.notificationPointId} ${message.notificationPointStatus.statusCodeData?.subjectCode}`]
          : [],
      )
    for (let at = 0; at < 4 * count; at++) {
      const order = (await store.findOrder(iccidOf(at)))!
      const [path, failures] = (
        [
          ['Available Allocated Released Error', ['2 8.8.5']],
          ['Available Allocated Released Downloaded Error', ['3 8.2.10']],
          ['Available Allocated Released Downloaded', []],
          ['Available Allocated Released', []],
        ] as const
      )[at % 4]!
      expect([order.iccid, pathOf(order), failuresOf(order.iccid)]).toEqual([order.iccid, path, failures])
      expect((await store.findBoundCopy(order.iccid)) !== undefined).toBe(at % 4 === 2)
      // Added once, and never touched.
      if (at % 4 === 3) expect(order.revision).toBe(1)
    }
    await store.close()
  }, 600_000)
})
