import { describe, expect, it } from 'vitest'
import { completeEid, issueEuicc } from '../../../../src/rsp/certificates/test-pki.ts'
import { createMemoryStore } from '../../../../src/server/smdp/memory-store.ts'
import type { SmdpStore } from '../../../../src/server/smdp/store.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { type CardRole, createCardRole } from '../es9p/card-role.ts'
import { accepted, createSmdpFixture, ICCID, refused, START } from '../smdp-fixture.ts'

type Fixture = Awaited<ReturnType<typeof createSmdpFixture>>
type Fault = 'stale' | 'dies before' | 'dies after'

/**
 * A store that fails at its `at`th call: tells that another server was faster, or takes the server down before or after
 * the step is done. From there on it is well again, as it would be after a restart.
 */
const faultyStore = () => {
  const sound = createMemoryStore()
  const told = { at: Number.POSITIVE_INFINITY, fault: 'stale' as Fault, calls: 0, done: false }
  const store = new Proxy(sound, {
    get: (target, name: keyof SmdpStore) => {
      const method = target[name] as (...parameters: unknown[]) => Promise<unknown>
      return async (...parameters: unknown[]) => {
        if (told.calls++ !== told.at) return method(...parameters)
        if (told.fault === 'stale') {
          if (name !== 'saveOrder' && name !== 'saveSession') return method(...parameters)
          told.done = true
          return 'stale'
        }
        told.done = true
        if (told.fault === 'dies after') await method(...parameters)
        throw new Error(`killed at ${name}`)
      }
    },
  })
  return { sound, store, told }
}

const cardOf = (fixture: Fixture, number: number): CardRole => {
  const eid = completeEid(`89049032${String(number).padStart(22, '0')}`)
  const euicc = issueEuicc(fixture.pki.eum, { eid, random: seededRandom(`card ${number}`), now: START })
  return createCardRole(fixture.pki, { euicc, seed: `card ${number}` })
}

/** What an LPA does: goes on where it was answered, begins anew where it was not, and sends its result until it is taken. */
const downloadStubbornly = async (
  fixture: Fixture,
  sound: SmdpStore,
  card: CardRole,
): Promise<'installed' | 'too late'> => {
  const stateOf = async () => (await sound.findOrder(ICCID))!.state
  for (let tries = 0; tries < 5; tries++) {
    const initiated = await fixture.initiate(card)
    if ('failed' in initiated) continue
    const change = { matchingId: 'MATCH-ME-1' }
    const { transactionId } = initiated.ok
    const authenticated = await fixture.sendAuthentication(transactionId, card.authenticateServer(initiated.ok, change))
    if (['8.1.1/3.8', '8.2.6/3.8'].includes(refused(authenticated))) return 'too late'
    if ('failed' in authenticated) continue
    const { response } = card.prepareDownload(authenticated.ok)
    let answer = await fixture.sendPrepared(transactionId, response)
    if (refused(answer) === '1.2/4.2') answer = await fixture.sendPrepared(transactionId, response)
    if (refused(answer) === '8.2/3.7') return 'too late'
    if ('failed' in answer) continue
    const result = card.installationResult(transactionId, ICCID)
    for (let sent = 0; sent < 3 && (await stateOf()) !== 'Installed'; sent++) await fixture.notify(result)
    await fixture.notify(result)
    return 'installed'
  }
  return 'too late'
}

const MAX_ATTEMPTS = 4
const begin = async () => {
  const { sound, store, told } = faultyStore()
  const unheard = { url: 'https://operator.example.com', fetch: () => new Promise<Response>(() => {}) }
  const fixture = await createSmdpFixture({ store, downloadAttempts: MAX_ATTEMPTS, operatorOf: () => unheard })
  await fixture.order()
  told.calls = 0
  return { fixture, sound, told }
}

/** What must hold whatever happened. */
const checkInvariants = async (sound: SmdpStore) => {
  const order = (await sound.findOrder(ICCID))!
  expect(order.state).toBe('Installed')
  expect(order.history.filter(({ to }) => to === 'Installed')).toHaveLength(1)
  expect(order.history.filter(({ to }) => to === 'Downloaded')).toHaveLength(1)
  expect(order.downloadAttempts).toBeLessThanOrEqual(MAX_ATTEMPTS)
  const notifications = await sound.listNotifications()
  expect(notifications).toMatchObject([{ eid: order.eid, iccid: ICCID, matched: true }])
  const installed = (await sound.listProgress()).filter(
    ({ request }) => request.name === 'HandleDownloadProgressInfo' && request.message.notificationPointId === 4,
  )
  expect(installed).toHaveLength(1)
  return order
}

describe.each<Fault>(['stale', 'dies before', 'dies after'])('a store that %s at any one call', fault => {
  it('The server loses no order and reports its installation once', async () => {
    let faults = 0
    for (let at = 0; ; at++) {
      const { fixture, sound, told } = await begin()
      Object.assign(told, { at, fault })
      expect(await downloadStubbornly(fixture, sound, fixture.card), `fault at call ${at}`).toBe('installed')
      await checkInvariants(sound)
      if (fault === 'stale') expect(fixture.defects).toEqual([])
      if (told.done) faults++
      if (told.calls <= at) break
    }
    expect(faults).toBeGreaterThanOrEqual(fault === 'stale' ? 4 : 20)
  })

  it('gives an order to one of two cards', async () => {
    for (let at = 0; at < 60; at += 3) {
      const { fixture, sound, told } = await begin()
      Object.assign(told, { at, fault })
      const cards = [cardOf(fixture, 1), cardOf(fixture, 2)]
      const ends = await Promise.all(cards.map(card => downloadStubbornly(fixture, sound, card)))
      expect(
        ends.filter(end => end === 'installed'),
        `fault at call ${at}: ${ends}`,
      ).toHaveLength(1)
      const order = await checkInvariants(sound)
      expect(order.eid).toBe(cards[ends.indexOf('installed')]!.eid)
    }
  })
})

describe('a store that always reports a conflict', () => {
  it('A permanent conflict does not block the server', async () => {
    const sound = createMemoryStore()
    const store: SmdpStore = { ...sound }
    const fixture = await createSmdpFixture({ store })
    await fixture.order()
    store.saveOrder = async () => 'stale'
    expect(refused(await fixture.authenticate(fixture.card))).toBe('1.2/4.2')
    expect(fixture.defects).toMatchObject([{ code: 'order-contended' }])
    store.saveOrder = sound.saveOrder
    expect(accepted(await fixture.authenticate(fixture.card)).transactionId).toHaveLength(16)
  })
})
