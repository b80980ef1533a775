import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../../../../src/asn1/bytes.ts'
import { encode } from '../../../../src/asn1/schema.ts'
import { parseCertificate } from '../../../../src/rsp/certificates/certificate.ts'
import { issueCrl } from '../../../../src/rsp/certificates/issue.ts'
import {
  type CertificateFault,
  completeEid,
  issueEuicc,
  issueFaultyCertificate,
  TEST_EID_PREFIX,
} from '../../../../src/rsp/certificates/test-pki.ts'
import { verify } from '../../../../src/rsp/crypto/ecdsa.ts'
import { iccidToDigits, Signature } from '../../../../src/rsp/identifiers.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { ADDRESS, accepted, createSmdpFixture, ICCID, MATCHING_ID, refused, START, testPki } from '../smdp-fixture.ts'
import { createCardRole } from './card-role.ts'

const random = seededRandom('certificates')
const issuing = { random, now: START }
const matchingId = MATCHING_ID
const otherEid = completeEid(`${TEST_EID_PREFIX}0000000000000000000042`)

describe('ES9+.AuthenticateClient (SGP.22 §5.6.3)', () => {
  it.each([['P-256'], ['brainpoolP256r1']] as const)(
    'offers the profile under its own signature, on %s',
    async curve => {
      const fixture = await createSmdpFixture({ curve })
      await fixture.order()
      const initiated = accepted(await fixture.initiate(fixture.card))
      const response = fixture.card.authenticateServer(initiated, { matchingId })
      const ok = accepted(await fixture.sendAuthentication(initiated.transactionId, response))
      const { euiccSignature1 } = response.authenticateResponseOk!
      const signed = concat(ok.smdpSigned2.bytes, encode(Signature, euiccSignature1))
      expect(verify(parseCertificate(ok.smdpCertificate).publicKey, signed, ok.smdpSignature2)).toBe(true)
      expect(ok.smdpSigned2.value).toEqual({ transactionId: initiated.transactionId, ccRequiredFlag: false })
    },
  )

  it('shows the metadata of the profile, and takes its notifications itself', async () => {
    const fixture = await createSmdpFixture()
    const icon = { type: 'png' as const, bytes: fromHex('89504e47') }
    const profileOwner = { mccMnc: fromHex('00f110') }
    await fixture.stock('8988247000102003051', {
      metadata: {
        serviceProviderName: 'Operator B',
        profileName: 'Gold',
        profileClass: 'test',
        icon,
        profileOwner,
        profilePolicyRules: ['ppr1'],
      },
    })
    await fixture.order({ iccid: '8988247000102003051' })
    const change = { matchingId, info2: { rspCapability: ['testProfileSupport' as const] } }
    const { value } = accepted(await fixture.authenticate(fixture.card, change)).profileMetadata
    expect(iccidToDigits(value.iccid)).toBe('8988247000102003051')
    expect(value).toMatchObject({ serviceProviderName: 'Operator B', profileName: 'Gold', profileClass: 'test' })
    expect(value).toMatchObject({ iconType: 'png', icon: icon.bytes, profileOwner, profilePolicyRules: ['ppr1'] })
    expect(value.notificationConfigurationInfo).toEqual(
      ['notificationEnable', 'notificationDisable', 'notificationDelete'].map(event => ({
        profileManagementOperation: [event],
        notificationAddress: ADDRESS,
      })),
    )
  })

  it('AuthenticateClient reports that a confirmation code is required', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order({ confirmationCode: '1234' })
    expect(accepted(await fixture.authenticate(fixture.card)).smdpSigned2.value.ccRequiredFlag).toBe(true)
  })

  it('takes a card under another CI than its own certificates, when the card signs so', async () => {
    const [nist, brainpool] = [testPki('P-256'), testPki('brainpoolP256r1')]
    const fixture = await createSmdpFixture({ credentials: [nist, brainpool] })
    await fixture.order()
    const card = createCardRole(nist, {
      info: { euiccCiPKIdListForVerification: [brainpool.ci.certificate.subjectKeyId!] },
    })
    const ok = accepted(await fixture.authenticate(card))
    expect(parseCertificate(ok.smdpCertificate)).toBe(brainpool.dpPb.certificate)
  })
})

describe('AuthenticateClient refuses, and the session waits on', () => {
  const refusals: [
    pair: string,
    what: string,
    make: () => Parameters<ReturnType<typeof createCardRole>['authenticateServer']>[1],
  ][] = [
    [
      '8.1/6.1',
      'a signature by another key',
      () => ({ euicc: { ...testPki('P-256').euicc, privateKey: testPki('P-256').eum.privateKey! } }),
    ],
    ['8.1/6.1', 'another challenge', () => ({ signed: { serverChallenge: new Uint8Array(16) } })],
    ['8.1/6.1', 'another server address', () => ({ signed: { serverAddress: 'other.example.com' } })],
    [
      '8.10.1/3.9',
      'another transaction under the signature',
      () => ({ signed: { transactionId: new Uint8Array(16) } }),
    ],
    [
      '8.11.1/3.9',
      'a chain under another CI',
      () => {
        const { euicc, eum } = testPki('P-256', 'another')
        return { euicc, eum: eum.certificate.der }
      },
    ],
    ['8.1.2/6.1', 'an EUM certificate that is none', () => ({ eum: fromHex('3003020101') })],
    ['8.1.2/6.1', 'a DPauth certificate in place of the EUM', () => ({ eum: testPki('P-256').dpAuth.certificate.der })],
    [
      '8.1.3/6.1',
      'an eUICC certificate that is none',
      () => ({
        euicc: {
          ...testPki('P-256').euicc,
          certificate: { ...testPki('P-256').euicc.certificate, der: fromHex('3003020101') },
        },
      }),
    ],
    ['8.1.3/6.1', 'a server certificate in place of the eUICC', () => ({ euicc: testPki('P-256').dpAuth })],
  ]
  const faults: Record<CertificateFault, [eum: string, euicc: string] | undefined> = {
    'unknown-ci': ['8.11.1/3.9', '8.1.3/6.1'],
    'bad-signature': ['8.1.2/6.1', '8.1.3/6.1'],
    expired: ['8.1.2/6.3', '8.1.3/6.3'],
    'not-yet-valid': ['8.1.2/6.1', '8.1.3/6.1'],
    'wrong-role': ['8.1.2/6.1', '8.1.3/6.1'],
    'wrong-key-usage': ['8.1.2/6.1', '8.1.3/6.1'],
    'wrong-names': ['8.1.2/6.1', '8.1.3/6.1'],
    'unknown-critical-extension': ['8.1.2/6.1', '8.1.3/6.1'],
    'eid-not-permitted': ['', '8.1.3/6.1'],
  }
  for (const [fault, pairs] of Object.entries(faults) as [CertificateFault, [string, string]][]) {
    if (pairs[0] !== '')
      refusals.push([
        pairs[0],
        `an EUM certificate: ${fault}`,
        () => {
          const eum = issueFaultyCertificate(testPki('P-256'), 'EUM', fault, issuing)
          return { eum: eum.certificate.der, euicc: issueEuicc(eum, { ...issuing, eid: otherEid }) }
        },
      ])
    refusals.push([
      pairs[1],
      `an eUICC certificate: ${fault}`,
      () => ({
        euicc: issueFaultyCertificate(testPki('P-256'), 'eUICC', fault, issuing),
      }),
    ])
  }

  it.each(refusals)('%s: %s', async (pair, _, make) => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const ok = accepted(await fixture.initiate(fixture.card))
    const wrong = fixture.card.authenticateServer(ok, { matchingId, ...make() })
    expect(refused(await fixture.sendAuthentication(ok.transactionId, wrong))).toBe(pair)
    const right = fixture.card.authenticateServer(ok, { matchingId })
    expect(refused(await fixture.sendAuthentication(ok.transactionId, right))).toBe('accepted')
    expect(fixture.defects).toEqual([])
  })

  it('8.1.2/6.1: an EUM certificate on the revocation list', async () => {
    const { ci, eum } = testPki('P-256')
    const crl = issueCrl({
      issuer: { certificate: ci.certificate, privateKey: ci.privateKey! },
      revoked: [eum.certificate.serialNumber],
      thisUpdate: START,
      nextUpdate: new Date('2027-01-01T00:00:00Z'),
    })
    const fixture = await createSmdpFixture({ crls: () => [crl] })
    await fixture.order()
    expect(refused(await fixture.authenticate(fixture.card))).toBe('8.1.2/6.1')
  })

  it('refuses each byte of the signed part changed', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const ok = accepted(await fixture.initiate(fixture.card))
    const right = fixture.card.authenticateServer(ok, { matchingId }).authenticateResponseOk!
    for (let at = 0; at < right.euiccSigned1.bytes.length; at++) {
      const bytes = right.euiccSigned1.bytes.slice()
      bytes[at]! ^= 0x01
      const answer = await fixture.sendAuthentication(ok.transactionId, {
        authenticateResponseOk: { ...right, euiccSigned1: { ...right.euiccSigned1, bytes } },
      })
      // What cannot be decoded any more is malformed; all else does not verify.
      expect(['8.1/6.1', '1.6/2.1'], `byte ${at}`).toContain(refused(answer))
    }
    expect(await fixture.stateOf()).toBe('Released')
    expect(refused(await fixture.sendAuthentication(ok.transactionId, { authenticateResponseOk: right }))).toBe(
      'accepted',
    )
    expect(fixture.defects).toEqual([])
  })
})

describe('AuthenticateClient refuses, and the session is over', () => {
  it('8.10.1/3.9: an unknown, a foreign and a replayed transaction', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const ok = accepted(await fixture.initiate(fixture.card))
    const response = fixture.card.authenticateServer(ok, { matchingId })
    expect(refused(await fixture.sendAuthentication(new Uint8Array(16), response))).toBe('8.10.1/3.9')
    const other = accepted(await fixture.initiate(fixture.card))
    expect(refused(await fixture.sendAuthentication(other.transactionId, response))).toBe('8.10.1/3.9')
    expect(refused(await fixture.sendAuthentication(ok.transactionId, response))).toBe('accepted')
    expect(refused(await fixture.sendAuthentication(ok.transactionId, response))).toBe('8.10.1/3.9')
  })

  it('8.1/4.2: the card refused the server', async () => {
    const fixture = await createSmdpFixture()
    const { transactionId } = accepted(await fixture.initiate(fixture.card))
    const error = { authenticateResponseError: { transactionId, authenticateErrorCode: 'ciPKUnknown' as const } }
    expect(refused(await fixture.sendAuthentication(transactionId, error))).toBe('8.1/4.2')
    expect(refused(await fixture.sendAuthentication(transactionId, error))).toBe('8.10.1/3.9')
  })

  it.each([
    ['8.2.6/3.8', 'UNKNOWN'],
    ['8.1.1/3.8', ''],
    ['8.1.1/3.8', undefined],
  ])('%s: matching id %j, and no default order', async (pair, id) => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    expect(refused(await fixture.authenticate(fixture.card, { matchingId: id }))).toBe(pair)
    expect(await fixture.stateOf()).toBe('Released')
  })

  it.each([[''], [undefined]])('finds the default order of the card by its EID with matching id %j', async id => {
    const fixture = await createSmdpFixture()
    await fixture.order({ eid: fixture.card.eid, matchingId: '' })
    const ok = accepted(await fixture.authenticate(fixture.card, { matchingId: id }))
    expect(iccidToDigits(ok.profileMetadata.value.iccid)).toBe(ICCID)
  })

  it('8.1.1/3.8: the default order of another EID', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order({ eid: otherEid, matchingId: '' })
    expect(refused(await fixture.authenticate(fixture.card, {}))).toBe('8.1.1/3.8')
    expect(refused(await fixture.authenticate(fixture.card, { matchingId: 'UNKNOWN' }))).toBe('8.2.6/3.8')
  })

  it('8.1.1/3.8: an order that is linked to another EID', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order({ eid: otherEid })
    expect(refused(await fixture.authenticate(fixture.card))).toBe('8.1.1/3.8')
  })

  it('8.2/1.2: an order that is not released', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order({ releaseFlag: false })
    expect(refused(await fixture.authenticate(fixture.card))).toBe('8.2/1.2')
    accepted(await fixture.operate('ReleaseProfile', { iccid: ICCID }))
    expect(refused(await fixture.authenticate(fixture.card))).toBe('accepted')
  })

  it('8.8.5/6.4: an order that was tried too often is in error', async () => {
    const fixture = await createSmdpFixture({ downloadAttempts: 2 })
    await fixture.order()
    expect(refused(await fixture.authenticate(fixture.card))).toBe('accepted')
    expect(refused(await fixture.authenticate(fixture.card))).toBe('accepted')
    expect(refused(await fixture.authenticate(fixture.card))).toBe('8.8.5/6.4')
    expect(await fixture.stateOf()).toBe('Error')
    expect(refused(await fixture.authenticate(fixture.card))).toBe('8.2.6/3.8')
  })

  it('8.8.5/4.10: an order that has expired', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const order = (await fixture.store.findOrder(ICCID))!
    await fixture.store.saveOrder({ ...order, expiresAt: new Date(START.getTime() + 1000) })
    expect(refused(await fixture.authenticate(fixture.card))).toBe('accepted')
    fixture.wait(1000)
    expect(refused(await fixture.authenticate(fixture.card))).toBe('8.8.5/4.10')
  })

  it('8.1/4.8: a card without the memory', async () => {
    const fixture = await createSmdpFixture({ package: new Uint8Array(2000) })
    await fixture.order()
    const free = (bytes: number) => ({
      matchingId,
      info2: {
        extCardResource: concat(
          fromHex('8101008204'),
          Uint8Array.of(0, 0, bytes >> 8, bytes & 0xff),
          fromHex('830400000000'),
        ),
      },
    })
    expect(refused(await fixture.authenticate(fixture.card, free(1999)))).toBe('8.1/4.8')
    expect(refused(await fixture.authenticate(fixture.card, free(2000)))).toBe('accepted')
  })

  it.each([['8281'], ['82'], [''], ['8200']])(
    'AuthenticateClient accepts a card that reports its memory as "%s"',
    async hex => {
      const fixture = await createSmdpFixture()
      await fixture.order()
      const change = { matchingId, info2: { extCardResource: fromHex(hex) } }
      expect(refused(await fixture.authenticate(fixture.card, change))).toBe('accepted')
    },
  )

  it('8.2.5/4.3: a card that forbids a rule of the profile', async () => {
    const fixture = await createSmdpFixture()
    const iccid = '8988247000102003051'
    const metadata = { serviceProviderName: 'A', profileName: 'B', profilePolicyRules: ['ppr1' as const] }
    await fixture.stock(iccid, { metadata })
    await fixture.order({ iccid })
    const change = { matchingId, info2: { forbiddenProfilePolicyRules: ['ppr1' as const] } }
    expect(refused(await fixture.authenticate(fixture.card, change))).toBe('8.2.5/4.3')
    expect(refused(await fixture.authenticate(fixture.card))).toBe('accepted')
  })

  it('keeps no secret of a session that is over', async () => {
    const fixture = await createSmdpFixture()
    const ok = accepted(await fixture.initiate(fixture.card))
    await fixture.sendAuthentication(ok.transactionId, fixture.card.authenticateServer(ok, { matchingId: 'UNKNOWN' }))
    expect(await fixture.store.findSession(toHex(ok.transactionId).toUpperCase())).toBeUndefined()
  })
})
