import { describe, expect, it } from 'vitest'
import { TEST_EID } from '../../../../src/rsp/certificates/test-pki.ts'
import { type Fetch, FetchError } from '../../../../src/rsp/fetch.ts'
import type { SmdsSettings } from '../../../../src/server/smds/settings.ts'
import { as, createSmdsScene, SMDS } from '../../smds/smds-fixture.ts'
import { ADDRESS, accepted, createScene, ICCID, MATCHING_ID, refused } from '../smdp-fixture.ts'

const SECOND = '8988247000102003051'
const available = 'Available'
const confirm = { iccid: ICCID, matchingId: MATCHING_ID, smdsAddress: SMDS, releaseFlag: true }

type Fault = 'cut' | 'answer lost' | 'unwell' | 'refuses' | undefined

/** An SM-DP+ and an SM-DS, and the way between them, which can be disturbed for one function or all. */
const createStory = async (settings: Parameters<typeof createScene>[0] = {}, ofSmds: Partial<SmdsSettings> = {}) => {
  const sent: string[] = []
  const way: { fault: Fault; on: RegExp; before?: (path: string) => Promise<void> } = { fault: undefined, on: /./ }
  const smds = createSmdsScene(ofSmds)
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
  const scene = await createScene({
    smdsOf: address => (address === SMDS ? { url: `https://${SMDS}`, fetch: toSmds } : undefined),
    ...settings,
  })
  const events = async () => (await smds.store.listEvents(TEST_EID)).map(({ eventId }) => eventId)
  /** Ordered for the card, with its event at the SM-DS. */
  const orderWithEvent = async (change: { matchingId?: string; releaseFlag?: boolean; iccid?: string } = {}) => {
    const { iccid = ICCID } = change
    accepted(await scene.operate('DownloadOrder', { iccid, eid: TEST_EID }))
    return scene.operate('ConfirmOrder', {
      iccid,
      matchingId: MATCHING_ID,
      smdsAddress: SMDS,
      releaseFlag: true,
      ...change,
    })
  }
  const queued = async () => (await scene.store.listProgress()).map(({ id }) => id)
  return { scene, smds, way, sent, events, orderWithEvent, queued }
}

describe('an order with an SM-DS address (SGP.22 §3.6.1, §5.3.2)', () => {
  it('raises an event for the card, and says at which SM-DP+ the profile waits', async () => {
    const { scene, smds, orderWithEvent, queued } = await createStory()
    accepted(await orderWithEvent())
    const order = (await scene.store.findOrder(ICCID))!
    expect(order).toMatchObject({ state: 'Released', matchingId: MATCHING_ID, smdsAddress: SMDS })
    expect(accepted(await smds.discover(smds.card)).eventEntries).toEqual([
      { eventId: order.eventId, rspServerAddress: ADDRESS },
    ])
    expect(await queued()).toEqual([])
  })

  it('raises it when the order is confirmed, though it is released later', async () => {
    const { scene, events, orderWithEvent } = await createStory()
    accepted(await orderWithEvent({ releaseFlag: false }))
    expect(await events()).toHaveLength(1)
    expect(await scene.stateOf()).toBe('Confirmed')
    accepted(await scene.operate('ReleaseProfile', { iccid: ICCID }))
    expect(await events()).toHaveLength(1)
  })

  it('raises it at the root as well, where the SM-DS is an alternative one', async () => {
    const root = createSmdsScene({ address: 'root.example.com' })
    const toRoot = { url: 'https://root.example.com', fetch: as(SMDS, root.smds.es15) }
    const { smds, orderWithEvent, scene } = await createStory({}, { kind: 'alternative', root: toRoot })
    accepted(await orderWithEvent())
    const { eventId } = (await scene.store.findOrder(ICCID))!
    const [there] = accepted(await root.discover(root.card)).eventEntries
    expect(there).toEqual({ eventId, rspServerAddress: SMDS })
    expect(accepted(await smds.discover(smds.card, { matchingId: there!.eventId })).eventEntries).toEqual([
      { eventId, rspServerAddress: ADDRESS },
    ])
  })

  it.each([MATCHING_ID, ''])(
    'is downloaded with the event id, its matching id being "%s"; the event is gone then',
    async matchingId => {
      const { scene, smds, events, orderWithEvent } = await createStory()
      accepted(await orderWithEvent({ matchingId }))
      const [found] = accepted(await smds.discover(smds.card)).eventEntries
      const { card } = scene
      const ok = accepted(await scene.authenticate(card, { matchingId: found!.eventId }))
      accepted(await scene.getPackage(card, ok))
      expect(await events()).toHaveLength(1)
      await scene.notify(card.installationResult(ok.transactionId, ICCID))
      await scene.smdp.settled()
      expect(await scene.stateOf()).toBe('Installed')
      expect(await events()).toEqual([])
      expect(accepted(await smds.discover(smds.card)).eventEntries).toEqual([])
      expect([...scene.defects, ...smds.defects]).toEqual([])
    },
  )

  it('lets go of its event when the end user rejects, the installation fails, or it is tried too often', async () => {
    const { scene, events, orderWithEvent } = await createStory({ downloadAttempts: 2 })
    const { card } = scene
    const over = async () => {
      await scene.smdp.settled()
      expect(await scene.stateOf()).toBe('Error')
      expect(await events()).toEqual([])
      accepted(await scene.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: available }))
    }
    accepted(await orderWithEvent())
    const { transactionId } = accepted(await scene.authenticate(card))
    await scene.cancel(transactionId, card.cancelSession(transactionId, 'endUserRejection'))
    await over()

    accepted(await orderWithEvent())
    const { ok } = await scene.download(card)
    await scene.notify(card.installationResult(ok.transactionId, ICCID, 'scp03tSecurityError'))
    await over()

    accepted(await orderWithEvent())
    for (let attempt = 0; attempt < 3; attempt += 1) await scene.authenticate(card)
    await over()
  })

  it('keeps its event while the card may try again', async () => {
    const { scene, events, orderWithEvent } = await createStory()
    accepted(await orderWithEvent())
    const { transactionId } = accepted(await scene.authenticate(scene.card))
    await scene.cancel(transactionId, scene.card.cancelSession(transactionId, 'postponed'))
    await scene.smdp.settled()
    expect(await events()).toHaveLength(1)
  })

  it.each([available, 'Unavailable'])('takes its event back when it is cancelled (%s)', async final => {
    const { scene, events, orderWithEvent } = await createStory()
    accepted(await orderWithEvent())
    accepted(await scene.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: final }))
    await scene.smdp.settled()
    expect(await events()).toEqual([])
    expect(await scene.store.findOrder(ICCID)).toMatchObject({ eventId: undefined, smdsAddress: undefined })
  })

  it('takes its event back when its profile is replaced in stock', async () => {
    const { scene, events, orderWithEvent } = await createStory()
    accepted(await orderWithEvent())
    await scene.stock(ICCID, { replace: true })
    await scene.smdp.settled()
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
    const { scene, way, events, orderWithEvent } = await createStory()
    way.fault = fault
    const before = async () => (await scene.store.findOrder(ICCID))!.history.length
    expect(refused(await orderWithEvent())).toBe(pair)
    expect([await scene.stateOf(), await before()]).toEqual(['Linked', 2])
    expect(await scene.store.findOrderByMatchingId(MATCHING_ID)).toBeUndefined()
    way.fault = undefined
    await scene.smdp.deliverProgress()
    expect(await events()).toEqual([])
    const again = { iccid: ICCID, matchingId: MATCHING_ID, smdsAddress: SMDS, releaseFlag: true }
    accepted(await scene.operate('ConfirmOrder', again))
    expect(await events()).toHaveLength(1)
    expect(await scene.store.listProgress()).toEqual([])
  })

  it('8.9/5.1: one that is not known, or whose root cannot be reached', async () => {
    const { scene, orderWithEvent } = await createStory({}, { kind: 'alternative' })
    expect(refused(await orderWithEvent())).toBe('8.9/5.1')
    const elsewhere = { iccid: ICCID, smdsAddress: 'unknown.example.com', releaseFlag: true }
    expect(refused(await scene.operate('ConfirmOrder', elsewhere))).toBe('8.9/5.1')
    expect(await scene.stateOf()).toBe('Linked')
  })

  it('8.9/5.1: its root died when it had heard; the event is deleted there too', async () => {
    const root = createSmdsScene({ address: 'root.example.com' })
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
    const { scene, events, orderWithEvent } = await createStory({}, settings)
    expect(refused(await orderWithEvent())).toBe('8.9/5.1')
    await scene.smdp.settled()
    isDying = false
    await scene.smdp.deliverProgress()
    expect(await root.store.listEvents(TEST_EID)).toEqual([])
    expect(await events()).toEqual([])
    expect(await scene.store.listProgress()).toEqual([])
  })

  it.each<Fault>(['cut', 'unwell', 'answer lost'])(
    'is told again of a deletion until it was told (%s), after a restart of this server too',
    async fault => {
      const { scene, way, sent, events, orderWithEvent } = await createStory()
      accepted(await orderWithEvent())
      way.fault = fault
      const { ok } = await scene.download(scene.card)
      await scene.notify(scene.card.installationResult(ok.transactionId, ICCID))
      await scene.smdp.settled()
      expect(await scene.store.listProgress()).toHaveLength(1)
      way.fault = undefined
      await scene.smdp.deliverProgress()
      expect(await scene.store.listProgress()).toEqual([])
      expect(await events()).toEqual([])
      expect(sent).toEqual(['registerEvent', 'deleteEvent', 'deleteEvent'])
    },
  )

  it('finds the event that a killed server had raised for no order, once its operator has given up', async () => {
    const { scene, smds, events } = await createStory()
    accepted(await scene.operate('DownloadOrder', { iccid: ICCID, eid: TEST_EID }))
    // Killed after the SM-DS was told, before the order was saved: the disk takes nothing any more.
    const { saveOrder, dropProgress } = scene.store
    scene.store.saveOrder = () => Promise.reject(new Error('killed'))
    scene.store.dropProgress = () => Promise.reject(new Error('killed'))
    expect(refused(await scene.operate('ConfirmOrder', confirm))).toBe('1.2/4.2')
    Object.assign(scene.store, { saveOrder, dropProgress })
    expect(await events()).toHaveLength(1)
    await scene.smdp.deliverProgress()
    expect(await events()).toHaveLength(1)
    scene.wait(5 * 60_000)
    await scene.smdp.deliverProgress()
    expect(await events()).toEqual([])
    expect(smds.defects).toEqual([])
  })

  it('deletes the event of a killed call as soon as the call made again has raised another', async () => {
    const { scene, events, sent } = await createStory()
    accepted(await scene.operate('DownloadOrder', { iccid: ICCID, eid: TEST_EID }))
    const { saveOrder, dropProgress } = scene.store
    scene.store.saveOrder = () => Promise.reject(new Error('killed'))
    scene.store.dropProgress = () => Promise.reject(new Error('killed'))
    expect(refused(await scene.operate('ConfirmOrder', confirm, 'the call'))).toBe('1.2/4.2')
    Object.assign(scene.store, { saveOrder, dropProgress })
    expect(refused(await scene.operate('ConfirmOrder', confirm, 'the call'))).toBe('accepted')
    await scene.smdp.deliverProgress()
    expect(await events()).toEqual([(await scene.store.findOrder(ICCID))!.eventId])
    expect(await scene.store.listProgress()).toEqual([])
    expect(sent).toEqual(['registerEvent', 'registerEvent', 'deleteEvent'])
  })

  it('looks again for an event of a killed call that was still on its way when the order had another', async () => {
    const { scene, way, events } = await createStory()
    accepted(await scene.operate('DownloadOrder', { iccid: ICCID, eid: TEST_EID }))
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
    const killed = scene.operate('ConfirmOrder', confirm)
    accepted(await scene.operate('ConfirmOrder', confirm))
    await scene.smdp.deliverProgress()
    // The server that would clear up behind the late one is killed.
    const { dropProgress, addProgress } = scene.store
    scene.store.dropProgress = scene.store.addProgress = () => Promise.reject(new Error('killed'))
    arrive()
    expect(refused(await killed)).toBe('1.2/4.2')
    Object.assign(scene.store, { dropProgress, addProgress })
    expect(await events()).toHaveLength(2)
    await scene.smdp.deliverProgress()
    expect(await events()).toEqual([(await scene.store.findOrder(ICCID))!.eventId])
    expect(await scene.store.listProgress()).toEqual([])
  })
})

describe('races', () => {
  it('confirms once, with one event, when it is told twice at once', async () => {
    const { scene, events } = await createStory()
    accepted(await scene.operate('DownloadOrder', { iccid: ICCID, eid: TEST_EID }))
    const answers = await Promise.all([scene.operate('ConfirmOrder', confirm), scene.operate('ConfirmOrder', confirm)])
    expect(answers.map(refused)).toEqual(['accepted', 'accepted'])
    await scene.smdp.settled()
    expect(await events()).toEqual([(await scene.store.findOrder(ICCID))!.eventId])
    expect(await scene.store.listProgress()).toEqual([])
  })

  it('is content with an order that is confirmed alike, and raises no second event', async () => {
    const { scene, sent, orderWithEvent } = await createStory()
    accepted(await orderWithEvent())
    expect(accepted(await scene.operate('ConfirmOrder', confirm)).matchingId).toBe(MATCHING_ID)
    expect(refused(await scene.operate('ConfirmOrder', { ...confirm, smdsAddress: undefined }))).toBe('8.2.1/3.3')
    expect(sent).toEqual(['registerEvent'])
  })

  it('deletes the event of an order that is saved after another whose event goes too', async () => {
    const { scene, events, orderWithEvent } = await createStory()
    await scene.stock(SECOND)
    accepted(await orderWithEvent())
    accepted(await orderWithEvent({ iccid: SECOND, matchingId: 'MATCH-ME-2' }))
    const cancel = (iccid: string) =>
      scene.operate('CancelOrder', { iccid, finalProfileStatusIndicator: 'Unavailable' })
    // The deletion of the first is put down; before its order is saved, the second is cancelled altogether.
    const { saveOrder } = scene.store
    let isFirst = true
    scene.store.saveOrder = async (...given) => {
      if (isFirst) {
        isFirst = false
        accepted(await cancel(SECOND))
        await scene.smdp.settled()
      }
      return saveOrder(...given)
    }
    accepted(await cancel(ICCID))
    await scene.smdp.settled()
    expect(await events()).toEqual([])
  })

  it('leaves no event of an order that is cancelled while it is confirmed', async () => {
    const { scene, way, events, orderWithEvent } = await createStory()
    way.before = async path => {
      if (path.endsWith('registerEvent'))
        accepted(await scene.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: available }))
    }
    expect(refused(await orderWithEvent())).toBe('8.2.1/3.3')
    await scene.smdp.settled()
    expect(await scene.stateOf()).toBe('Available')
    expect(await events()).toEqual([])
  })

  it('8.2.6/3.3: raises no event for a matching id that another order has, or takes meanwhile', async () => {
    const { scene, way, sent, events, orderWithEvent } = await createStory()
    await scene.stock(SECOND)
    accepted(await orderWithEvent())
    expect(refused(await orderWithEvent({ iccid: SECOND }))).toBe('8.2.6/3.3')
    expect(sent).toEqual(['registerEvent'])
    accepted(await scene.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: available }))
    accepted(await scene.operate('CancelOrder', { iccid: SECOND, finalProfileStatusIndicator: available }))
    await scene.smdp.settled()
    way.before = async path => {
      way.before = async () => {}
      if (path.endsWith('registerEvent')) await scene.order({ eid: TEST_EID })
    }
    expect(refused(await orderWithEvent({ iccid: SECOND }))).toBe('8.2.6/3.3')
    await scene.smdp.settled()
    expect(await events()).toEqual([])
  })
})
