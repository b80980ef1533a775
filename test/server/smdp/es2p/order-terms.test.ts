import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../../../src/asn1/bytes.ts'
import { completeEid, issueEuicc } from '../../../../src/rsp/certificates/test-pki.ts'
import { advance, endDownload, newOrder, type Order } from '../../../../src/server/smdp/order.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { createCardRole } from '../es9p/card-role.ts'
import { accepted, createSmdpFixture, ICCID, MATCHING_ID, refused, START } from '../smdp-fixture.ts'

type Fixture = Awaited<ReturnType<typeof createSmdpFixture>>
const sceneWith = async (change: Partial<Order>, settings: Parameters<typeof createSmdpFixture>[0] = {}) => {
  const fixture = await createSmdpFixture(settings)
  await fixture.order()
  const order = (await fixture.store.findOrder(ICCID))!
  expect(await fixture.store.saveOrder({ ...order, ...change })).toBe('saved')
  return fixture
}
const otherCard = (fixture: Fixture, number = 1) => {
  const eid = completeEid(`89049032${String(number).padStart(22, '0')}`)
  const euicc = issueEuicc(fixture.pki.eum, { eid, random: seededRandom(`card ${number}`), now: START })
  return createCardRole(fixture.pki, { euicc, seed: `card ${number}` })
}
const historyOf = async (fixture: Fixture) =>
  (await fixture.store.findOrder(ICCID))!.history.map(({ from, to }) => `${from ?? ''}>${to}`)

describe('an order that an LPA finds by its event id', () => {
  it('is found by it as by its matching id, and by nothing else', async () => {
    const fixture = await sceneWith({ eventId: 'EVENT-1' })
    for (const [matchingId, outcome] of [
      ['EVENT-1', 'accepted'],
      [MATCHING_ID, 'accepted'],
      ['EVENT-2', '8.2.6/3.8'],
    ] as const)
      expect(refused(await fixture.authenticate(fixture.card, { matchingId }))).toBe(outcome)
  })

  it('8.1.1/3.8: is for the EID that it was registered for', async () => {
    const fixture = await sceneWith({ eventId: 'EVENT-1', eid: completeEid('890490329999999999999999999999') })
    expect(refused(await fixture.authenticate(fixture.card, { matchingId: 'EVENT-1' }))).toBe('8.1.1/3.8')
  })

  it('is not found by an event id that it had before', async () => {
    const fixture = await sceneWith({ eventId: 'EVENT-1' })
    const order = (await fixture.store.findOrder(ICCID))!
    await fixture.store.saveOrder({ ...order, eventId: undefined })
    expect(refused(await fixture.authenticate(fixture.card, { matchingId: 'EVENT-1' }))).toBe('8.2.6/3.8')
  })
})

describe('an order with its own number of attempts', () => {
  it('8.8.5/6.4: An order without remaining attempts is in error, independent of the limit of the server', async () => {
    const fixture = await sceneWith({ maxAttempts: 2 }, { downloadAttempts: 1 })
    const answers = [1, 2, 3].map(async () => refused(await fixture.authenticate(fixture.card)))
    expect((await Promise.all(answers)).sort()).toEqual(['8.8.5/6.4', 'accepted', 'accepted'])
    expect(await fixture.stateOf()).toBe('Error')
  })

  it('8.8.5/6.4: also by cards that are not eligible', async () => {
    const fixture = await sceneWith({ maxAttempts: 2, metadata: { profilePolicyRules: ['ppr1'] } })
    const change = { matchingId: MATCHING_ID, info2: { forbiddenProfilePolicyRules: ['ppr1' as const] } }
    for (const outcome of ['8.2.5/4.3', '8.2.5/4.3', '8.8.5/6.4'])
      expect(refused(await fixture.authenticate(fixture.card, change))).toBe(outcome)
    expect(await fixture.stateOf()).toBe('Error')
  })
})

describe('an order whose metadata are its own', () => {
  const icon = { type: 'png' as const, bytes: fromHex('89504e47') }
  it('Offer and package contain the metadata of the order, and other members come from the profile', async () => {
    const fixture = await sceneWith({
      metadata: { profileName: 'Birthday', icon, profilePolicyRules: ['ppr1'] },
    })
    const { ok, boundProfilePackage } = await fixture.download(fixture.card)
    const metadata = ok.profileMetadata.value
    expect([metadata.serviceProviderName, metadata.profileName]).toEqual(['Operator A', 'Birthday'])
    expect([metadata.iconType, toHex(metadata.icon!)]).toEqual(['png', '89504e47'])
    expect(toHex(boundProfilePackage)).toContain(toHex(ok.profileMetadata.bytes))
  })

  it('8.2.5/4.3: is judged by them', async () => {
    const fixture = await sceneWith({ metadata: { profilePolicyRules: ['ppr1'] } })
    const change = { matchingId: MATCHING_ID, info2: { forbiddenProfilePolicyRules: ['ppr1' as const] } }
    expect(refused(await fixture.authenticate(fixture.card, change))).toBe('8.2.5/4.3')
  })
})

describe('the metadata of a profile', () => {
  it('hold data of services, by the OID of their vendor, as DER', async () => {
    const fixture = await sceneWith({
      metadata: {
        serviceDataStoredInEuicc: [{ vendorOid: '2.999.7', data: fromHex('0c0161') }],
        serviceDataNotStoredInEuicc: [{ vendorOid: '2.999.8', data: fromHex('0500') }],
        profileOwner: { mccMnc: fromHex('09f107'), gid1: fromHex('ff') },
        notify: ['notificationInstall'],
      },
    })
    const { value } = accepted(await fixture.authenticate(fixture.card)).profileMetadata
    // 06 03 88 37 07 is 2.999.7; its tag is [0] here (computed by hand from X.690 §8.19).
    expect(toHex(value.serviceSpecificDataStoredInEuicc!)).toBe('bf220c300a8003883707a1030c0161')
    expect(toHex(value.serviceSpecificDataNotStoredInEuicc!)).toBe('bf230b30098003883708a1020500')
    expect(toHex(value.profileOwner!.mccMnc)).toBe('09f107')
    expect(value.notificationConfigurationInfo!.map(entry => entry.profileManagementOperation)).toEqual([
      ['notificationInstall'],
    ])
  })

  it.each([
    ['a name that is too long', { profileName: 'x'.repeat(65) }],
    ['an icon that is too large', { icon: { type: 'png' as const, bytes: new Uint8Array(1025) } }],
    ['service data that are no element', { serviceDataStoredInEuicc: [{ vendorOid: '2.999.7', data: fromHex('0c') }] }],
  ])('are refused at the door: %s', async (_, facts) => {
    const fixture = await createSmdpFixture()
    const metadata = { serviceProviderName: 'A', profileName: 'B', ...facts }
    await expect(fixture.stock('8988247000102003051', { metadata })).rejects.toMatchObject({ code: 'bad-profile' })
  })
})

describe('a reusable order', () => {
  const cycle = ['Released>Downloaded', 'Downloaded>Installed', 'Installed>Released']

  it('is released again after each installation, each time a row', async () => {
    const fixture = await sceneWith({ reusable: true })
    for (const card of [fixture.card, otherCard(fixture), fixture.card]) {
      const { ok } = await fixture.download(card)
      accepted(await fixture.notify(card.installationResult(ok.transactionId, ICCID)))
    }
    expect((await historyOf(fixture)).slice(-9)).toEqual([...cycle, ...cycle, ...cycle])
    expect((await fixture.store.findOrder(ICCID))!.eid).toBeUndefined()
  })

  it('A reusable order is released again after a failure and after a rejection by the end user', async () => {
    const fixture = await sceneWith({ reusable: true })
    const first = await fixture.download(fixture.card)
    const failed = fixture.card.installationResult(first.ok.transactionId, ICCID, 'incorrectInputValues')
    accepted(await fixture.notify(failed))
    expect(await fixture.stateOf()).toBe('Released')
    const second = accepted(await fixture.authenticate(fixture.card))
    const rejected = fixture.card.cancelSession(second.transactionId, 'endUserRejection')
    accepted(await fixture.cancel(second.transactionId, rejected))
    expect((await historyOf(fixture)).slice(-4)).toEqual([
      'Downloaded>Error',
      'Error>Released',
      'Released>Error',
      'Error>Released',
    ])
  })

  it('A reusable order serves a second card before the first reports its result', async () => {
    const fixture = await sceneWith({ reusable: true })
    const second = otherCard(fixture)
    const one = await fixture.download(fixture.card)
    const two = await fixture.download(second)
    expect(toHex(one.boundProfilePackage)).not.toBe(toHex(two.boundProfilePackage))
    for (const [card, { ok }] of [
      [fixture.card, one],
      [second, two],
    ] as const)
      accepted(await fixture.notify(card.installationResult(ok.transactionId, ICCID)))
    expect(await fixture.stateOf()).toBe('Released')
    expect((await fixture.store.listNotifications()).map(({ matched }) => matched)).toEqual([true, true])
    expect(fixture.defects).toEqual([])
  })

  it('stays with the EID that it was ordered for', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order({ eid: fixture.card.eid })
    const order = (await fixture.store.findOrder(ICCID))!
    await fixture.store.saveOrder({ ...order, reusable: true })
    expect(refused(await fixture.authenticate(otherCard(fixture)))).toBe('8.1.1/3.8')
    expect(refused(await fixture.authenticate(fixture.card))).toBe('accepted')
  })

  it('counts tries that led to nothing, and ends for good', async () => {
    const fixture = await sceneWith({ reusable: true, maxAttempts: 2 })
    for (let round = 0; round < 3; round++) {
      const { ok } = await fixture.download(fixture.card)
      accepted(await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID)))
    }
    for (const outcome of ['accepted', 'accepted', '8.8.5/6.4', '8.2.6/3.8'])
      expect(refused(await fixture.authenticate(fixture.card))).toBe(outcome)
    expect(await fixture.stateOf()).toBe('Error')
  })

  it('remembers its last hundred transitions; any other order all', () => {
    const fresh = { ...newOrder(ICCID, 'Plan', undefined, START), state: 'Released' as const }
    let reusable: Order = { ...fresh, reusable: true }
    for (let round = 0; round < 50; round++)
      reusable = endDownload(advance(reusable, 'Downloaded', 'handed out', START), 'Installed', 'told', START)
    expect(reusable.history).toHaveLength(100)
    expect(reusable.history.at(-1)!.to).toBe('Released')
    expect(() => endDownload(fresh, 'Installed', 'told', START)).toThrow(
      expect.objectContaining({ code: 'bad-transition' }),
    )
  })
})
