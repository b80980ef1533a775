import { describe, expect, it } from 'vitest'
import { TEST_EID } from '../../../../src/rsp/certificates/test-pki.ts'
import { ES2p } from '../../../../src/rsp/interfaces/es2p.ts'
import { accepted, call, createSmdpFixture, ICCID, MATCHING_ID, refused } from '../smdp-fixture.ts'

const SECOND = '8988247000102003051'
const UNKNOWN = '8988247000102009999'
const otherEid = '89049032000000000000000000000042'
const available = 'Available'
const unavailable = 'Unavailable'

describe('ES2+.DownloadOrder (SGP.22 §5.3.1)', () => {
  it('allocates the profile with the given ICCID', async () => {
    const { operate, stateOf } = await createSmdpFixture()
    expect(accepted(await operate('DownloadOrder', { iccid: ICCID })).iccid).toBe(`${ICCID}F`)
    expect(await stateOf()).toBe('Allocated')
  })

  it('links it when an EID is given', async () => {
    const { operate, stateOf } = await createSmdpFixture()
    accepted(await operate('DownloadOrder', { iccid: `${ICCID}F`, eid: TEST_EID }))
    expect(await stateOf()).toBe('Linked')
  })

  it('takes an ICCID without its check digit', async () => {
    const { operate } = await createSmdpFixture()
    expect(accepted(await operate('DownloadOrder', { iccid: ICCID.slice(0, -1) })).iccid).toBe(`${ICCID}F`)
  })

  it('takes any profile of a type, each once', async () => {
    const { operate, stock } = await createSmdpFixture()
    await stock(SECOND)
    const order = () => operate('DownloadOrder', { profileType: 'Plan S' })
    const given = await Promise.all([order(), order()])
    expect(given.map(answer => accepted(answer).iccid).sort()).toEqual([`${ICCID}F`, `${SECOND}F`])
    expect(refused(await order())).toBe('8.2.5/3.7')
  })

  it.each([
    ['8.2.1/2.3', 'neither ICCID nor type', {}],
    ['8.2.1/3.9', 'an unknown ICCID', { iccid: UNKNOWN }],
    ['8.2.5/3.9', 'an unknown type', { profileType: 'Plan X' }],
    ['8.2.5/3.8', 'a type that the ICCID is not of', { iccid: ICCID, profileType: 'Plan X' }],
  ])('%s: %s', async (pair, _, request) => {
    const { operate, stateOf } = await createSmdpFixture()
    expect(refused(await operate('DownloadOrder', request))).toBe(pair)
    expect(await stateOf()).toBe('Available')
  })

  it('8.2.1/3.3: a profile that is ordered already', async () => {
    const { operate } = await createSmdpFixture()
    accepted(await operate('DownloadOrder', { iccid: ICCID }))
    expect(refused(await operate('DownloadOrder', { iccid: ICCID }))).toBe('8.2.1/3.3')
  })

  it("8.2.1/1.2, 8.2.5/1.2: another operator's stock", async () => {
    const { operate, stock } = await createSmdpFixture()
    await stock(SECOND, { owner: 'Operator B', profileType: 'Plan B' })
    expect(refused(await operate('DownloadOrder', { iccid: SECOND }))).toBe('8.2.1/1.2')
    expect(refused(await operate('DownloadOrder', { profileType: 'Plan B' }))).toBe('8.2.5/1.2')
  })

  it('answers a repeated call as before, and takes no second profile for it', async () => {
    const { operate, stock, store } = await createSmdpFixture()
    await stock(SECOND)
    const order = () => operate('DownloadOrder', { profileType: 'Plan S' }, 'the same call')
    const [first, second] = await Promise.all([order(), order()])
    expect(accepted(second)).toEqual(accepted(first))
    expect(accepted(await order())).toEqual(accepted(first))
    expect((await store.listOrders()).filter(({ state }) => state === 'Allocated')).toHaveLength(1)
  })
})

describe('ES2+.ConfirmOrder (SGP.22 §5.3.2)', () => {
  it.each([
    [false, 'Confirmed'],
    [true, 'Released'],
  ])('with releaseFlag %s leaves the order %s', async (releaseFlag, state) => {
    const { operate, stateOf } = await createSmdpFixture()
    accepted(await operate('DownloadOrder', { iccid: ICCID }))
    const answer = await operate('ConfirmOrder', { iccid: ICCID, matchingId: MATCHING_ID, releaseFlag })
    expect(accepted(answer)).toEqual({ matchingId: MATCHING_ID, smdpAddress: 'smdp.example.com' })
    expect(await stateOf()).toBe(state)
  })

  it('makes a matching id where none is given, another for each order', async () => {
    const { operate, stock } = await createSmdpFixture()
    await stock(SECOND)
    const made = []
    for (const iccid of [ICCID, SECOND]) {
      accepted(await operate('DownloadOrder', { iccid }))
      made.push(accepted(await operate('ConfirmOrder', { iccid, releaseFlag: true })).matchingId)
    }
    expect(made[0]).toMatch(/^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/)
    expect(made[0]).not.toBe(made[1])
  })

  it('keeps a hash of the confirmation code, never the code', async () => {
    const { order, store } = await createSmdpFixture()
    await order({ confirmationCode: 'sesame-1234' })
    expect(JSON.stringify(await store.listOrders())).not.toContain('sesame')
    expect((await store.findOrder(ICCID))?.confirmationCodeHash).toHaveLength(32)
  })

  it('links an EID that comes late', async () => {
    const { operate, store } = await createSmdpFixture()
    accepted(await operate('DownloadOrder', { iccid: ICCID }))
    const answer = await operate('ConfirmOrder', { iccid: ICCID, eid: TEST_EID, matchingId: '', releaseFlag: true })
    expect(accepted(answer)).toMatchObject({ eid: TEST_EID, matchingId: '' })
    expect((await store.findOrder(ICCID))?.eid).toBe(TEST_EID)
  })

  it.each([
    ['8.2.1/3.9', 'an unknown ICCID', { iccid: UNKNOWN }],
    ['8.1.1/2.2', 'an empty matching id without EID', { matchingId: '' }],
    ['8.1.1/2.2', 'an SM-DS without EID', { smdsAddress: 'smds.example.com' }],
    ['8.9/5.1', 'an SM-DS that is not there', { smdsAddress: 'smds.example.com', eid: TEST_EID }],
  ])('%s: %s', async (pair, _, change) => {
    const { operate, stateOf } = await createSmdpFixture()
    accepted(await operate('DownloadOrder', { iccid: ICCID }))
    expect(refused(await operate('ConfirmOrder', { iccid: ICCID, releaseFlag: true, ...change }))).toBe(pair)
    expect(await stateOf()).toBe('Allocated')
  })

  it('8.1.1/3.10: another EID than the order has', async () => {
    const { operate } = await createSmdpFixture()
    accepted(await operate('DownloadOrder', { iccid: ICCID, eid: TEST_EID }))
    expect(refused(await operate('ConfirmOrder', { iccid: ICCID, eid: otherEid, releaseFlag: true }))).toBe(
      '8.1.1/3.10',
    )
  })

  it('8.2.6/3.3: a matching id that is in use', async () => {
    const { operate, order, stock, stateOf } = await createSmdpFixture()
    await order()
    await stock(SECOND)
    accepted(await operate('DownloadOrder', { iccid: SECOND }))
    const answer = await operate('ConfirmOrder', { iccid: SECOND, matchingId: MATCHING_ID, releaseFlag: true })
    expect(refused(answer)).toBe('8.2.6/3.3')
    expect(await stateOf(SECOND)).toBe('Allocated')
  })

  it('8.2.1/3.3: a profile that was not ordered, or is confirmed otherwise', async () => {
    const { operate, order } = await createSmdpFixture()
    expect(refused(await operate('ConfirmOrder', { iccid: ICCID, releaseFlag: true }))).toBe('8.2.1/3.3')
    await order()
    expect(refused(await operate('ConfirmOrder', { iccid: ICCID, matchingId: 'OTHER', releaseFlag: true }))).toBe(
      '8.2.1/3.3',
    )
  })

  it('An identical second ConfirmOrder succeeds', async () => {
    const { operate, order, store } = await createSmdpFixture()
    await order({ confirmationCode: '1234' })
    const again = { iccid: ICCID, matchingId: MATCHING_ID, confirmationCode: '1234', releaseFlag: true }
    expect(accepted(await operate('ConfirmOrder', again)).matchingId).toBe(MATCHING_ID)
    expect((await store.findOrder(ICCID))?.history.map(({ to }) => to)).toEqual(['Available', 'Allocated', 'Released'])
  })
})

describe('ES2+.ReleaseProfile (SGP.22 §5.3.4)', () => {
  it('releases a confirmed order, and is content with a released one', async () => {
    const { operate, order, stateOf } = await createSmdpFixture()
    await order({ releaseFlag: false })
    accepted(await operate('ReleaseProfile', { iccid: ICCID }))
    accepted(await operate('ReleaseProfile', { iccid: ICCID }))
    expect(await stateOf()).toBe('Released')
  })

  it('8.2.1/3.5: an order that is not confirmed', async () => {
    const { operate } = await createSmdpFixture()
    expect(refused(await operate('ReleaseProfile', { iccid: ICCID }))).toBe('8.2.1/3.5')
  })

  it('8.2.1/3.9: an unknown ICCID', async () => {
    const { operate } = await createSmdpFixture()
    expect(refused(await operate('ReleaseProfile', { iccid: UNKNOWN }))).toBe('8.2.1/3.9')
  })
})

describe('ES2+.CancelOrder (SGP.22 §5.3.3)', () => {
  it.each([[available], [unavailable]])(
    'CancelOrder sets the profile to %s and deletes the values of the order',
    async final => {
      const { operate, order, store } = await createSmdpFixture()
      await order({ eid: TEST_EID, confirmationCode: '1234' })
      const cancel = { iccid: ICCID, eid: TEST_EID, matchingId: MATCHING_ID, finalProfileStatusIndicator: final }
      accepted(await operate('CancelOrder', cancel))
      accepted(await operate('CancelOrder', cancel))
      expect(await store.findOrder(ICCID)).toMatchObject({
        state: final,
        eid: undefined,
        matchingId: undefined,
        confirmationCodeHash: undefined,
      })
      expect(await store.findOrderByMatchingId(MATCHING_ID)).toBeUndefined()
    },
  )

  it('A profile that returned to the stock can be ordered again', async () => {
    const { operate, order, authenticate, card } = await createSmdpFixture()
    await order()
    accepted(await operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: available }))
    expect(refused(await authenticate(card))).toBe('8.2.6/3.8')
    await order()
    expect(refused(await authenticate(card))).toBe('accepted')
  })

  it.each([
    ['8.2.1/3.9', 'an unknown ICCID', { iccid: UNKNOWN }],
    ['8.2.1/3.10', 'another EID', { eid: otherEid }],
    ['8.2.6/3.10', 'another matching id', { matchingId: 'OTHER' }],
  ])('%s: %s', async (pair, _, change) => {
    const { operate, order, stateOf } = await createSmdpFixture()
    await order({ eid: TEST_EID })
    const request = { iccid: ICCID, finalProfileStatusIndicator: available, ...change }
    expect(refused(await operate('CancelOrder', request))).toBe(pair)
    expect(await stateOf()).toBe('Released')
  })

  it('8.2.1/3.3: a profile that is out of use', async () => {
    const { operate } = await createSmdpFixture()
    accepted(await operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: unavailable }))
    const answer = await operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: available })
    expect(refused(answer)).toBe('8.2.1/3.3')
  })
})

describe('ES2+', () => {
  it("8.2.1/1.2: another operator's order", async () => {
    let requester = 'Operator A'
    const { operate, order } = await createSmdpFixture({ requesterOf: () => requester })
    await order()
    requester = 'Operator B'
    expect(refused(await operate('ReleaseProfile', { iccid: ICCID }))).toBe('8.2.1/1.2')
    expect(refused(await operate('ConfirmOrder', { iccid: ICCID, releaseFlag: true }))).toBe('8.2.1/1.2')
    const cancel = { iccid: ICCID, finalProfileStatusIndicator: available }
    expect(refused(await operate('CancelOrder', cancel))).toBe('8.2.1/1.2')
  })

  it('401: a caller that the connection does not identify', async () => {
    const { operate } = await createSmdpFixture({ requesterOf: () => undefined })
    expect(await operate('DownloadOrder', { iccid: ICCID })).toMatchObject({ failed: '1.1/1.1', http: 401 })
  })

  it('400: a request without header', async () => {
    const { smdp } = await createSmdpFixture()
    const answer = await call(smdp.es2p, ES2p.ReleaseProfile, { iccid: ICCID })
    expect(answer).toMatchObject({ failed: '1.6/2.2', http: 400 })
  })

  it('writes a row with time and cause for each change of state', async () => {
    const { order, operate, wait, store } = await createSmdpFixture()
    wait(1000)
    await order({ eid: TEST_EID, releaseFlag: false })
    wait(1000)
    accepted(await operate('ReleaseProfile', { iccid: ICCID }))
    const rows = (await store.findOrder(ICCID))!.history.map(
      ({ at, from, to, cause }) => `${at.toISOString().slice(11, 19)} ${from ?? '-'} ${to}: ${cause}`,
    )
    expect(rows).toEqual([
      '12:00:00 - Available: added to the stock',
      '12:00:01 Available Linked: DownloadOrder',
      '12:00:01 Linked Confirmed: ConfirmOrder',
      '12:00:02 Confirmed Released: ReleaseProfile',
    ])
  })

  it('adds no profile over an order that is under way, but over one that is over', async () => {
    const { order, stock, operate, stateOf } = await createSmdpFixture()
    await order()
    await expect(stock()).rejects.toMatchObject({ code: 'iccid-taken' })
    accepted(await operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: unavailable }))
    await stock()
    expect(await stateOf()).toBe('Available')
  })

  it('A profile replaces an active order on request, and the card of that order receives no package', async () => {
    const { order, stock, stateOf, authenticate, getPackage, card } = await createSmdpFixture()
    await order()
    const ok = accepted(await authenticate(card))
    await stock(ICCID, { replace: true })
    expect(await stateOf()).toBe('Available')
    expect(refused(await getPackage(card, ok))).toBe('8.2/3.7')
    expect(refused(await authenticate(card))).toBe('8.2.6/3.8')
  })

  it.each([
    ['an ICCID that is none', '123', {}],
    ['a name that is too long', SECOND, { metadata: { serviceProviderName: 'x'.repeat(33), profileName: '' } }],
  ])('adds no profile with %s', async (_, iccid, change) => {
    const { stock } = await createSmdpFixture()
    await expect(stock(iccid, change)).rejects.toMatchObject({ code: 'bad-profile' })
  })
})
