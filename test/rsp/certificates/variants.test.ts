import { describe, expect, it } from 'vitest'
import { verifyChain } from '../../../src/rsp/certificates/chain.ts'
import { issueCrl } from '../../../src/rsp/certificates/issue.ts'
import { completeEid, issueTestPki, TEST_EID } from '../../../src/rsp/certificates/test-pki.ts'
import { seededRandom } from '../seeded-random.ts'
import { issueVariant, type Variant, type VariantFaults } from './variants.ts'

const now = new Date('2026-11-01T12:00:00Z')
const pki = issueTestPki({ curve: 'P-256', smdpHost: 'smdp.example.com', random: seededRandom('variants'), now })
const trustAnchors = [pki.ci.certificate]

const check = (variant: Variant, faults: VariantFaults = {}): string => {
  const { euicc, above } = issueVariant(pki, variant, now, faults)
  try {
    verifyChain({ kind: 'eUICC', chain: [euicc.certificate, ...above], trustAnchors, now })
    return 'accepted'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('verifyChain for the chain variants of an eUICC (SGP.22 v3 §4.5.2.1)', () => {
  it.each([
    ['O', 1],
    ['Ov3', 1],
    ['A', 2],
    ['B', 2],
    ['C', 3],
  ] as const)('verifyChain accepts variant %s with %i certificates above the eUICC', (variant, length) => {
    expect(issueVariant(pki, variant, now).above).toHaveLength(length)
    expect(check(variant)).toBe('accepted')
  })

  it.each([
    ['Ov3', 'an EID outside the permitted EINs', { permittedEins: ['89049033'] }, 'eid-not-permitted'],
    ['Ov3', 'no EIN at all', { permittedEins: [] }, 'eid-not-permitted'],
    ['A', 'an EID outside what the sub-CA narrowed', { subCaEins: ['8904903299'] }, 'eid-not-permitted'],
    ['A', 'an EUM that may have no sub-CA', { eumPathLength: 0 }, 'not-a-ca'],
    ['A', 'an expired sub-CA of the EUM', { expired: 'EUMSubCA' }, 'expired'],
    ['C', 'an expired EUM', { expired: 'EUM' }, 'expired'],
    ['B', 'an expired sub-CA of the CI', { expired: 'CISubCA' }, 'expired'],
    ['A', 'a sub-CA of another role', { wrongRole: 'EUMSubCA' }, 'wrong-role'],
    ['Ov3', 'an EUM of another role', { wrongRole: 'EUM' }, 'wrong-role'],
    ['B', 'a sub-CA of the CI of another role', { wrongRole: 'CISubCA' }, 'chain-too-long'],
    ['C', 'an eUICC of another role', { wrongRole: 'eUICC' }, 'wrong-role'],
  ] as const)('verifyChain rejects variant %s with %s', (variant, _, faults, code) => {
    expect(check(variant, faults)).toBe(code)
  })

  it('verifyChain accepts each EID that all restrictions permit', () => {
    const eid = completeEid('890490329900000000000000000001')
    expect(check('C', { eid, permittedEins: ['1234', '89049032'], subCaEins: ['8904903299'] })).toBe('accepted')
    expect(check('C', { eid: TEST_EID, subCaEins: ['8904903299'] })).toBe('eid-not-permitted')
  })

  it.each(['A', 'B', 'C'] as const)('verifyChain rejects variant %s without one of its certificates', variant => {
    const { euicc, above } = issueVariant(pki, variant, now)
    for (const left of above) {
      const chain = [euicc.certificate, ...above.filter(certificate => certificate !== left)]
      expect(() => verifyChain({ kind: 'eUICC', chain, trustAnchors, now })).toThrow(
        expect.objectContaining({ name: 'CertificateError' }),
      )
    }
  })

  it('verifyChain rejects variant B with a sub-CA on the CRL of the CI', () => {
    const { euicc, above } = issueVariant(pki, 'B', now)
    const crl = issueCrl({
      issuer: { certificate: pki.ci.certificate, privateKey: pki.ci.privateKey! },
      revoked: [above[1]!.serialNumber],
      thisUpdate: now,
      nextUpdate: new Date('2027-01-01T00:00:00Z'),
    })
    const chain = [euicc.certificate, ...above]
    expect(() => verifyChain({ kind: 'eUICC', chain, trustAnchors, now, crls: [crl] })).toThrow(
      expect.objectContaining({ code: 'revoked' }),
    )
  })

  it('verifyChain rejects a sub-CA in the chain of a server', () => {
    const { above } = issueVariant(pki, 'B', now)
    expect(() =>
      verifyChain({ kind: 'DPauth', chain: [pki.dpAuth.certificate, above[1]!], trustAnchors, now }),
    ).toThrow(expect.objectContaining({ name: 'CertificateError' }))
  })
})
