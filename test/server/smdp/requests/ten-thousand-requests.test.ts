import { describe, expect, it } from 'vitest'
import { encode, keep, type Schema, tagged } from '../../../../src/asn1/schema.ts'
import {
  AuthenticateServerResponse,
  CancelSessionResponse,
  PrepareDownloadResponse,
} from '../../../../src/rsp/authentication.ts'
import { EUICCInfo1 } from '../../../../src/rsp/euicc-info.ts'
import { ES9p } from '../../../../src/rsp/interfaces/es9p.ts'
import {
  ASN1_CONTENT_TYPE,
  ASN1_PATH,
  ES9pAsn1,
  remoteProfileProvisioning,
} from '../../../../src/rsp/interfaces/es9p-asn1.ts'
import { PendingNotification } from '../../../../src/rsp/notification.ts'
import { ADDRESS, accepted, createSmdpFixture, ICCID, MATCHING_ID, refused } from '../smdp-fixture.ts'
import { PATIENCE, throwMutations } from './mutation-trial.ts'
import type { Model } from './mutations.ts'

type Fixture = Awaited<ReturnType<typeof createSmdpFixture>>
type Name = keyof typeof ES9p
/** What another operator has here, for another card. */
const OTHER = {
  iccid: '8988247000102003051',
  eid: '89049032000000000000000000000042',
  matchingId: 'OTHER-MATCHING-ID',
  confirmationCode: 'other-code',
}
const OTHER_KEYS = 'keys of the other subscriber'
const SECRETS = [
  ...Object.values(OTHER),
  OTHER_KEYS,
  'The other operator',
  // The ICCID as it crosses in binary: digits swapped.
  OTHER.iccid.concat('F').replace(/(.)(.)/g, '$2$1'),
]

const createCrowdedFixture = async () => {
  const fixture = await createSmdpFixture({ downloadAttempts: Number.POSITIVE_INFINITY })
  await fixture.stock(OTHER.iccid, {
    package: new TextEncoder().encode(OTHER_KEYS),
    metadata: { serviceProviderName: 'The other operator', profileName: 'Theirs' },
  })
  await fixture.order(OTHER)
  await fixture.order()
  return fixture
}

/** The values of a right request of each function, in a session that is open. */
const requestFor = async (fixture: Fixture, name: Name) => {
  const { card } = fixture
  if (name === 'InitiateAuthentication')
    return { euiccChallenge: card.challenge, euiccInfo1: keep(EUICCInfo1, card.info1), smdpAddress: ADDRESS }
  if (name === 'AuthenticateClient') {
    const opened = accepted(await fixture.initiate(card))
    const response = card.authenticateServer(opened, { matchingId: MATCHING_ID })
    const { transactionId } = opened
    return { transactionId, authenticateServerResponse: keep(AuthenticateServerResponse, response) }
  }
  if (name === 'HandleNotification') {
    const { ok } = await fixture.download(card)
    const result = card.installationResult(ok.transactionId, ICCID, 'installFailedDueToInterruption')
    return { pendingNotification: keep(PendingNotification, result) }
  }
  const ok = accepted(await fixture.authenticate(card))
  const { transactionId } = ok
  if (name === 'GetBoundProfilePackage')
    return { transactionId, prepareDownloadResponse: keep(PrepareDownloadResponse, card.prepareDownload(ok).response) }
  return {
    transactionId,
    cancelSessionResponse: keep(CancelSessionResponse, card.cancelSession(transactionId, 'postponed')),
  }
}

const inJson = (name: Name, request: unknown): Model => ({
  path: ES9p[name].path,
  message: (ES9p[name].request as { toJson(value: unknown): Record<string, unknown> }).toJson(request),
})
const inAsn1 = (name: Name, request: unknown): Model => {
  const schema = remoteProfileProvisioning(ES9pAsn1[name].request as Schema<unknown>)
  // The automatic tag [1] stands in the place of CancelSessionResponse's own.
  const retagged =
    name === 'CancelSession'
      ? { ...(request as object), cancelSessionResponse: keep(tagged(0xa1, CancelSessionResponse), cancelOf(request)) }
      : request
  return { path: ASN1_PATH, contentType: ASN1_CONTENT_TYPE, message: encode(schema, retagged) }
}
const cancelOf = (request: unknown) =>
  (request as { cancelSessionResponse: { value: CancelSessionResponse } }).cancelSessionResponse.value

/** Our order as it must be for the next request: a request that was let through may have ended it. */
const renewOrder = async (fixture: Fixture): Promise<void> => {
  if ((await fixture.stateOf()) === 'Released' || (await fixture.stateOf()) === 'Downloaded') return
  await fixture.stock()
  await fixture.order()
}

describe.each([
  ['JSON', inJson],
  ['ASN.1', inAsn1],
] as const)('ten thousand wrong requests a function, ES9+ in %s', (binding, write) => {
  it.each(Object.keys(ES9p) as Name[])(
    '%s: each is answered, and tells nothing of others',
    async name => {
      const fixture = await createCrowdedFixture()
      const before = await fixture.store.findOrder(OTHER.iccid)
      const expired = write(name, await requestFor(fixture, name))
      fixture.wait(10 * 60_000)
      const models = async (): Promise<readonly Model[]> => {
        await renewOrder(fixture)
        const open = write(name, await requestFor(fixture, name))
        return [open, open, open, expired]
      }
      const tally = await throwMutations({ fetch: fixture.smdp.es9p, models, secrets: SECRETS, seed: binding.length })
      expect(fixture.defects).toEqual([])
      expect(await fixture.store.findOrder(OTHER.iccid)).toEqual(before)
      // It tested what it should: refusals by the thousand. And the server is as well as before.
      const refusals = binding === 'JSON' ? (tally.Failed ?? 0) : (tally['200'] ?? 0) + (tally['400'] ?? 0)
      expect(refusals, JSON.stringify(tally)).toBeGreaterThan(1000)
      await renewOrder(fixture)
      expect(refused(await fixture.authenticate(fixture.card))).toBe('accepted')
    },
    PATIENCE,
  )
})
