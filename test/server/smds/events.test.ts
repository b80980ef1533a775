import { describe, expect, it } from 'vitest'
import { ES12, ES15 } from '../../../src/rsp/interfaces/es12.ts'
import { call, refused } from '../smdp/smdp-fixture.ts'
import { as, createSmdsFixture, SMDP } from './smds-fixture.ts'

const OTHER = 'other-smdp.example.com'
const EID = '89049032123451234512345678901235'
const header = { functionRequesterIdentifier: SMDP, functionCallIdentifier: '1' }

describe('ES12.RegisterEvent (SGP.22 §5.9.1)', () => {
  it('keeps an event for its EID', async () => {
    const { register, store } = createSmdsFixture()
    expect(refused(await register())).toBe('accepted')
    expect(await store.listEvents(EID)).toMatchObject([
      { eventId: 'EVENT-1', rspServerAddress: SMDP, owner: SMDP, atRoot: 'not-asked' },
    ])
  })

  it('8.9.5/3.3: RegisterEvent refuses an id that the EID already has, for any caller', async () => {
    const { register, registrar, store } = createSmdsFixture()
    await register()
    expect(refused(await register())).toBe('8.9.5/3.3')
    expect(refused(await registrar(OTHER)())).toBe('8.9.5/3.3')
    expect(await store.listEvents(EID)).toHaveLength(1)
  })

  it('takes one id for two EIDs, and two ids for one EID', async () => {
    const { register } = createSmdsFixture()
    await register()
    expect(refused(await register({ eid: '89049032000000000000000000000042' }))).toBe('accepted')
    expect(refused(await register({ eventId: 'EVENT-2' }))).toBe('accepted')
  })

  it('answers the same call made again as before, and no other with its identifier', async () => {
    const { register, registrar, store } = createSmdsFixture()
    const answers = await Promise.all([register({}, 'same'), register({}, 'same')])
    expect(answers.map(refused)).toEqual(['accepted', 'accepted'])
    expect(refused(await register({}, 'same'))).toBe('accepted')
    expect(refused(await register({ rspServerAddress: OTHER }, 'same'))).toBe('8.9.5/3.3')
    expect(refused(await registrar(OTHER)({}, 'same'))).toBe('8.9.5/3.3')
    expect(await store.listEvents(EID)).toHaveLength(1)
  })

  it('gives an id that two want at once to one of them', async () => {
    const { registrar } = createSmdsFixture()
    const answers = await Promise.all([registrar(SMDP)(), registrar(OTHER)()])
    expect(answers.map(refused).sort()).toEqual(['8.9.5/3.3', 'accepted'])
  })

  it.each([
    ['1.6/2.1', 'an EID of 31 digits', { eid: EID.slice(1) }],
    ['1.6/2.1', 'an event id in lower case', { eventId: 'event' }],
    ['1.6/2.1', 'an address that is a URL', { rspServerAddress: 'https://smdp.example.com' }],
  ])('400 %s: %s', async (pair, _, change) => {
    const { register } = createSmdsFixture()
    expect(await register(change)).toMatchObject({ failed: pair, http: 400 })
  })
})

describe('ES12.DeleteEvent (SGP.22 §5.9.2)', () => {
  it('DeleteEvent deletes the event, and its id can be used again', async () => {
    const { register, remove, store } = createSmdsFixture()
    await register()
    expect(refused(await remove())).toBe('accepted')
    expect(await store.listEvents(EID)).toEqual([])
    expect(refused(await register())).toBe('accepted')
  })

  it.each([
    ['an id that is not there', { eventId: 'EVENT-2' }],
    ['another EID', { eid: '89049032000000000000000000000042' }],
  ])('8.9.5/3.9: %s', async (_, change) => {
    const { register, remove, store } = createSmdsFixture()
    await register()
    expect(refused(await remove(change))).toBe('8.9.5/3.9')
    expect(await store.listEvents(EID)).toHaveLength(1)
  })

  it('8.9.5/3.9: DeleteEvent does not disclose an event of another SM-DP+', async () => {
    const { register, deleter, store } = createSmdsFixture()
    await register()
    expect(refused(await deleter(OTHER)())).toBe('8.9.5/3.9')
    expect(await store.listEvents(EID)).toHaveLength(1)
  })

  it('lets one of two calls at once delete it', async () => {
    const { register, remove } = createSmdsFixture()
    await register()
    expect((await Promise.all([remove(), remove()])).map(refused).sort()).toEqual(['8.9.5/3.9', 'accepted'])
  })
})

describe('ES12', () => {
  it('401: a caller that the connection does not identify, before its message is read', async () => {
    const { smds } = createSmdsFixture()
    let wasRead = false
    const body = new ReadableStream(
      {
        pull() {
          wasRead = true
        },
      },
      { highWaterMark: 0 },
    )
    const request = new Request(`https://smds.example.com${ES12.RegisterEvent.path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Admin-Protocol': 'gsma/rsp/v2.5.0' },
      body,
      duplex: 'half',
    } as RequestInit)
    expect((await smds.es12(request)).status).toBe(401)
    expect(wasRead).toBe(false)
  })

  it('400: a request without header', async () => {
    const { smds } = createSmdsFixture()
    const answer = await call(as(SMDP, smds.es12), ES12.DeleteEvent, { eid: EID, eventId: 'E' })
    expect(answer).toMatchObject({ failed: '1.6/2.2', http: 400 })
  })

  it('404: ES15 at an alternative SM-DS, and ES12 on the way of ES15', async () => {
    const alternative = createSmdsFixture({ kind: 'alternative' })
    const root = createSmdsFixture()
    const request = { eid: EID, eventId: 'E' }
    const answers = [
      await call(as(SMDP, alternative.smds.es15), ES15.DeleteEvent, request, header),
      await call(as(SMDP, root.smds.es15), ES12.DeleteEvent, request, header),
    ]
    expect(answers).toMatchObject([{ http: 404 }, { http: 404 }])
  })
})
