import { describe, expect, it } from 'vitest'
import { TEST_EID } from '../../../../src/rsp/certificates/test-pki.ts'
import { type Fetch, FetchError } from '../../../../src/rsp/fetch.ts'
import type { SmdsSettings } from '../../../../src/server/smds/settings.ts'
import { as, createSmdsFixture, SMDS } from '../../smds/smds-fixture.ts'
import { ADDRESS, accepted, createSmdpFixture, ICCID, MATCHING_ID, refused } from '../smdp-fixture.ts'

const SECOND = '8988247000102003051'
const available = 'Available'
const confirm = { iccid: ICCID, matchingId: MATCHING_ID, smdsAddress: SMDS, releaseFlag: true }

type Fault = 'cut' | 'answer lost' | 'unwell' | 'refuses' | undefined

/** An SM-DP+ and an SM-DS, and the way between them, which can be disturbed for one function or all. */
const createDownloadFixture = async (
  settings: Parameters<typeof createSmdpFixture>[0] = {},
  ofSmds: Partial<SmdsSettings> = {},
) => {
  const sent: string[] = []
  const way: { fault: Fault; on: RegExp; before?: (path: string) => Promise<void> } = { fault: undefined, on: /./ }
  const smds = createSmdsFixture(ofSmds)
  const toSmds: Fetch = async request => {
    const path = new URL(request.url).pathname
    sent.push(path.split('/').at(-1)!)
    await way.before?.(path)
    const fault = way.on.test(path) ? way.fault : undefined
    const cut = new FetchError('unreachable', 'connection reset', { url: request.url })
    if (fault === 'cut') throw cut
    if (fault === 'unwell') return new Response('busy', { status: 503 })
    if (fault === 'refuses') return new Response(null, { status: 401 })
    const response = await as(ADDRESS, smds.smds.es12)(request)
    if (fault === 'answer lost') throw cut
    return response
  }
  const fixture = await createSmdpFixture({
    smdsOf: address => (address === SMDS ? { url: `https://${SMDS}`, fetch: toSmds } : undefined),
    ...settings,
  })
  const events = async () => (await smds.store.listEvents(TEST_EID)).map(({ eventId }) => eventId)
  /** Ordered for the card, with its event at the SM-DS. */
  const orderWithEvent = async (change: { matchingId?: string; releaseFlag?: boolean; iccid?: string } = {}) => {
    const { iccid = ICCID } = change
    accepted(await fixture.operate('DownloadOrder', { iccid, eid: TEST_EID }))
    return fixture.operate('ConfirmOrder', {
      iccid,
      matchingId: MATCHING_ID,
      smdsAddress: SMDS,
      releaseFlag: true,
      ...change,
    })
  }
  const queued = async () => (await fixture.store.listProgress()).map(({ id }) => id)
  return { fixture, smds, way, sent, events, orderWithEvent, queued }
}

describe('an order with an SM-DS address (SGP.22 §3.6.1, §5.3.2)', () => {
  it('An order registers an event for the card with the address of the SM-DP+', async () => {
    const { fixture, smds, orderWithEvent, queued } = await createDownloadFixture()
    accepted(await orderWithEvent())
    const order = (await fixture.store.findOrder(ICCID))!
    expect(order).toMatchObject({ state: 'Released', matchingId: MATCHING_ID, smdsAddress: SMDS })
    expect(accepted(await smds.discover(smds.card)).eventEntries).toEqual([
      { eventId: order.eventId, rspServerAddress: ADDRESS },
    ])
    expect(await queued()).toEqual([])
  })

  it('raises it when the order is confirmed, though it is released later', async () => {
    const { fixture, events, orderWithEvent } = await createDownloadFixture()
    accepted(await orderWithEvent({ releaseFlag: false }))
    expect(await events()).toHaveLength(1)
    expect(await fixture.stateOf()).toBe('Confirmed')
    accepted(await fixture.operate('ReleaseProfile', { iccid: ICCID }))
    expect(await events()).toHaveLength(1)
  })

  it('raises it at the root as well, where the SM-DS is an alternative one', async () => {
    const root = createSmdsFixture({ address: 'root.example.com' })
    const toRoot = { url: 'https://root.example.com', fetch: as(SMDS, root.smds.es15) }
    const { smds, orderWithEvent, fixture } = await createDownloadFixture({}, { kind: 'alternative', root: toRoot })
    accepted(await orderWithEvent())
    const { eventId } = (await fixture.store.findOrder(ICCID))!
    const [there] = accepted(await root.discover(root.card)).eventEntries
    expect(there).toEqual({ eventId, rspServerAddress: SMDS })
    expect(accepted(await smds.discover(smds.card, { matchingId: there!.eventId })).eventEntries).toEqual([
      { eventId, rspServerAddress: ADDRESS },
    ])
  })

  it.each([MATCHING_ID, ''])(
    'is downloaded with the event id, its matching id being "%s"; the event is gone then',
    async matchingId => {
      const { fixture, smds, events, orderWithEvent } = await createDownloadFixture()
      accepted(await orderWithEvent({ matchingId }))
      const [found] = accepted(await smds.discover(smds.card)).eventEntries
      const { card } = fixture
      const ok = accepted(await fixture.authenticate(card, { matchingId: found!.eventId }))
      accepted(await fixture.getPackage(card, ok))
      expect(await events()).toHaveLength(1)
      await fixture.notify(card.installationResult(ok.transactionId, ICCID))
      await fixture.smdp.settled()
      expect(await fixture.stateOf()).toBe('Installed')
      expect(await events()).toEqual([])
      expect(accepted(await smds.discover(smds.card)).eventEntries).toEqual([])
      expect([...fixture.defects, ...smds.defects]).toEqual([])
    },
  )

  it('An order deletes its event when the end user rejects, the installation fails, or no attempt remains', async () => {
    const { fixture, events, orderWithEvent } = await createDownloadFixture({ downloadAttempts: 2 })
    const { card } = fixture
    const over = async () => {
      await fixture.smdp.settled()
      expect(await fixture.stateOf()).toBe('Error')
      expect(await events()).toEqual([])
      accepted(await fixture.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: available }))
    }
    accepted(await orderWithEvent())
    const { transactionId } = accepted(await fixture.authenticate(card))
    await fixture.cancel(transactionId, card.cancelSession(transactionId, 'endUserRejection'))
    await over()

    accepted(await orderWithEvent())
    const { ok } = await fixture.download(card)
    await fixture.notify(card.installationResult(ok.transactionId, ICCID, 'scp03tSecurityError'))
    await over()

    accepted(await orderWithEvent())
    for (let attempt = 0; attempt < 3; attempt += 1) await fixture.authenticate(card)
    await over()
  })

  it('keeps its event while the card may try again', async () => {
    const { fixture, events, orderWithEvent } = await createDownloadFixture()
    accepted(await orderWithEvent())
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    await fixture.cancel(transactionId, fixture.card.cancelSession(transactionId, 'postponed'))
    await fixture.smdp.settled()
    expect(await events()).toHaveLength(1)
  })

  it.each([available, 'Unavailable'])('takes its event back when it is cancelled (%s)', async final => {
    const { fixture, events, orderWithEvent } = await createDownloadFixture()
    accepted(await orderWithEvent())
    accepted(await fixture.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: final }))
    await fixture.smdp.settled()
    expect(await events()).toEqual([])
    expect(await fixture.store.findOrder(ICCID)).toMatchObject({ eventId: undefined, smdsAddress: undefined })
  })

  it('takes its event back when its profile is replaced in stock', async () => {
    const { fixture, events, orderWithEvent } = await createDownloadFixture()
    accepted(await orderWithEvent())
    await fixture.stock(ICCID, { replace: true })
    await fixture.smdp.settled()
    expect(await events()).toEqual([])
  })
})

describe('an SM-DS that does not do what it is asked', () => {
  it.each<[string, Fault]>([
    ['8.9/5.1', 'cut'],
    ['8.9/5.1', 'unwell'],
    ['8.9/5.1', 'answer lost'],
    ['8.9/4.2', 'refuses'],
  ])('%s: it is %s; the order stays as it was, and can be confirmed later', async (pair, fault) => {
    const { fixture, way, events, orderWithEvent } = await createDownloadFixture()
    way.fault = fault
    const before = async () => (await fixture.store.findOrder(ICCID))!.history.length
    expect(refused(await orderWithEvent())).toBe(pair)
    expect([await fixture.stateOf(), await before()]).toEqual(['Linked', 2])
    expect(await fixture.store.findOrderByMatchingId(MATCHING_ID)).toBeUndefined()
    way.fault = undefined
    await fixture.smdp.deliverProgress()
    expect(await events()).toEqual([])
    const again = { iccid: ICCID, matchingId: MATCHING_ID, smdsAddress: SMDS, releaseFlag: true }
    accepted(await fixture.operate('ConfirmOrder', again))
    expect(await events()).toHaveLength(1)
    expect(await fixture.store.listProgress()).toEqual([])
  })

  it('8.9/5.1: one that is not known, or whose root cannot be reached', async () => {
    const { fixture, orderWithEvent } = await createDownloadFixture({}, { kind: 'alternative' })
    expect(refused(await orderWithEvent())).toBe('8.9/5.1')
    const elsewhere = { iccid: ICCID, smdsAddress: 'unknown.example.com', releaseFlag: true }
    expect(refused(await fixture.operate('ConfirmOrder', elsewhere))).toBe('8.9/5.1')
    expect(await fixture.stateOf()).toBe('Linked')
  })

  it('8.9/5.1: An event at a root that failed after the registration is deleted there too', async () => {
    const root = createSmdsFixture({ address: 'root.example.com' })
    let isDying = true
    const toRoot: Fetch = async request => {
      const response = await as(SMDS, root.smds.es15)(request)
      if (isDying) throw new FetchError('unreachable', 'connection reset', { url: request.url })
      return response
    }
    const settings: Partial<SmdsSettings> = {
      kind: 'alternative',
      root: { url: 'https://root.example.com', fetch: toRoot },
    }
    const { fixture, events, orderWithEvent } = await createDownloadFixture({}, settings)
    expect(refused(await orderWithEvent())).toBe('8.9/5.1')
    await fixture.smdp.settled()
    isDying = false
    await fixture.smdp.deliverProgress()
    expect(await root.store.listEvents(TEST_EID)).toEqual([])
    expect(await events()).toEqual([])
    expect(await fixture.store.listProgress()).toEqual([])
  })

  it.each<Fault>(['cut', 'unwell', 'answer lost'])(
    'is told again of a deletion until it was told (%s), after a restart of this server too',
    async fault => {
      const { fixture, way, sent, events, orderWithEvent } = await createDownloadFixture()
      accepted(await orderWithEvent())
      way.fault = fault
      const { ok } = await fixture.download(fixture.card)
      await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID))
      await fixture.smdp.settled()
      expect(await fixture.store.listProgress()).toHaveLength(1)
      way.fault = undefined
      await fixture.smdp.deliverProgress()
      expect(await fixture.store.listProgress()).toEqual([])
      expect(await events()).toEqual([])
      expect(sent).toEqual(['registerEvent', 'deleteEvent', 'deleteEvent'])
    },
  )

  it('finds the event that a killed server had raised for no order, once its operator has given up', async () => {
    const { fixture, smds, events } = await createDownloadFixture()
    accepted(await fixture.operate('DownloadOrder', { iccid: ICCID, eid: TEST_EID }))
    // Killed after the SM-DS was told, before the order was saved: the disk takes nothing any more.
    const { saveOrder, dropProgress } = fixture.store
    fixture.store.saveOrder = () => Promise.reject(new Error('killed'))
    fixture.store.dropProgress = () => Promise.reject(new Error('killed'))
    expect(refused(await fixture.operate('ConfirmOrder', confirm))).toBe('1.2/4.2')
    Object.assign(fixture.store, { saveOrder, dropProgress })
    expect(await events()).toHaveLength(1)
    await fixture.smdp.deliverProgress()
    expect(await events()).toHaveLength(1)
    fixture.wait(5 * 60_000)
    await fixture.smdp.deliverProgress()
    expect(await events()).toEqual([])
    expect(smds.defects).toEqual([])
  })

  it('deletes the event of a killed call as soon as the call made again has raised another', async () => {
    const { fixture, events, sent } = await createDownloadFixture()
    accepted(await fixture.operate('DownloadOrder', { iccid: ICCID, eid: TEST_EID }))
    const { saveOrder, dropProgress } = fixture.store
    fixture.store.saveOrder = () => Promise.reject(new Error('killed'))
    fixture.store.dropProgress = () => Promise.reject(new Error('killed'))
    expect(refused(await fixture.operate('ConfirmOrder', confirm, 'the call'))).toBe('1.2/4.2')
    Object.assign(fixture.store, { saveOrder, dropProgress })
    expect(refused(await fixture.operate('ConfirmOrder', confirm, 'the call'))).toBe('accepted')
    await fixture.smdp.deliverProgress()
    expect(await events()).toEqual([(await fixture.store.findOrder(ICCID))!.eventId])
    expect(await fixture.store.listProgress()).toEqual([])
    expect(sent).toEqual(['registerEvent', 'registerEvent', 'deleteEvent'])
  })

  it('looks again for an event of a killed call that was still on its way when the order had another', async () => {
    const { fixture, way, events } = await createDownloadFixture()
    accepted(await fixture.operate('DownloadOrder', { iccid: ICCID, eid: TEST_EID }))
    let arrive!: () => void
    const late = new Promise<void>(resolve => {
      arrive = resolve
    })
    let isFirst = true
    way.before = async path => {
      if (!path.endsWith('registerEvent') || !isFirst) return
      isFirst = false
      await late
    }
    const killed = fixture.operate('ConfirmOrder', confirm)
    accepted(await fixture.operate('ConfirmOrder', confirm))
    await fixture.smdp.deliverProgress()
    // The server that would clear up behind the late one is killed.
    const { dropProgress, addProgress } = fixture.store
    fixture.store.dropProgress = fixture.store.addProgress = () => Promise.reject(new Error('killed'))
    arrive()
    expect(refused(await killed)).toBe('1.2/4.2')
    Object.assign(fixture.store, { dropProgress, addProgress })
    expect(await events()).toHaveLength(2)
    await fixture.smdp.deliverProgress()
    expect(await events()).toEqual([(await fixture.store.findOrder(ICCID))!.eventId])
    expect(await fixture.store.listProgress()).toEqual([])
  })
})

describe('races', () => {
  it('Two simultaneous ConfirmOrder calls confirm the order once, with one event', async () => {
    const { fixture, events } = await createDownloadFixture()
    accepted(await fixture.operate('DownloadOrder', { iccid: ICCID, eid: TEST_EID }))
    const answers = await Promise.all([
      fixture.operate('ConfirmOrder', confirm),
      fixture.operate('ConfirmOrder', confirm),
    ])
    expect(answers.map(refused)).toEqual(['accepted', 'accepted'])
    await fixture.smdp.settled()
    expect(await events()).toEqual([(await fixture.store.findOrder(ICCID))!.eventId])
    expect(await fixture.store.listProgress()).toEqual([])
  })

  it('is content with an order that is confirmed alike, and raises no second event', async () => {
    const { fixture, sent, orderWithEvent } = await createDownloadFixture()
    accepted(await orderWithEvent())
    expect(accepted(await fixture.operate('ConfirmOrder', confirm)).matchingId).toBe(MATCHING_ID)
    expect(refused(await fixture.operate('ConfirmOrder', { ...confirm, smdsAddress: undefined }))).toBe('8.2.1/3.3')
    expect(sent).toEqual(['registerEvent'])
  })

  it('deletes the event of an order that is saved after another whose event goes too', async () => {
    const { fixture, events, orderWithEvent } = await createDownloadFixture()
    await fixture.stock(SECOND)
    accepted(await orderWithEvent())
    accepted(await orderWithEvent({ iccid: SECOND, matchingId: 'MATCH-ME-2' }))
    const cancel = (iccid: string) =>
      fixture.operate('CancelOrder', { iccid, finalProfileStatusIndicator: 'Unavailable' })
    // The deletion of the first is put down; before its order is saved, the second is cancelled altogether.
    const { saveOrder } = fixture.store
    let isFirst = true
    fixture.store.saveOrder = async (...given) => {
      if (isFirst) {
        isFirst = false
        accepted(await cancel(SECOND))
        await fixture.smdp.settled()
      }
      return saveOrder(...given)
    }
    accepted(await cancel(ICCID))
    await fixture.smdp.settled()
    expect(await events()).toEqual([])
  })

  it('leaves no event of an order that is cancelled while it is confirmed', async () => {
    const { fixture, way, events, orderWithEvent } = await createDownloadFixture()
    way.before = async path => {
      if (path.endsWith('registerEvent'))
        accepted(await fixture.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: available }))
    }
    expect(refused(await orderWithEvent())).toBe('8.2.1/3.3')
    await fixture.smdp.settled()
    expect(await fixture.stateOf()).toBe('Available')
    expect(await events()).toEqual([])
  })

  it('8.2.6/3.3: raises no event for a matching id that another order has, or takes meanwhile', async () => {
    const { fixture, way, sent, events, orderWithEvent } = await createDownloadFixture()
    await fixture.stock(SECOND)
    accepted(await orderWithEvent())
    expect(refused(await orderWithEvent({ iccid: SECOND }))).toBe('8.2.6/3.3')
    expect(sent).toEqual(['registerEvent'])
    accepted(await fixture.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: available }))
    accepted(await fixture.operate('CancelOrder', { iccid: SECOND, finalProfileStatusIndicator: available }))
    await fixture.smdp.settled()
    way.before = async path => {
      way.before = async () => {}
      if (path.endsWith('registerEvent')) await fixture.order({ eid: TEST_EID })
    }
    expect(refused(await orderWithEvent({ iccid: SECOND }))).toBe('8.2.6/3.3')
    await fixture.smdp.settled()
    expect(await events()).toEqual([])
  })
})
