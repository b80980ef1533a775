import { describe, expect, it } from 'vitest'
import { parseCertificate, type RspCertificate } from '../../../src/rsp/certificates/certificate.ts'
import { checkCi, verifyChain } from '../../../src/rsp/certificates/chain.ts'
import { isCrlSignedBy, parseCrl } from '../../../src/rsp/certificates/crl.ts'
import { CertificateError } from '../../../src/rsp/certificates/error.ts'
import { issueCrl } from '../../../src/rsp/certificates/issue.ts'
import { CERTIFICATE_KINDS, type CertificateKind } from '../../../src/rsp/certificates/kinds.ts'
import type { Pki } from '../../../src/rsp/certificates/pki-folder.ts'
import {
  type CertificateFault,
  completeEid,
  issueEuicc,
  issueFaultyCertificate,
  issueTestPki,
  TEST_EID,
} from '../../../src/rsp/certificates/test-pki.ts'
import { seededRandom } from '../seeded-random.ts'

const now = new Date('2026-11-22T12:00:00Z')
const year = (n: number) => new Date(Date.UTC(n, 0, 1))
const pkiOf = (curve: Pki['curve'], seed = 'pki') =>
  issueTestPki({ curve, random: seededRandom(seed + curve), now, smdpHost: 'smdp.example.com' })
const PKIS = (['P-256', 'brainpoolP256r1'] as const).map(curve => [curve, pkiOf(curve)] as const)
const MEMBER = { EUM: 'eum', eUICC: 'euicc', DPauth: 'dpAuth', DPpb: 'dpPb', DPtls: 'dpTls' } as const
const KINDS_AT_HAND = Object.keys(MEMBER) as (keyof typeof MEMBER)[]

const chainOf = (kind: CertificateKind, certificate: RspCertificate, pki: Pki) =>
  CERTIFICATE_KINDS[kind].issuer === 'EUM' ? [certificate, pki.eum.certificate] : [certificate]
const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof CertificateError) return error.code
    throw error
  }
  return 'accepted'
}

describe.each(PKIS)('verifyChain on %s', (_curve, pki) => {
  const trustAnchors = [pki.ci.certificate]
  const check = (kind: CertificateKind, chain: readonly RspCertificate[], more = {}) =>
    codeOf(() => verifyChain({ kind, chain, trustAnchors, now, ...more }))

  it.each(KINDS_AT_HAND)('verifyChain accepts a chain for %s and returns the CI', kind => {
    const chain = chainOf(kind, pki[MEMBER[kind]].certificate, pki)
    expect(verifyChain({ kind, chain, trustAnchors, now })).toBe(pki.ci.certificate)
    expect(check(kind, [...chain, pki.ci.certificate])).toBe('accepted')
  })

  it.each(KINDS_AT_HAND)('verifyChain accepts a chain of %s for no other kind', kind => {
    for (const other of KINDS_AT_HAND.filter(other => other !== kind))
      expect(check(other, chainOf(other, pki[MEMBER[kind]].certificate, pki)), other).not.toBe('accepted')
  })

  const FAULTS: CertificateFault[] = [
    'bad-signature',
    'expired',
    'not-yet-valid',
    'wrong-role',
    'wrong-key-usage',
    'wrong-names',
    'unknown-critical-extension',
  ]
  const cases = [
    ...KINDS_AT_HAND.flatMap(kind => FAULTS.map(fault => [kind, fault] as const)),
    ...KINDS_AT_HAND.filter(kind => kind !== 'eUICC').map(kind => [kind, 'unknown-ci'] as const),
    ['eUICC', 'eid-not-permitted'] as const,
  ]
  it.each(cases)('verifyChain rejects a chain of %s with one fault: %s', (kind, fault) => {
    const { certificate } = issueFaultyCertificate(pki, kind, fault, { random: seededRandom(kind + fault), now })
    expect(check(kind, chainOf(kind, certificate, pki))).toBe(fault)
  })

  it.each(KINDS_AT_HAND)('verifyChain rejects a chain of %s with any byte changed', kind => {
    const { der } = pki[MEMBER[kind]].certificate
    for (let at = 0; at < der.length; at++) {
      const changed = new Uint8Array(der)
      changed[at]! ^= 1 << (at % 8)
      const code = codeOf(() =>
        verifyChain({ kind, chain: chainOf(kind, parseCertificate(changed), pki), trustAnchors, now }),
      )
      expect(code, `byte ${at}`).not.toBe('accepted')
    }
  })

  it('verifyChain rejects a chain of an eUICC with another EID than expected', () => {
    const chain = [pki.euicc.certificate, pki.eum.certificate]
    expect(check('eUICC', chain, { eid: TEST_EID })).toBe('accepted')
    expect(check('eUICC', chain, { eid: completeEid('890490320000000000000000000001') })).toBe('eid-mismatch')
  })

  it('verifyChain accepts the chain of each eUICC of an EUM', () => {
    const eid = completeEid('890490320000000000000000000001')
    const { certificate } = issueEuicc(pki.eum, { eid, random: seededRandom('more'), now })
    expect(check('eUICC', [certificate, pki.eum.certificate], { eid })).toBe('accepted')
  })

  it.each([
    ['empty', () => [], 'unknown-ci'],
    ['without the EUM', () => [pki.euicc.certificate], 'chain-too-long'],
    ['in the wrong order', () => [pki.eum.certificate, pki.euicc.certificate], 'wrong-issuer'],
    ['with a server between', () => [pki.euicc.certificate, pki.dpAuth.certificate], 'wrong-issuer'],
    ['with the EUM twice', () => [pki.euicc.certificate, pki.eum.certificate, pki.eum.certificate], 'chain-too-long'],
    [
      'that ends at a foreign CI',
      () => [pki.euicc.certificate, pki.eum.certificate, foreign.ci.certificate],
      'unknown-ci',
    ],
  ])('verifyChain rejects a chain that is %s', (_name, chain, code) => {
    expect(check('eUICC', chain())).toBe(code)
  })
  const foreign = pkiOf(pki.curve, 'foreign')

  it('verifyChain rejects a chain of a foreign CI with the same name', () => {
    expect(check('DPauth', [foreign.dpAuth.certificate])).toBe('unknown-ci')
    expect(check('eUICC', [pki.euicc.certificate, foreign.eum.certificate])).toBe('wrong-issuer')
  })

  it('verifyChain rejects a chain before and after its validity', () => {
    expect(check('DPauth', [pki.dpAuth.certificate], { now: year(2020) })).toBe('not-yet-valid')
    expect(check('DPauth', [pki.dpAuth.certificate], { now: year(2050) })).toBe('expired')
    expect(check('eUICC', [pki.euicc.certificate, pki.eum.certificate], { now: year(2100) })).toBe('expired')
  })

  it('verifyChain rejects a chain with a certificate that its CI revoked', () => {
    const list = (revoked: readonly string[], issuer = pki) =>
      issueCrl({
        issuer: { certificate: issuer.ci.certificate, privateKey: issuer.ci.privateKey! },
        revoked,
        thisUpdate: year(2026),
        nextUpdate: year(2027),
      })
    const { serialNumber } = pki.dpAuth.certificate
    const dpAuth = [pki.dpAuth.certificate]
    expect(check('DPauth', dpAuth, { crls: [list([serialNumber])] })).toBe('revoked')
    expect(check('DPauth', dpAuth, { crls: [list([]), list(['01'])] })).toBe('accepted')
    expect(check('DPauth', dpAuth, { crls: [list([serialNumber], foreign)] })).toBe('accepted')
    expect(
      check('eUICC', [pki.euicc.certificate, pki.eum.certificate], {
        crls: [list([pki.eum.certificate.serialNumber])],
      }),
    ).toBe('revoked')
  })

  it('verifyChain rejects a chain that is longer than its CI allows', () => {
    const ci = { ...pki.ci.certificate, pathLength: 0 }
    expect(check('DPauth', [pki.dpAuth.certificate], { trustAnchors: [ci] })).toBe('accepted')
    expect(check('eUICC', [pki.euicc.certificate, pki.eum.certificate], { trustAnchors: [ci] })).toBe('not-a-ca')
  })

  it('verifyChain requires the properties of a CI from the CI certificate', () => {
    expect(codeOf(() => checkCi(pki.ci.certificate, now))).toBe('accepted')
    expect(codeOf(() => checkCi(pki.ci.certificate, year(2090)))).toBe('expired')
    expect(codeOf(() => checkCi(pki.ci.certificate, year(2000)))).toBe('not-yet-valid')
    expect(codeOf(() => checkCi(pki.eum.certificate, now))).toBe('bad-signature')
  })
})

describe.each(PKIS)('parseCrl on %s', (_curve, pki) => {
  const issuer = { certificate: pki.ci.certificate, privateKey: pki.ci.privateKey! }
  const crl = issueCrl({
    issuer,
    revoked: ['0a0b', '7f00'],
    thisUpdate: year(2026),
    nextUpdate: year(2051),
    number: 300,
    part: { number: 2, total: 3 },
  })

  it('parseCrl returns the part number and the total', () => {
    expect(crl).toMatchObject({
      issuer: pki.ci.certificate.subject,
      thisUpdate: year(2026),
      nextUpdate: year(2051),
      number: '012c',
      part: { number: 2, total: 3 },
    })
    expect([...crl.revoked]).toEqual(['0a0b', '7f00'])
    expect(isCrlSignedBy(crl, pki.ci.certificate)).toBe(true)
    expect(isCrlSignedBy(crl, pki.eum.certificate)).toBe(false)
  })

  it('isCrlSignedBy rejects an issuer whose key usage excludes CRL signing', () => {
    const issuer = { certificate: pki.eum.certificate, privateKey: pki.eum.privateKey! }
    const byEum = issueCrl({ issuer, revoked: [], thisUpdate: year(2026), nextUpdate: year(2027) })
    expect(pki.eum.certificate.keyUsage).not.toContain('cRLSign')
    expect(isCrlSignedBy(byEum, pki.eum.certificate)).toBe(false)
  })

  it('verifyChain ignores a CRL with any byte changed', () => {
    for (let at = 0; at < crl.der.length; at++) {
      const changed = new Uint8Array(crl.der)
      changed[at]! ^= 1 << (at % 8)
      const code = codeOf(() => expect(isCrlSignedBy(parseCrl(changed), pki.ci.certificate), `byte ${at}`).toBe(false))
      expect(code).toMatch(/^(accepted|malformed|unknown-critical-extension)$/)
    }
  })

  it('parseCrl rejects other content', () => {
    expect(codeOf(() => parseCrl(new Uint8Array(0)))).toBe('malformed')
    expect(codeOf(() => parseCrl(pki.ci.certificate.der))).toBe('malformed')
    expect(codeOf(() => parseCertificate(crl.der))).toBe('malformed')
  })
})
