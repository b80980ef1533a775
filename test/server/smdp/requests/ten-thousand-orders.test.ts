import { describe, expect, it } from 'vitest'
import { TEST_EID } from '../../../../src/rsp/certificates/test-pki.ts'
import { ES2p } from '../../../../src/rsp/interfaces/es2p.ts'
import { accepted, createSmdpFixture, ICCID, MATCHING_ID } from '../smdp-fixture.ts'
import { PATIENCE, throwMutations } from './mutation-trial.ts'
import type { Model } from './mutations.ts'

/** What operator B has here. Its ICCID is asked for, as operators guess; everything else is in no request. */
const OTHER = {
  iccid: '8988247000102003051',
  eid: '89049032000000000000000000000042',
  matchingId: 'OTHER-MATCHING-ID',
  confirmationCode: 'other-code',
}
const SECRETS = [OTHER.eid, OTHER.matchingId, OTHER.confirmationCode, 'Operator B', 'Theirs', 'keys of the other']
const header = { functionRequesterIdentifier: 'Operator A', functionCallIdentifier: 'a call' }
const NAMES = ['DownloadOrder', 'ConfirmOrder', 'CancelOrder', 'ReleaseProfile'] as const

const createCrowdedFixture = async () => {
  let caller = 'Operator B'
  const fixture = await createSmdpFixture({ requesterOf: () => caller })
  await fixture.stock(OTHER.iccid, {
    owner: 'Operator B',
    profileType: 'Theirs',
    package: new TextEncoder().encode('keys of the other subscriber'),
  })
  await fixture.order(OTHER)
  caller = 'Operator A'
  return fixture
}
const RIGHT = {
  DownloadOrder: { iccid: ICCID, eid: TEST_EID, profileType: 'Plan S' },
  ConfirmOrder: { iccid: ICCID, eid: TEST_EID, matchingId: MATCHING_ID, confirmationCode: '1234', releaseFlag: true },
  CancelOrder: { iccid: ICCID, eid: TEST_EID, matchingId: MATCHING_ID, finalProfileStatusIndicator: 'Available' },
  ReleaseProfile: { iccid: ICCID },
} as const
const FIRST = {
  DownloadOrder: undefined,
  ConfirmOrder: 'Allocated',
  CancelOrder: 'Confirmed',
  ReleaseProfile: 'Confirmed',
} as const

describe('ten thousand wrong requests a function, ES2+', () => {
  it.each(NAMES)(
    '%s: each is answered, and touches nothing of another operator',
    async name => {
      const { operate, stock, store, smdp, defects, stateOf } = await createCrowdedFixture()
      const before = await store.findOrder(OTHER.iccid)
      /** Our order as the function wants it: a request that was let through has moved it on. */
      const models = async (): Promise<readonly Model[]> => {
        const state = await stateOf()
        if (state === 'Unavailable') await stock()
        else if (state !== 'Available')
          accepted(await operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: 'Available' }))
        if (FIRST[name]) accepted(await operate('DownloadOrder', RIGHT.DownloadOrder))
        if (FIRST[name] === 'Confirmed')
          accepted(await operate('ConfirmOrder', { ...RIGHT.ConfirmOrder, releaseFlag: false }))
        const right = { header, ...RIGHT[name] }
        const { path } = ES2p[name]
        return [
          { path, message: right },
          { path, message: { ...right, iccid: OTHER.iccid } },
        ]
      }
      const tally = await throwMutations({ fetch: smdp.es2p, models, secrets: SECRETS, seed: name.length })
      expect(defects).toEqual([])
      expect(await store.findOrder(OTHER.iccid)).toEqual(before)
      expect(tally.Failed, JSON.stringify(tally)).toBeGreaterThan(1000)
      expect(tally['Executed-Success'], JSON.stringify(tally)).toBeGreaterThan(10)
      await models()
    },
    PATIENCE,
  )
})
