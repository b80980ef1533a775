import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ES12 } from '../../../src/rsp/interfaces/es12.ts'
import { post } from '../smdp/smdp-fixture.ts'
import { as, createSmdsFixture, SMDP } from './smds-fixture.ts'

const EID = '89049032123451234512345678901235'
const OTHER = 'other-smdp.example.com'
const good: Record<string, unknown> = {
  header: { functionRequesterIdentifier: OTHER, functionCallIdentifier: 'call' },
  eid: EID,
  eventId: 'EVENT-1',
  rspServerAddress: OTHER,
  forwardingIndicator: false,
}
/** Members replaced by anything, left out, or put in twice as something else. */
const request = fc
  .dictionary(fc.constantFrom(...Object.keys(good), 'owner', '__proto__', 'constructor'), fc.jsonValue(), {
    maxKeys: 4,
  })
  .chain(changed =>
    fc.subarray(Object.keys(good)).map(kept => ({
      ...Object.fromEntries(kept.map(name => [name, good[name]])),
      ...changed,
    })),
  )

describe('ES12 with members changed, missing or made up', () => {
  it.each([ES12.RegisterEvent, ES12.DeleteEvent])(
    '$name: refuses or does it, and touches no event of another',
    async row => {
      const { register, smds, store, defects } = createSmdsFixture()
      await register({ rspServerAddress: SMDP })
      await fc.assert(
        fc.asyncProperty(request, async body => {
          const response = await as(OTHER, smds.es12)(post(row.path, JSON.stringify(body)))
          expect([200, 400]).toContain(response.status)
          const { header } = (await response.json()) as { header: { functionExecutionStatus: { status: string } } }
          expect(['Failed', 'Executed-Success']).toContain(header.functionExecutionStatus.status)
          expect(await store.findEvent(EID, 'EVENT-1')).toMatchObject({ owner: SMDP, rspServerAddress: SMDP })
        }),
        { numRuns: 400, seed: 4 },
      )
      expect(defects).toEqual([])
    },
  )
})
