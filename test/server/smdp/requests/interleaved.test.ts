import { expect, it } from 'vitest'
import { completeEid, issueEuicc } from '../../../../src/rsp/certificates/test-pki.ts'
import { hashConfirmationCode } from '../../../../src/rsp/crypto/confirmation-code.ts'
import { createMemoryStore } from '../../../../src/server/smdp/memory-store.ts'
import type { Delivery, SmdpStore } from '../../../../src/server/smdp/store.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { type CardRole, createCardRole } from '../es9p/card-role.ts'
import { createSmdpFixture, ICCID, MATCHING_ID, refused, START, testPki } from '../smdp-fixture.ts'

type Random = (length: number) => Uint8Array
const draw = (random: Random, below: number): number => random(1)[0]! % below

const wait = async (ticks: number) => {
  for (let tick = 0; tick < ticks; tick++) await undefined
}

/** A store each of whose steps takes its time: what is called at once gets mixed, another way with each seed. */
const slowStore = (random: Random) => {
  const sound = createMemoryStore()
  const deliveries: Delivery[] = []
  const store = new Proxy(sound, {
    get: (target, name: keyof SmdpStore) => {
      const method = target[name] as (...parameters: unknown[]) => Promise<unknown>
      return async (...parameters: unknown[]) => {
        await wait(draw(random, 12))
        if (name === 'addDelivery') deliveries.push(parameters[0] as Delivery)
        const result = await method(...parameters)
        await wait(draw(random, 12))
        return result
      }
    },
  })
  return { sound, store, deliveries }
}

type Fixture = Awaited<ReturnType<typeof createSmdpFixture>>
const pki = testPki('P-256')
const CARDS = [1, 2, 3].map(number => {
  const eid = completeEid(`89049032${String(number).padStart(22, '0')}`)
  const euicc = issueEuicc(pki.eum, { eid, random: seededRandom(`card ${number}`), now: START })
  return createCardRole(pki, { euicc, seed: `card ${number}` })
})
/** A card that does all that a card can do, twice over and out of turn; gives what it was refused with. */
const misuse = async (fixture: Fixture, card: CardRole, random: Random): Promise<string[]> => {
  await wait(draw(random, 2) * 400)
  const answers: string[] = []
  const say = <A extends Parameters<typeof refused>[0]>(answer: A): A => {
    answers.push(refused(answer))
    return answer
  }
  const initiated = await fixture.initiate(card)
  if ('failed' in initiated) return [initiated.failed]
  const { transactionId } = initiated.ok
  const authentication = card.authenticateServer(initiated.ok, { matchingId: MATCHING_ID })
  const authenticated = say(await fixture.sendAuthentication(transactionId, authentication))
  if ('failed' in authenticated) return answers
  const right = { hashCc: hashConfirmationCode('1234', transactionId) }
  const wrong = { hashCc: hashConfirmationCode('4321', transactionId) }
  const calls = Array.from({ length: 1 + draw(random, 4) }, async () => {
    switch (draw(random, 16)) {
      case 0:
        return say(await fixture.cancel(transactionId, card.cancelSession(transactionId, 'endUserRejection')))
      case 1:
        return say(await fixture.cancel(transactionId, card.cancelSession(transactionId, 'postponed')))
      case 2:
        return say(await fixture.getPackage(card, authenticated.ok, wrong))
      case 3:
        return fixture.notify(card.installationResult(transactionId, ICCID, 'installFailedDueToInterruption'))
      case 4:
        return say(await fixture.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: 'Unavailable' }))
      default: {
        const answer = say(await fixture.getPackage(card, authenticated.ok, right))
        return 'ok' in answer ? fixture.notify(card.installationResult(transactionId, ICCID)) : answer
      }
    }
  })
  await Promise.all(calls)
  return answers
}

it('One card receives the profile for any order of simultaneous calls', async () => {
  const seen = new Map<string, number>()
  for (let seed = 0; seed < 100; seed++) {
    const random = seededRandom(`interleaved ${seed}`)
    const { sound, store, deliveries } = slowStore(random)
    const fixture = await createSmdpFixture({ store, downloadAttempts: 4, confirmationCodeAttempts: 2 })
    await fixture.order({ confirmationCode: '1234' })
    const answers = await Promise.all([...CARDS, CARDS[0]!].map(card => misuse(fixture, card, random)))
    for (const answer of answers.flat()) seen.set(answer, (seen.get(answer) ?? 0) + 1)

    // A transition that is not allowed, or any other surprise, would be here.
    expect(fixture.defects, `seed ${seed}`).toEqual([])
    const order = (await sound.findOrder(ICCID))!
    const eids = new Set(deliveries.map(({ eid }) => eid))
    expect(eids.size, `seed ${seed}`).toBeLessThanOrEqual(1)
    if (order.eid !== undefined && order.state !== 'Unavailable') expect([...eids]).toEqual([order.eid])
    const reached = order.history.map(({ to }) => to)
    expect(reached.filter(to => to === 'Downloaded').length, `seed ${seed}`).toBeLessThanOrEqual(1)
    expect(reached.filter(to => to === 'Installed').length).toBeLessThanOrEqual(1)
    expect(order.downloadAttempts).toBeLessThanOrEqual(4)
    expect(order.confirmationFailures).toBeLessThanOrEqual(2)
    seen.set(order.state, (seen.get(order.state) ?? 0) + 1)
  }
  // The seededRandom have shown all that was to be seen.
  for (const outcome of ['accepted', '8.2/3.7', '8.2.7/3.8', '8.2.7/6.4', '8.2.6/3.8'])
    expect(seen.get(outcome), outcome).toBeGreaterThan(0)
  for (const state of ['Installed', 'Error', 'Unavailable']) expect(seen.get(state), state).toBeGreaterThan(0)
})
