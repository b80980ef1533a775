import { describe, expect, it } from 'vitest'
import type { Fetch } from '../../../src/rsp/fetch.ts'
import { FetchError } from '../../../src/rsp/fetch.ts'
import { accepted, refused } from '../smdp/smdp-fixture.ts'
import { as, createSmdsFixture, SMDP } from './smds-fixture.ts'

const ALTERNATIVE = 'alternative.example.com'
const EID = '89049032123451234512345678901235'
const forwarded = { forwardingIndicator: true }

/** An alternative SM-DS and its root; the way between them can be cut before or behind the root. */
const createPair = () => {
  const root = createSmdsFixture({ address: 'root.example.com' })
  const way: { fault?: 'cut' | 'answer lost' | 'unwell' } = {}
  const toRoot: Fetch = async request => {
    const cut = () => new FetchError('unreachable', 'connection reset', { url: request.url })
    if (way.fault === 'cut') throw cut()
    if (way.fault === 'unwell') return new Response('busy', { status: 503 })
    const response = await as(ALTERNATIVE, root.smds.es15)(request)
    if (way.fault === 'answer lost') throw cut()
    return response
  }
  const alternative = createSmdsFixture({
    address: ALTERNATIVE,
    kind: 'alternative',
    root: { url: 'https://root.example.com', fetch: toRoot },
  })
  return { root, alternative, way }
}

describe('an alternative SM-DS and its root (SGP.22 §3.6.1, §5.10)', () => {
  it('leads the card from the root to the alternative, and from there to the SM-DP+', async () => {
    const { root, alternative } = createPair()
    expect(refused(await alternative.register(forwarded))).toBe('accepted')
    const [atRoot] = accepted(await root.discover(root.card)).eventEntries
    expect(atRoot).toEqual({ eventId: 'EVENT-1', rspServerAddress: ALTERNATIVE })
    const found = accepted(await alternative.discover(alternative.card, { matchingId: atRoot!.eventId })).eventEntries
    expect(found).toEqual([{ eventId: 'EVENT-1', rspServerAddress: SMDP }])
  })

  it('An event without forwarding is not registered at the root', async () => {
    const { root, alternative } = createPair()
    expect(refused(await alternative.register())).toBe('accepted')
    expect(refused(await alternative.remove())).toBe('accepted')
    expect(await root.store.listEvents(EID)).toEqual([])
  })

  it('DeleteEvent deletes the event at both servers, and no other caller can delete it at the root', async () => {
    const { root, alternative } = createPair()
    await alternative.register(forwarded)
    expect(refused(await root.remove())).toBe('8.9.5/3.9')
    expect(refused(await alternative.remove())).toBe('accepted')
    expect(await root.store.listEvents(EID)).toEqual([])
    expect(await alternative.store.listEvents(EID)).toEqual([])
  })

  it.each(['cut', 'unwell', 'answer lost'] as const)(
    '8.9/5.1: No card receives an event until the root is reachable again (%s)',
    async fault => {
      for (const again of ['the call', 'another call']) {
        const { root, alternative, way } = createPair()
        way.fault = fault
        expect(refused(await alternative.register(forwarded, 'the call'))).toBe('8.9/5.1')
        expect(accepted(await alternative.discover(alternative.card)).eventEntries).toEqual([])
        delete way.fault
        expect(refused(await alternative.register(forwarded, again))).toBe('accepted')
        expect(await root.store.listEvents(EID)).toHaveLength(1)
        expect(accepted(await alternative.discover(alternative.card)).eventEntries).toHaveLength(1)
      }
    },
  )

  it('The caller deletes a refused event at a root that failed after the registration', async () => {
    const { root, alternative, way } = createPair()
    way.fault = 'answer lost'
    expect(refused(await alternative.register(forwarded))).toBe('8.9/5.1')
    expect(await root.store.listEvents(EID)).toHaveLength(1)
    delete way.fault
    expect(refused(await alternative.remove())).toBe('accepted')
    expect(await root.store.listEvents(EID)).toEqual([])
    expect(await alternative.store.listEvents(EID)).toEqual([])
  })

  it('8.9/5.1: no root is configured', async () => {
    const { register, store } = createSmdsFixture({ kind: 'alternative' })
    expect(refused(await register(forwarded))).toBe('8.9/5.1')
    expect(await store.listEvents(EID)).toEqual([])
  })

  it('8.9/4.2: the root refuses, as another has the id there', async () => {
    const { root, alternative } = createPair()
    await root.register()
    expect(refused(await alternative.register(forwarded))).toBe('8.9/4.2')
    expect(await alternative.store.listEvents(EID)).toEqual([])
  })

  it.each(['cut', 'answer lost'] as const)(
    'A deleted event is hidden until the root confirms the deletion (%s)',
    async fault => {
      const { root, alternative, way } = createPair()
      await alternative.register(forwarded)
      way.fault = fault
      expect(refused(await alternative.remove())).toBe('8.9/5.1')
      expect(accepted(await alternative.discover(alternative.card)).eventEntries).toEqual([])
      expect(refused(await alternative.register(forwarded))).toBe('8.9.5/3.3')
      delete way.fault
      expect(refused(await alternative.remove())).toBe('accepted')
      expect(await root.store.listEvents(EID)).toEqual([])
      expect(await alternative.store.listEvents(EID)).toEqual([])
    },
  )

  it('registers once for the same call made twice at once', async () => {
    const { root, alternative } = createPair()
    const both = await Promise.all([alternative.register(forwarded, 'same'), alternative.register(forwarded, 'same')])
    expect(both.map(refused)).toEqual(['accepted', 'accepted'])
    expect(await root.store.listEvents(EID)).toHaveLength(1)
    expect(await alternative.store.listEvents(EID)).toMatchObject([{ atRoot: 'registered' }])
  })

  it('leaves nothing at the root of an event that was deleted while it was registered', async () => {
    const { root, alternative } = createPair()
    await Promise.all([alternative.register(forwarded), alternative.remove()])
    expect(await alternative.store.listEvents(EID)).toEqual([])
    expect(await root.store.listEvents(EID)).toEqual([])
    expect(alternative.defects).toEqual([])
  })
})
