import { describe, expect, it } from 'vitest'
import { encode, keep, type Schema } from '../../../src/asn1/schema.ts'
import { AuthenticateServerResponse } from '../../../src/rsp/authentication.ts'
import { EUICCInfo1 } from '../../../src/rsp/euicc-info.ts'
import { ASN1_CONTENT_TYPE, ASN1_PATH, remoteProfileProvisioning } from '../../../src/rsp/interfaces/es9p-asn1.ts'
import { ES11 } from '../../../src/rsp/interfaces/es11.ts'
import { ES11Asn1 } from '../../../src/rsp/interfaces/es11-asn1.ts'
import { ES12 } from '../../../src/rsp/interfaces/es12.ts'
import { PATIENCE, throwMutations } from '../smdp/requests/mutation-trial.ts'
import type { Model } from '../smdp/requests/mutations.ts'
import { accepted, refused } from '../smdp/smdp-fixture.ts'
import { as, createSmdsFixture, SMDP, SMDS } from './smds-fixture.ts'

/** What another SM-DP+ has here, for another card. */
const OTHER = { eid: '89049032000000000000000000000042', eventId: 'OTHER-EVENT', rspServerAddress: 'other.example.com' }
const SECRETS = Object.values(OTHER)
type Fixture = ReturnType<typeof createSmdsFixture>

const createCrowdedFixture = async () => {
  const fixture = createSmdsFixture()
  accepted(await fixture.registrar(OTHER.rspServerAddress)(OTHER))
  return { ...fixture, before: await fixture.store.findEvent(OTHER.eid, OTHER.eventId) }
}

type Name = keyof typeof ES11
const requestFor = async ({ card, initiate }: Fixture, name: Name) => {
  if (name === 'InitiateAuthentication')
    return { euiccChallenge: card.challenge, euiccInfo1: keep(EUICCInfo1, card.info1), smdpAddress: SMDS }
  const opened = accepted(await initiate(card))
  return {
    transactionId: opened.transactionId,
    authenticateServerResponse: keep(AuthenticateServerResponse, card.authenticateServer(opened)),
  }
}
const inJson = (name: Name, request: unknown): Model => ({
  path: ES11[name].path,
  message: (ES11[name].request as { toJson(value: unknown): Record<string, unknown> }).toJson(request),
})
const inAsn1 = (name: Name, request: unknown): Model => ({
  path: ASN1_PATH,
  contentType: ASN1_CONTENT_TYPE,
  message: encode(remoteProfileProvisioning(ES11Asn1[name].request as Schema<unknown>), request),
})

describe.each([
  ['JSON', inJson],
  ['ASN.1', inAsn1],
] as const)('ten thousand wrong requests a function, ES11 in %s', (binding, write) => {
  it.each(['InitiateAuthentication', 'AuthenticateClient'] as const)(
    '%s: A malformed request returns no data of others',
    async name => {
      const fixture = await createCrowdedFixture()
      accepted(await fixture.register())
      const expired = write(name, await requestFor(fixture, name))
      fixture.wait(10 * 60_000)
      const models = async (): Promise<readonly Model[]> => {
        const open = write(name, await requestFor(fixture, name))
        return [open, open, open, expired]
      }
      const tally = await throwMutations({ fetch: fixture.smds.es11, models, secrets: SECRETS, seed: binding.length })
      expect(fixture.defects).toEqual([])
      expect(await fixture.store.findEvent(OTHER.eid, OTHER.eventId)).toEqual(fixture.before)
      const refusals = binding === 'JSON' ? (tally.Failed ?? 0) : (tally['200'] ?? 0) + (tally['400'] ?? 0)
      expect(refusals, JSON.stringify(tally)).toBeGreaterThan(1000)
      expect(refused(await fixture.discover(fixture.card))).toBe('accepted')
    },
    PATIENCE,
  )
})

describe('ten thousand wrong requests a function, ES12', () => {
  it.each(['RegisterEvent', 'DeleteEvent'] as const)(
    '%s: touches no event of another',
    async name => {
      const fixture = await createCrowdedFixture()
      const { path } = ES12[name]
      const header = { functionRequesterIdentifier: SMDP, functionCallIdentifier: 'a call' }
      const event = { eid: fixture.card.eid, eventId: 'EVENT-1' }
      const more = name === 'RegisterEvent' ? { rspServerAddress: SMDP, forwardingIndicator: false } : {}
      const models = async (): Promise<readonly Model[]> => {
        if (name === 'RegisterEvent') await fixture.remove()
        else await fixture.register()
        return [{ path, message: { header, ...event, ...more } }]
      }
      const fetch = as(SMDP, fixture.smds.es12)
      const tally = await throwMutations({ fetch, models, secrets: SECRETS, seed: name.length })
      expect(fixture.defects).toEqual([])
      expect(await fixture.store.findEvent(OTHER.eid, OTHER.eventId)).toEqual(fixture.before)
      expect(tally.Failed, JSON.stringify(tally)).toBeGreaterThan(1000)
      expect(tally['Executed-Success'], JSON.stringify(tally)).toBeGreaterThan(10)
    },
    PATIENCE,
  )
})
