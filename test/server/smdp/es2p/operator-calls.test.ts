import { describe, expect, it } from 'vitest'
import { TEST_EID } from '../../../../src/rsp/certificates/test-pki.ts'
import { ES2p } from '../../../../src/rsp/interfaces/es2p.ts'
import type { SmdpStore } from '../../../../src/server/smdp/store.ts'
import { type Answer, accepted, createSmdpFixture, ICCID, MATCHING_ID, post, refused } from '../smdp-fixture.ts'

const SECOND = '8988247000102003051'
const available = { iccid: ICCID, finalProfileStatusIndicator: 'Available' }
const rows = [ES2p.DownloadOrder, ES2p.ConfirmOrder, ES2p.CancelOrder, ES2p.ReleaseProfile]

describe('who may call ES2+', () => {
  it.each(rows.map(row => [row.name, row.path]))(
    '401: ES2+ rejects an unknown caller at %s without reading its message',
    async (_, path) => {
      const { smdp } = await createSmdpFixture({ requesterOf: () => undefined })
      let wasRead = false
      const pull = () => {
        wasRead = true
      }
      const response = await smdp.es2p(
        new Request(`https://smdp.example.com${path}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Admin-Protocol': 'gsma/rsp/v2.5.0' },
          body: new ReadableStream({ pull }, { highWaterMark: 0 }),
          duplex: 'half',
        } as RequestInit),
      )
      expect([response.status, wasRead]).toEqual([401, false])
      expect(await response.json()).toMatchObject({ header: { functionExecutionStatus: { status: 'Failed' } } })
    },
  )

  it.each([ES2p.HandleDownloadProgressInfo, ES2p.HandleNotification])(
    '1.6/3.1: what the operator answers is not answered here ($name)',
    async ({ path }) => {
      const { smdp } = await createSmdpFixture()
      const response = await smdp.es2p(post(path, '{}'))
      expect(await response.json()).toMatchObject({
        header: { functionExecutionStatus: { statusCodeData: { subjectCode: '1.6', reasonCode: '3.1' } } },
      })
    },
  )
})

describe('a call that is made again (SGP.22 §5.2.1)', () => {
  /** `call`, and the server is killed when it has saved the order. */
  const killedBehind = async (store: SmdpStore, call: () => Promise<Answer<unknown>>): Promise<void> => {
    const { saveOrder, findCall } = store
    const dead = () => Promise.reject(new Error('killed'))
    const killed: Partial<SmdpStore> = {
      async saveOrder(...given) {
        await saveOrder(...given)
        store.findCall = dead
        return dead()
      },
    }
    Object.assign(store, killed)
    expect(refused(await call())).toBe('1.2/4.2')
    Object.assign(store, { saveOrder, findCall })
  }

  it('orders no second profile when the server was killed before it could answer', async () => {
    const { operate, stock, store } = await createSmdpFixture()
    await stock(SECOND)
    const order = () => operate('DownloadOrder', { profileType: 'Plan S', eid: TEST_EID }, 'the call')
    await killedBehind(store, order)
    expect(accepted(await order()).iccid).toBe(`${ICCID}F`)
    const byIccid = await operate('DownloadOrder', { iccid: ICCID, eid: TEST_EID }, 'the call')
    expect(accepted(byIccid).iccid).toBe(`${ICCID}F`)
    expect((await store.listOrders()).filter(({ state }) => state === 'Linked')).toHaveLength(1)
  })

  it('A repeated CancelOrder does not cancel a later order of the profile', async () => {
    const { operate, store, stateOf } = await createSmdpFixture()
    const cancel = () => operate('CancelOrder', available, 'the call')
    accepted(await operate('DownloadOrder', { iccid: ICCID }))
    await killedBehind(store, cancel)
    expect(await stateOf()).toBe('Available')
    accepted(await operate('DownloadOrder', { profileType: 'Plan S' }))
    expect(refused(await cancel())).toBe('accepted')
    expect(await stateOf()).toBe('Allocated')
  })

  it('A repeated call returns the values of the confirmation and release, also after the download', async () => {
    const { operate, store, download, card, stateOf } = await createSmdpFixture()
    accepted(await operate('DownloadOrder', { iccid: ICCID }))
    const confirm = () => operate('ConfirmOrder', { iccid: ICCID, matchingId: MATCHING_ID, releaseFlag: false }, 'one')
    const release = () => operate('ReleaseProfile', { iccid: ICCID }, 'two')
    await killedBehind(store, confirm)
    await killedBehind(store, release)
    await download(card)
    expect(await stateOf()).toBe('Downloaded')
    expect(accepted(await confirm())).toMatchObject({ matchingId: MATCHING_ID })
    expect(refused(await release())).toBe('accepted')
  })

  it('orders one profile when two servers on one store get it at once', async () => {
    const { operate, stock, store } = await createSmdpFixture()
    const other = await createSmdpFixture({ store: { ...store, addProfile: async () => true } })
    await stock(SECOND)
    const answers = await Promise.all(
      [operate, other.operate].map(call => call('DownloadOrder', { profileType: 'Plan S' }, 'the call')),
    )
    const [one, two] = answers.map(answer => accepted(answer).iccid)
    expect(two).toBe(one)
    expect((await store.listOrders()).filter(({ state }) => state === 'Allocated')).toHaveLength(1)
  })

  it('is another call when it is for another EID, or by another operator', async () => {
    let requester = 'Operator A'
    const { operate, stock } = await createSmdpFixture({ requesterOf: () => requester })
    await stock(SECOND)
    const order = (eid?: string) => operate('DownloadOrder', { profileType: 'Plan S', eid }, 'the call')
    const first = accepted(await order(TEST_EID)).iccid
    expect(accepted(await order()).iccid).not.toBe(first)
    requester = 'Operator B'
    expect(refused(await order(TEST_EID))).toBe('8.2.5/3.7')
  })

  it('answers each function as before, also after the order went on', async () => {
    const { operate, stateOf } = await createSmdpFixture()
    const calls = [
      () => operate('DownloadOrder', { iccid: ICCID }, 'one'),
      () => operate('ConfirmOrder', { iccid: ICCID, releaseFlag: false }, 'two'),
      () => operate('ReleaseProfile', { iccid: ICCID }, 'three'),
      () => operate('CancelOrder', available, 'four'),
    ]
    const first = []
    for (const each of calls) first.push(accepted(await each()))
    const again = []
    for (const each of calls) again.push(accepted(await each()))
    expect(again).toEqual(first)
    expect(await stateOf()).toBe('Available')
  })

  it('A repeated call is evaluated again after a refusal', async () => {
    const { operate } = await createSmdpFixture()
    const confirm = () => operate('ConfirmOrder', { iccid: ICCID, releaseFlag: true }, 'the call')
    expect(refused(await confirm())).toBe('8.2.1/3.3')
    accepted(await operate('DownloadOrder', { iccid: ICCID }))
    expect(refused(await confirm())).toBe('accepted')
  })
})

describe('the ICCID of a call', () => {
  it.each([
    ['with its check digit', ICCID],
    ['with filler', `${ICCID}F`],
    ['without its check digit', ICCID.slice(0, -1)],
    ['without its check digit, with filler', `${ICCID.slice(0, -1)}F`],
  ])('is taken %s by every function', async (_, iccid) => {
    const { operate } = await createSmdpFixture()
    expect(accepted(await operate('DownloadOrder', { iccid })).iccid).toBe(`${ICCID}F`)
    for (const answer of [
      await operate('ConfirmOrder', { iccid, releaseFlag: false }),
      await operate('ReleaseProfile', { iccid }),
      await operate('CancelOrder', { ...available, iccid }),
    ])
      expect(refused(answer)).toBe('accepted')
  })

  it.each(['898824700010200304', '89882470001020030444F', '8988247000102003F44', 'x'])(
    'is never mistaken: %s',
    async iccid => {
      const { operate, stateOf } = await createSmdpFixture()
      const answer = await operate('DownloadOrder', { iccid: iccid === '898824700010200304' ? `${iccid}5` : iccid })
      expect(['8.2.1/3.9', '1.6/2.1']).toContain(refused(answer))
      expect(await stateOf()).toBe('Available')
    },
  )
})

describe('the EID of an order', () => {
  it('may come with neither, either or both calls', async () => {
    for (const [early, late] of [
      [undefined, undefined],
      [TEST_EID, undefined],
      [undefined, TEST_EID],
      [TEST_EID, TEST_EID],
    ]) {
      const { operate } = await createSmdpFixture()
      accepted(await operate('DownloadOrder', { iccid: ICCID, eid: early }))
      const answer = await operate('ConfirmOrder', { iccid: ICCID, eid: late, releaseFlag: true })
      expect(accepted(answer).eid).toBe(early ?? late)
    }
  })
})

describe('ES2+.CancelOrder of what is on its way', () => {
  it('8.2.1/3.3: a profile that was downloaded or installed', async () => {
    const { operate, order, download, notify, card, stateOf } = await createSmdpFixture()
    await order()
    const { ok } = await download(card)
    expect(refused(await operate('CancelOrder', available))).toBe('8.2.1/3.3')
    expect(await stateOf()).toBe('Downloaded')
    await notify(card.installationResult(ok.transactionId, ICCID))
    expect(refused(await operate('CancelOrder', available))).toBe('8.2.1/3.3')
    expect(await stateOf()).toBe('Installed')
  })

  it('takes an order in error back into stock', async () => {
    const { operate, order, authenticate, cancel, card, stateOf } = await createSmdpFixture()
    await order()
    const { transactionId } = accepted(await authenticate(card))
    await cancel(transactionId, card.cancelSession(transactionId, 'endUserRejection'))
    expect(await stateOf()).toBe('Error')
    accepted(await operate('CancelOrder', available))
    expect(await stateOf()).toBe('Available')
  })
})

describe('two calls at once', () => {
  it('give one profile to one of them', async () => {
    const { operate } = await createSmdpFixture()
    const answers = await Promise.all([
      operate('DownloadOrder', { iccid: ICCID }),
      operate('DownloadOrder', { iccid: ICCID }),
    ])
    expect(answers.map(refused).sort()).toEqual(['8.2.1/3.3', 'accepted'])
  })

  it('give one matching id to one order', async () => {
    const { operate, stock } = await createSmdpFixture()
    await stock(SECOND)
    for (const iccid of [ICCID, SECOND]) accepted(await operate('DownloadOrder', { iccid }))
    const answers = await Promise.all(
      [ICCID, SECOND].map(iccid => operate('ConfirmOrder', { iccid, matchingId: MATCHING_ID, releaseFlag: true })),
    )
    expect(answers.map(refused).sort()).toEqual(['8.2.6/3.3', 'accepted'])
  })

  it('release or cancel an order, not both', async () => {
    const { operate, order, stateOf, authenticate, card } = await createSmdpFixture()
    await order({ releaseFlag: false })
    const [released, cancelled] = await Promise.all([
      operate('ReleaseProfile', { iccid: ICCID }),
      operate('CancelOrder', available),
    ])
    expect(refused(cancelled)).toBe('accepted')
    expect(['accepted', '8.2.1/3.5']).toContain(refused(released))
    expect(await stateOf()).toBe('Available')
    expect(refused(await authenticate(card))).toBe('8.2.6/3.8')
  })

  it('leave one package with the card or the order cancelled, when a download meets a cancellation', async () => {
    const { operate, order, authenticate, getPackage, card, stateOf } = await createSmdpFixture()
    await order()
    const ok = accepted(await authenticate(card))
    const [bound, cancelled] = await Promise.all([getPackage(card, ok), operate('CancelOrder', available)])
    const outcome = [refused(bound), refused(cancelled), await stateOf()]
    expect([
      ['accepted', '8.2.1/3.3', 'Downloaded'],
      ['8.2/3.7', 'accepted', 'Available'],
    ]).toContainEqual(outcome)
  })
})
