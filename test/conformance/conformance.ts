import { expect } from 'vitest'
import type { Fetch } from '../../src/rsp/fetch.ts'
import { ADDRESS, type Answer, createSmdpFixture } from '../server/smdp/smdp-fixture.ts'
import { createSmdsFixture, SMDS } from '../server/smds/smds-fixture.ts'
import type { Row } from './row.ts'
import { OPERATOR_A, ROOT, type Sockets, towards } from './sockets.ts'

export type SmdpFixture = Awaited<ReturnType<typeof createSmdpFixture>>
export type SmdsFixture = ReturnType<typeof createSmdsFixture>

/** What a test of one row has: servers behind sockets, and the row. */
export interface Conformance {
  readonly row: Row
  readonly sockets: Sockets
  /** An SM-DP+ of its own for this test, reached by ES9+ and, as operator A, by ES2+. */
  smdp(settings?: Parameters<typeof createSmdpFixture>[0]): Promise<SmdpFixture>
  /** An SM-DS of its own; `root` stands at the root's port. */
  smds(settings?: Parameters<typeof createSmdsFixture>[0], at?: 'es12' | 'root'): SmdsFixture
  /** The SM-DS as the SM-DP+ calls it. */
  readonly smdsOf: (address: string) => { url: string; fetch: Fetch; forward: boolean } | undefined
  /** The answer is the refusal of the row: HTTP 200, the header and nothing else. */
  refuses(answer: Answer<unknown>): void
}
export type Procedure = (at: Conformance) => Promise<void>
export type Procedures = Readonly<Record<string, Procedure>>

export const createConformance = (sockets: Sockets, row: Row): Conformance => ({
  row,
  sockets,
  async smdp(settings = {}) {
    return createSmdpFixture({
      requesterOf: sockets.requesterOf,
      over: smdp => {
        sockets.ends.es9.answer = smdp.es9p
        sockets.ends.es2.answer = smdp.es2p
        const es2p = towards(ADDRESS, sockets.caller(OPERATOR_A, 'es2', ADDRESS))
        return { es9p: sockets.lpa('es9', ADDRESS, settings.curve), es2p }
      },
      ...settings,
    })
  },
  smds(settings = {}, at = 'es12') {
    const host = at === 'es12' ? SMDS : ROOT
    return createSmdsFixture({
      address: host,
      requesterOf: sockets.requesterOf,
      over: smds => {
        if (at === 'es12') sockets.ends.es11.answer = smds.es11
        sockets.ends[at].answer = request =>
          new URL(request.url).pathname.includes('/es15/') ? smds.es15(request) : smds.es12(request)
        return {
          // The root's events are read without a socket: its ES11 is the same code.
          es11: at === 'es12' ? sockets.lpa('es11', SMDS, settings.curve) : smds.es11,
          es12As: caller => towards(host, sockets.caller(caller, at, host)),
        }
      },
      ...settings,
    })
  },
  smdsOf: address =>
    address === SMDS
      ? { url: `https://${SMDS}`, fetch: sockets.caller(ADDRESS, 'es12', SMDS), forward: false }
      : undefined,
  refuses(answer) {
    expect(answer).toMatchObject({ failed: row.pair, http: 200 })
    if (!('failed' in answer)) return
    expect(Object.keys(answer.json as object)).toEqual(['header'])
  },
})

/** Rows of one group, by the end of their ids. */
export const procedures = (name: string, byNumber: Procedures): Procedures =>
  Object.fromEntries(
    Object.entries(byNumber).map(([number, procedure]) => [number === '' ? name : `${name} ${number}`, procedure]),
  )
