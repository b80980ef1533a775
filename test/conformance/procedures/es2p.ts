import { expect } from 'vitest'
import { TEST_EID } from '../../../src/rsp/certificates/test-pki.ts'
import { ES2p } from '../../../src/rsp/interfaces/es2p.ts'
import { ADDRESS, accepted, call, ICCID, MATCHING_ID, post, refused } from '../../server/smdp/smdp-fixture.ts'
import { SMDS } from '../../server/smds/smds-fixture.ts'
import { type Conformance, type Procedure, type Procedures, procedures, type SmdpFixture } from '../conformance.ts'
import { OPERATOR_A, OPERATOR_B, towards } from '../sockets.ts'
import { pairOf } from './es9p-bindings.ts'
import { OTHER_EID } from './orders.ts'

const SECOND = '8988247000102003051'
const UNKNOWN = '8988247000102009999'
type Name = 'DownloadOrder' | 'ConfirmOrder' | 'CancelOrder' | 'ReleaseProfile'
type Asked<K extends Name> = Parameters<(typeof ES2p)[K]['request']['toJson']>[0]

/** The state of the order that a row begins with. */
type Before = 'Available' | 'Allocated' | 'Linked' | 'Confirmed' | 'Released' | 'Downloaded'

const sceneIn = async (at: Conformance, before: Before, settings: Parameters<Conformance['smdp']>[0] = {}) => {
  const fixture = await at.smdp({ smdsOf: at.smdsOf, ...settings })
  const { operate } = fixture
  if (before === 'Available') return fixture
  accepted(await operate('DownloadOrder', { iccid: ICCID, ...(before !== 'Allocated' && { eid: TEST_EID }) }))
  if (before === 'Allocated' || before === 'Linked') return fixture
  const releaseFlag = before !== 'Confirmed'
  accepted(await operate('ConfirmOrder', { iccid: ICCID, matchingId: MATCHING_ID, releaseFlag }))
  if (before === 'Downloaded') await fixture.download(fixture.card)
  return fixture
}

/** The refusal changes nothing. */
const refuses =
  <K extends Name>(name: K, before: Before, request: Asked<K>): Procedure =>
  async at => {
    const fixture = await sceneIn(at, before)
    at.refuses(await fixture.operate(name, request))
    expect(await fixture.stateOf()).toBe(before)
  }

/** The same call by an operator whose order it is not. */
const refusesOther =
  <K extends Name>(name: K, before: Before, request: Asked<K>): Procedure =>
  async at => {
    const fixture = await sceneIn(at, before)
    const es2p = towards(ADDRESS, at.sockets.caller(OPERATOR_B, 'es2', ADDRESS))
    const header = { functionRequesterIdentifier: OPERATOR_B, functionCallIdentifier: 'call' }
    at.refuses(await call(es2p, ES2p[name] as never, request as never, header))
    expect(await fixture.stateOf()).toBe(before)
  }

/** Does it, with the state that comes of it; again with the same header and with another, nothing more happens. */
const repeats =
  <K extends Name>(name: K, before: Before, request: Asked<K>, after: Before | 'Unavailable'): Procedure =>
  async at => {
    const { operate, store } = await sceneIn(at, before)
    const first = accepted(await operate(name, request, 'the call'))
    const history = (await store.findOrder(ICCID))!.history
    expect(history.at(-1)).toMatchObject({ to: after, cause: name })
    expect(accepted(await operate(name, request, 'the call'))).toEqual(first)
    if (name !== 'DownloadOrder') expect(accepted(await operate(name, request))).toEqual(first)
    expect((await store.findOrder(ICCID))!.history).toEqual(history)
  }

const confirmation = { iccid: ICCID, matchingId: MATCHING_ID, releaseFlag: true }
const cancellation = { iccid: ICCID, finalProfileStatusIndicator: 'Available' }

const eventsOf = async ({ store }: ReturnType<Conformance['smds']>) =>
  (await store.listEvents(TEST_EID)).map(({ eventId, rspServerAddress }) => ({ eventId, rspServerAddress }))

/** A message of each function, right but for its header. */
const MESSAGES: readonly (readonly [Name, Record<string, unknown>, mandatory: readonly string[]])[] = [
  ['DownloadOrder', { iccid: ICCID, eid: TEST_EID, profileType: 'Plan S' }, []],
  [
    'ConfirmOrder',
    { ...confirmation, eid: TEST_EID, smdsAddress: SMDS, confirmationCode: '1' },
    ['iccid', 'releaseFlag'],
  ],
  ['CancelOrder', { ...cancellation, eid: TEST_EID, matchingId: 'X' }, ['iccid', 'finalProfileStatusIndicator']],
  ['ReleaseProfile', { iccid: ICCID }, ['iccid']],
]
const header = { functionRequesterIdentifier: OPERATOR_A, functionCallIdentifier: 'call' }
const sends = async (at: Conformance, { es2p }: SmdpFixture, name: Name, body: unknown) =>
  expect(
    await pairOf(await es2p(post(ES2p[name].path, JSON.stringify(body)))),
    `${name} ${JSON.stringify(body)}`,
  ).toEqual([400, at.row.pair])

const BINDING: Procedures = {
  '#01': async at => {
    const fixture = await at.smdp()
    for (const [name, message] of MESSAGES) await sends(at, fixture, name, message)
    expect(await fixture.stateOf()).toBe('Available')
  },
  '#02': async at => {
    const fixture = await at.smdp()
    for (const [name, message, mandatory] of MESSAGES)
      for (const left of mandatory)
        await sends(at, fixture, name, {
          header,
          ...Object.fromEntries(Object.entries(message).filter(([member]) => member !== left)),
        })
    expect(await fixture.stateOf()).toBe('Available')
  },
  '#03': async at => {
    const fixture = await at.smdp()
    for (const [name, message] of MESSAGES)
      for (const member of Object.keys(message)) await sends(at, fixture, name, { header, ...message, [member]: [''] })
    expect(await fixture.stateOf()).toBe('Available')
  },
  '#04': async at => {
    const { es2p } = await at.smdp()
    for (const { path } of [ES2p.HandleDownloadProgressInfo, ES2p.HandleNotification])
      expect(await pairOf(await es2p(post(path, '{}')))).toEqual([200, at.row.pair])
  },
  '#05': async at => {
    const { es2p, stateOf } = await at.smdp({ requesterOf: () => undefined })
    for (const [name, message] of MESSAGES) {
      const response = await es2p(post(ES2p[name].path, JSON.stringify({ header, ...message })))
      expect(await pairOf(response)).toEqual([401, at.row.pair])
    }
    expect(await stateOf()).toBe('Available')
  },
}

const DOWNLOAD_ORDER: Procedures = {
  '#01': async at => {
    const { operate, stateOf } = await at.smdp()
    expect(accepted(await operate('DownloadOrder', { iccid: `${ICCID}F` })).iccid).toBe(`${ICCID}F`)
    expect(await stateOf()).toBe('Allocated')
  },
  '#02': async at => {
    const { operate, stateOf } = await at.smdp()
    expect(accepted(await operate('DownloadOrder', { iccid: ICCID.slice(0, -1) })).iccid).toBe(`${ICCID}F`)
    expect(await stateOf()).toBe('Allocated')
  },
  '#03': async at => {
    const { store } = await sceneIn(at, 'Linked')
    expect(await store.findOrder(ICCID)).toMatchObject({ state: 'Linked', eid: TEST_EID })
  },
  '#04': async at => {
    const { operate, stock } = await at.smdp()
    await stock(SECOND)
    const order = () => operate('DownloadOrder', { profileType: 'Plan S' })
    const given = await Promise.all([order(), order()])
    expect(given.map(answer => accepted(answer).iccid).sort()).toEqual([`${ICCID}F`, `${SECOND}F`])
  },
  '#05': async at => {
    const { operate, stock, store } = await at.smdp()
    await stock(SECOND)
    const order = () => operate('DownloadOrder', { profileType: 'Plan S' }, 'the call')
    const given = (await Promise.all([order(), order()])).map(accepted)
    given.push(accepted(await order()))
    expect(new Set(given.map(({ iccid }) => iccid)).size).toBe(1)
    expect((await store.listOrders()).filter(({ state }) => state === 'Allocated')).toHaveLength(1)
  },
  '#06': refuses('DownloadOrder', 'Available', { eid: TEST_EID }),
  '#07': refuses('DownloadOrder', 'Available', { iccid: UNKNOWN }),
  '#08': async at => {
    const { operate, stock, stateOf } = await at.smdp()
    await stock(SECOND, { owner: OPERATOR_B })
    at.refuses(await operate('DownloadOrder', { iccid: SECOND }))
    expect(await stateOf(SECOND)).toBe('Available')
  },
  '#09': refuses('DownloadOrder', 'Allocated', { iccid: ICCID }),
  '#10': refuses('DownloadOrder', 'Available', { profileType: 'Plan X' }),
  '#11': async at => {
    const { operate, stock, stateOf } = await at.smdp()
    await stock(SECOND, { owner: OPERATOR_B, profileType: 'Plan B' })
    at.refuses(await operate('DownloadOrder', { profileType: 'Plan B' }))
    expect(await stateOf(SECOND)).toBe('Available')
  },
  '#12': refuses('DownloadOrder', 'Allocated', { profileType: 'Plan S' }),
  '#13': refuses('DownloadOrder', 'Available', { iccid: ICCID, profileType: 'Plan X' }),
}

const CONFIRM_ORDER: Procedures = {
  '#01': async at => {
    const { operate, store } = await sceneIn(at, 'Allocated')
    const answer = { matchingId: MATCHING_ID, smdpAddress: ADDRESS }
    expect(accepted(await operate('ConfirmOrder', { ...confirmation, confirmationCode: '1234' }))).toEqual(answer)
    expect(await store.findOrder(ICCID)).toMatchObject({ state: 'Released', matchingId: MATCHING_ID })
    expect((await store.findOrder(ICCID))?.confirmationCodeHash).toHaveLength(32)
  },
  '#02': async at => {
    const { stateOf } = await sceneIn(at, 'Confirmed')
    expect(await stateOf()).toBe('Confirmed')
  },
  '#03': async at => {
    const { operate, stock } = await sceneIn(at, 'Allocated')
    await stock(SECOND)
    accepted(await operate('DownloadOrder', { iccid: SECOND }))
    const made = [ICCID, SECOND].map(async iccid =>
      accepted(await operate('ConfirmOrder', { iccid, releaseFlag: true })),
    )
    const [first, second] = await Promise.all(made)
    expect(first!.matchingId).toMatch(/^[0-9A-Z-]{16,}$/)
    expect(first!.matchingId).not.toBe(second!.matchingId)
  },
  '#04': async at => {
    const { operate, store } = await sceneIn(at, 'Allocated')
    expect(accepted(await operate('ConfirmOrder', { ...confirmation, eid: TEST_EID }))).toMatchObject({ eid: TEST_EID })
    expect(await store.findOrder(ICCID)).toMatchObject({ eid: TEST_EID, state: 'Released' })
  },
  '#05': async at => {
    const { operate, authenticate, card } = await sceneIn(at, 'Linked')
    accepted(await operate('ConfirmOrder', { ...confirmation, matchingId: '' }))
    expect(refused(await authenticate(card, { matchingId: '' }))).toBe('accepted')
  },
  '#06': async at => {
    const smds = at.smds()
    const { operate, store } = await sceneIn(at, 'Linked')
    accepted(await operate('ConfirmOrder', { ...confirmation, smdsAddress: SMDS }))
    const { eventId } = (await store.findOrder(ICCID))!
    expect(await eventsOf(smds)).toEqual([{ eventId, rspServerAddress: ADDRESS }])
  },
  '#07': repeats('ConfirmOrder', 'Allocated', { ...confirmation, confirmationCode: '1234' }, 'Released'),
  '#08': refuses('ConfirmOrder', 'Allocated', { ...confirmation, iccid: UNKNOWN }),
  '#09': refusesOther('ConfirmOrder', 'Allocated', confirmation),
  '#10': refuses('ConfirmOrder', 'Available', confirmation),
  '#11': refuses('ConfirmOrder', 'Allocated', { ...confirmation, smdsAddress: SMDS }),
  '#12': refuses('ConfirmOrder', 'Allocated', { ...confirmation, matchingId: '' }),
  '#13': refuses('ConfirmOrder', 'Linked', { ...confirmation, eid: OTHER_EID }),
  '#14': async at => {
    const { operate, stock, stateOf } = await sceneIn(at, 'Released')
    await stock(SECOND)
    accepted(await operate('DownloadOrder', { iccid: SECOND }))
    at.refuses(await operate('ConfirmOrder', { ...confirmation, iccid: SECOND }))
    expect(await stateOf(SECOND)).toBe('Allocated')
  },
  '#15': async at => {
    const { operate, stateOf, store } = await sceneIn(at, 'Linked')
    at.refuses(await operate('ConfirmOrder', { ...confirmation, smdsAddress: 'nowhere.example.com' }))
    at.sockets.ends.es12.answer = async () => new Response('busy', { status: 503 })
    at.refuses(await operate('ConfirmOrder', { ...confirmation, smdsAddress: SMDS }))
    expect(await stateOf()).toBe('Linked')
    // It may have been heard all the same: its deletion is kept.
    expect((await store.listProgress()).map(({ request }) => request.name)).toEqual(['DeleteEvent'])
  },
  '#16': async at => {
    const smds = at.smds({ requesterOf: () => undefined })
    const { operate, stateOf, store } = await sceneIn(at, 'Linked')
    at.refuses(await operate('ConfirmOrder', { ...confirmation, smdsAddress: SMDS }))
    expect(await stateOf()).toBe('Linked')
    expect(await eventsOf(smds)).toEqual([])
    expect(await store.listProgress()).toEqual([])
  },
}

const CANCEL_ORDER: Procedures = {
  '#01': async at => {
    const { operate, store, authenticate, card } = await sceneIn(at, 'Released')
    expect(accepted(await operate('CancelOrder', { ...cancellation, matchingId: MATCHING_ID, eid: TEST_EID }))).toEqual(
      {},
    )
    const order = (await store.findOrder(ICCID))!
    expect([order.state, order.matchingId, order.eid]).toEqual(['Available', undefined, undefined])
    expect(refused(await authenticate(card))).toBe('8.2.6/3.8')
  },
  '#02': async at => {
    const { operate, stateOf } = await sceneIn(at, 'Confirmed')
    const answer = await operate('CancelOrder', { ...cancellation, finalProfileStatusIndicator: 'Unavailable' })
    expect([refused(answer), await stateOf()]).toEqual(['accepted', 'Unavailable'])
    expect(refused(await operate('DownloadOrder', { iccid: ICCID }))).toBe('8.2.1/3.3')
  },
  '#03': repeats('CancelOrder', 'Linked', cancellation, 'Available'),
  '#04': async at => {
    const smds = at.smds()
    const { operate, smdp } = await sceneIn(at, 'Linked')
    accepted(await operate('ConfirmOrder', { ...confirmation, smdsAddress: SMDS }))
    expect(await eventsOf(smds)).toHaveLength(1)
    accepted(await operate('CancelOrder', cancellation))
    await smdp.settled()
    expect(await eventsOf(smds)).toEqual([])
  },
  '#05': refuses('CancelOrder', 'Linked', { ...cancellation, iccid: UNKNOWN }),
  '#06': refusesOther('CancelOrder', 'Linked', cancellation),
  '#07': refuses('CancelOrder', 'Downloaded', cancellation),
  '#08': refuses('CancelOrder', 'Linked', { ...cancellation, eid: OTHER_EID }),
  '#09': refuses('CancelOrder', 'Released', { ...cancellation, matchingId: 'ANOTHER' }),
}

export const ES2P_FUNCTIONS: Procedures = {
  ...procedures('EB_ES2+.Binding', BINDING),
  ...procedures('EB_ES2+.DownloadOrder', DOWNLOAD_ORDER),
  ...procedures('EB_ES2+.ConfirmOrder', CONFIRM_ORDER),
  ...procedures('EB_ES2+.CancelOrder', CANCEL_ORDER),
  ...procedures('EB_ES2+.ReleaseProfile', {
    '#01': async at => {
      const { operate, authenticate, card, stateOf } = await sceneIn(at, 'Confirmed')
      expect(accepted(await operate('ReleaseProfile', { iccid: ICCID }))).toEqual({})
      expect(await stateOf()).toBe('Released')
      expect(refused(await authenticate(card))).toBe('accepted')
    },
    '#02': repeats('ReleaseProfile', 'Confirmed', { iccid: ICCID }, 'Released'),
    '#03': refuses('ReleaseProfile', 'Confirmed', { iccid: UNKNOWN }),
    '#04': refusesOther('ReleaseProfile', 'Confirmed', { iccid: ICCID }),
    '#05': refuses('ReleaseProfile', 'Linked', { iccid: ICCID }),
  }),
}
