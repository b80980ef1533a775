import { expect } from 'vitest'
import type { DeviceInfo } from '../../../src/rsp/authentication.ts'
import { issueCrl } from '../../../src/rsp/certificates/issue.ts'
import { type CertificateFault, issueFaultyCertificate } from '../../../src/rsp/certificates/test-pki.ts'
import type { ProfileRequirements } from '../../../src/server/smdp/es9p/profile-requirements.ts'
import { issueVariant } from '../../rsp/certificates/variants.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { createCardRole } from '../../server/smdp/es9p/card-role.ts'
import { accepted, ICCID, MATCHING_ID, refused, START, testPki } from '../../server/smdp/smdp-fixture.ts'
import { type Conformance, type Procedure, type Procedures, procedures } from '../conformance.ts'
import { cardOf, change, type Ordered, OTHER_EID, orderBy, realProfile, type Way } from './orders.ts'

type Change = Parameters<Ordered['authenticate']>[0]

/** The refusal leaves the session for the card, which alone can end it: the right message is taken afterwards. */
const refusesBefore =
  (...changes: readonly (() => Change)[]): Procedure =>
  async at => {
    const { fixture, card, matchingId } = await orderBy(at, 'activation code')
    const opened = accepted(await fixture.initiate(card))
    const send = (made: Change) =>
      fixture.sendAuthentication(opened.transactionId, card.authenticateServer(opened, { matchingId, ...made }))
    for (const make of changes) at.refuses(await send(make()))
    expect(refused(await send({}))).toBe('accepted')
    expect(fixture.defects).toEqual([])
  }
const faulty = (kind: 'EUM' | 'eUICC', fault: CertificateFault) => (): Change => {
  const made = issueFaultyCertificate(testPki('P-256'), kind, fault, { random: seededRandom(fault), now: START })
  return kind === 'EUM' ? { eum: made.certificate.der } : { euicc: made }
}
/** An order for a profile whose type requires this. */
const requiring = async (at: Conformance, requires: ProfileRequirements) => {
  const fixture = await at.smdp()
  await fixture.stock(ICCID, { requires })
  await fixture.order()
  const authenticate = (change: Change = {}) =>
    fixture.authenticate(fixture.card, { matchingId: MATCHING_ID, ...change })
  return { fixture, authenticate }
}
const onDevice = (deviceCapabilities: DeviceInfo['deviceCapabilities']): Change => {
  const deviceInfo = { tac: Uint8Array.of(0x35, 0x29, 0x06, 0x11), deviceCapabilities }
  return { signed: { ctxParams1: { ctxParamsForCommonAuthentication: { matchingId: MATCHING_ID, deviceInfo } } } }
}
const anotherCi = (): Change => {
  const { euicc, eum } = testPki('P-256', 'another')
  return { euicc, eum: eum.certificate.der }
}
const wrongKey = (): Change => ({
  euicc: { certificate: testPki('P-256').euicc.certificate, privateKey: testPki('P-256').dpAuth.privateKey },
})

/** The card is who it says, and does not get what it came for. */
const refusesOrder =
  (way: Way, given: Parameters<typeof orderBy>[2] = {}, made: Change = {}): Procedure =>
  async at => {
    const { fixture, authenticate } = await orderBy(at, way, given)
    const before = await fixture.stateOf()
    at.refuses(await authenticate(made))
    expect(await fixture.stateOf()).toBe(before)
  }

const refusesTransaction = (settle: (at: Conformance, ordered: Ordered) => Promise<void>): Procedure => {
  return async at => {
    const ordered = await orderBy(at, 'activation code')
    await settle(at, ordered)
    expect(await ordered.fixture.stateOf()).toBe('Released')
  }
}

export const AUTHENTICATE_CLIENT_ERRORS: Procedures = {
  ...procedures('TC_SM-DP+_ES9+.AuthenticateClientNIST_ErrorCases', {
    '#01': refusesBefore(
      faulty('EUM', 'bad-signature'),
      faulty('EUM', 'wrong-role'),
      faulty('EUM', 'wrong-key-usage'),
      faulty('EUM', 'unknown-critical-extension'),
    ),
    '#02': refusesBefore(faulty('EUM', 'expired')),
    '#03': refusesBefore(
      faulty('eUICC', 'bad-signature'),
      faulty('eUICC', 'wrong-role'),
      faulty('eUICC', 'wrong-key-usage'),
      faulty('eUICC', 'wrong-names'),
      faulty('eUICC', 'unknown-critical-extension'),
    ),
    '#04': refusesBefore(faulty('eUICC', 'expired')),
    '#05': refusesBefore(wrongKey),
    '#06': refusesBefore(() => ({ signed: { serverChallenge: new Uint8Array(16) } })),
    '#07': refusesBefore(anotherCi, faulty('EUM', 'unknown-ci')),
    '#08': async at => {
      const fixture = await at.smdp()
      await fixture.order({ releaseFlag: false })
      at.refuses(await fixture.authenticate(fixture.card))
      expect(await fixture.stateOf()).toBe('Confirmed')
    },
    '#09': refusesTransaction(async (at, { fixture, card, matchingId }) => {
      const opened = accepted(await fixture.initiate(card))
      const response = card.authenticateServer(opened, { matchingId })
      at.refuses(await fixture.sendAuthentication(new Uint8Array(16).fill(9), response))
    }),
    '#10': refusesBefore(() => ({ signed: { transactionId: new Uint8Array(16).fill(9) } })),
    '#11': refusesOrder('default', {}, { matchingId: 'NOT-THERE' }),
    '#12': refusesOrder('activation code', {}, { matchingId: 'NOT-THERE' }),
    '#13': refusesOrder('SM-DS', {}, { matchingId: 'NOT-THERE' }),
    '#14': refusesOrder('default', { eid: OTHER_EID }),
    '#15': async at => {
      const { fixture, authenticate } = await orderBy(at, 'activation code', { package: realProfile() })
      at.refuses(await authenticate({ info2: { uiccCapability: ['akaMilenage'] } }))
      at.refuses(await authenticate({ info2: { uiccCapability: ['usimSupport'] } }))
      expect(await fixture.stateOf()).toBe('Released')
      expect(refused(await authenticate())).toBe('accepted')
    },
    '#16': async at => {
      const { fixture, authenticate } = await orderBy(at, 'activation code')
      await change(fixture, { expiresAt: START })
      at.refuses(await authenticate())
    },
    '#17': async at => {
      const { fixture, authenticate } = await orderBy(at, 'activation code', { downloadAttempts: 2 })
      for (const _ of [1, 2]) accepted(await authenticate())
      at.refuses(await authenticate())
      expect(await fixture.stateOf()).toBe('Error')
    },
    '#19': refusesOrder('SM-DS', { eid: OTHER_EID }),
    '#20': refusesOrder('activation code', { eid: OTHER_EID }),
    '#21': refusesOrder('without EID', {}, { matchingId: `${MATCHING_ID}-2` }),
  }),
  ...procedures('EB_ES9+.AuthenticateClient', {
    '#01': async at => {
      const { fixture } = await orderBy(at, 'without EID')
      for (const variant of ['O', 'Ov3', 'A', 'B', 'C'] as const) {
        const { euicc, above } = issueVariant(fixture.pki, variant, START)
        const [eum, ...otherCertsInChain] = above.map(({ der }) => der)
        const card = createCardRole(fixture.pki, { euicc })
        const others = otherCertsInChain.length > 0 ? { otherCertsInChain } : {}
        const answer = await fixture.authenticate(card, { matchingId: MATCHING_ID, eum: eum!, ...others })
        expect(refused(answer), `variant ${variant}`).toBe('accepted')
      }
    },
    '#02': async at => {
      const { certificate, privateKey } = testPki('P-256').ci
      const crl = issueCrl({
        issuer: { certificate, privateKey: privateKey! },
        revoked: [testPki('P-256').eum.certificate.serialNumber],
        thisUpdate: START,
        nextUpdate: new Date('2027-01-01'),
      })
      const { authenticate } = await orderBy(at, 'activation code', { crls: () => [crl] })
      at.refuses(await authenticate())
    },
    '#03': refusesTransaction(async (at, { fixture, card }) => {
      const { transactionId } = accepted(await fixture.initiate(card))
      const authenticateResponseError = { transactionId, authenticateErrorCode: 'ciPKUnknown' as const }
      at.refuses(await fixture.sendAuthentication(transactionId, { authenticateResponseError }))
    }),
    '#04': async at => {
      const { authenticate } = await orderBy(at, 'activation code', { package: new Uint8Array(9000) })
      // ETSI TS 102 226 §8.2.1.7.2: no application, 8191 bytes of memory that stays.
      const extCardResource = Uint8Array.of(0x81, 1, 0, 0x82, 2, 0x1f, 0xff, 0x83, 2, 0x10, 0)
      at.refuses(await authenticate({ info2: { extCardResource } }))
    },
    '#05': async at => {
      const { fixture, authenticate } = await orderBy(at, 'activation code')
      await change(fixture, { metadata: { profilePolicyRules: ['ppr1'] } })
      at.refuses(await authenticate({ info2: { forbiddenProfilePolicyRules: ['ppr1'] } }))
      expect(refused(await authenticate({ info2: { forbiddenProfilePolicyRules: ['ppr2'] } }))).toBe('accepted')
    },
    '#06': async at => {
      const { fixture, authenticate } = await orderBy(at, 'activation code')
      await change(fixture, { metadata: { profileClass: 'test' } })
      at.refuses(await authenticate())
      expect(refused(await authenticate({ info2: { rspCapability: ['testProfileSupport'] } }))).toBe('accepted')
    },
    '#07': async at => {
      const { fixture, card, authenticate } = await orderBy(at, 'activation code')
      const { ok } = await fixture.download(card)
      await fixture.notify(card.installationResult(ok.transactionId, ICCID))
      at.refuses(await authenticate())
      at.refuses(await fixture.authenticate(cardOf(fixture)))
      expect(await fixture.stateOf()).toBe('Installed')
    },
    '#08': refusesTransaction(async (at, { fixture, card, matchingId }) => {
      const opened = accepted(await fixture.initiate(card))
      fixture.wait(10 * 60_000)
      at.refuses(
        await fixture.sendAuthentication(opened.transactionId, card.authenticateServer(opened, { matchingId })),
      )
    }),
    '#09': refusesBefore(faulty('eUICC', 'eid-not-permitted')),
    '#10': async at => {
      const { fixture, authenticate } = await requiring(at, {
        deviceCapabilities: { nr5gcSupportedRelease: [15, 0, 0] },
      })
      at.refuses(await authenticate(onDevice({})))
      at.refuses(await authenticate(onDevice({ nr5gcSupportedRelease: Uint8Array.of(14, 255, 0) })))
      expect(await fixture.stateOf()).toBe('Released')
      const able = onDevice({ nr5gcSupportedRelease: Uint8Array.of(15, 0, 0) })
      expect(refused(await authenticate(able))).toBe('accepted')
    },
    '#11': async at => {
      const { authenticate } = await requiring(at, { uiccCapability: ['getIdentity'] })
      at.refuses(await authenticate())
      expect(refused(await authenticate({ info2: { uiccCapability: ['getIdentity'] } }))).toBe('accepted')
    },
  }),
}
