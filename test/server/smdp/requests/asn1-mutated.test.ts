import { describe, expect, it } from 'vitest'
import { encode, keep, type Schema } from '../../../../src/asn1/schema.ts'
import { AuthenticateServerResponse, PrepareDownloadResponse } from '../../../../src/rsp/authentication.ts'
import { EUICCInfo1 } from '../../../../src/rsp/euicc-info.ts'
import {
  ASN1_CONTENT_TYPE,
  ASN1_PATH,
  ES9pAsn1,
  remoteProfileProvisioning,
} from '../../../../src/rsp/interfaces/es9p-asn1.ts'
import { PendingNotification } from '../../../../src/rsp/notification.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { accepted, createSmdpFixture, ICCID, MATCHING_ID, post } from '../smdp-fixture.ts'

const MUTATIONS = 600
type Name = Exclude<keyof typeof ES9pAsn1, 'CancelSession'>

/** A session at the point where `name` comes next, and the genuine message for it. */
const genuine = async (name: Name) => {
  const fixture = await createSmdpFixture()
  await fixture.order()
  const write = (value: unknown) => encode(remoteProfileProvisioning(ES9pAsn1[name].request as Schema<unknown>), value)
  if (name === 'InitiateAuthentication') {
    const euiccInfo1 = keep(EUICCInfo1, fixture.card.info1)
    const smdpAddress = 'smdp.example.com'
    return { fixture, message: write({ euiccChallenge: fixture.card.challenge, smdpAddress, euiccInfo1 }) }
  }
  if (name === 'AuthenticateClient') {
    const opened = accepted(await fixture.initiate(fixture.card))
    const response = fixture.card.authenticateServer(opened, { matchingId: MATCHING_ID })
    const authenticateServerResponse = keep(AuthenticateServerResponse, response)
    return { fixture, message: write({ transactionId: opened.transactionId, authenticateServerResponse }) }
  }
  const { transactionId, ...ok } = accepted(await fixture.authenticate(fixture.card))
  const { response } = fixture.card.prepareDownload({ transactionId, ...ok })
  if (name === 'GetBoundProfilePackage')
    return {
      fixture,
      message: write({ transactionId, prepareDownloadResponse: keep(PrepareDownloadResponse, response) }),
    }
  accepted(await fixture.sendPrepared(transactionId, response))
  const result = fixture.card.installationResult(transactionId, ICCID)
  return { fixture, message: write({ pendingNotification: keep(PendingNotification, result) }) }
}

describe('mutated messages in the ASN.1 binding', () => {
  it.each(['InitiateAuthentication', 'AuthenticateClient', 'GetBoundProfilePackage', 'HandleNotification'] as const)(
    `%s: ${MUTATIONS} of them are refused in its form, and move no order`,
    async name => {
      const { fixture, message } = await genuine(name)
      const before = await fixture.store.findOrder(ICCID)
      const random = seededRandom(`mutated ${name}`)
      const number = (below: number) => new DataView(random(4).slice().buffer).getUint32(0) % below
      for (let round = 0; round < MUTATIONS; round++) {
        let wrong = message.slice()
        // Behind the wrapper's header, where the function is; a byte, a cut, or a piece that comes twice.
        const at = 2 + number(wrong.length - 2)
        if (round % 3 === 0) wrong[at]! ^= 1 + number(255)
        else if (round % 3 === 1) wrong = wrong.slice(0, at)
        else wrong = new Uint8Array([...wrong.slice(0, at), ...wrong.slice(at >> 1)])
        const response = await fixture.smdp.es9p(post(ASN1_PATH, wrong, { 'Content-Type': ASN1_CONTENT_TYPE }))
        expect([200, 204, 400], `round ${round}`).toContain(response.status)
        expect(response.headers.get('X-Admin-Protocol')).toBe('gsma/rsp/v2.2.2')
      }
      const after = await fixture.store.findOrder(ICCID)
      expect([after?.state, after?.history]).toEqual([before?.state, before?.history])
      expect(fixture.defects).toEqual([])
      const right = await fixture.smdp.es9p(post(ASN1_PATH, message.slice(), { 'Content-Type': ASN1_CONTENT_TYPE }))
      expect(right.status).toBe(name === 'HandleNotification' ? 204 : 200)
    },
  )
})
