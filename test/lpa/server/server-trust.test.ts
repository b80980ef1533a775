import { describe, expect, it } from 'vitest'
import { rspServerTrust } from '../../../src/lpa/server/server-trust.ts'
import { issueCertificate } from '../../../src/rsp/certificates/issue.ts'
import { issueFaultyCertificate, issueTestPki, issueTls } from '../../../src/rsp/certificates/test-pki.ts'

const HOST = 'smdp.example.com'
const now = new Date('2026-11-22T00:00:00Z')
let seededRandom = 1
const random = (length: number): Uint8Array =>
  Uint8Array.from({ length }, () => {
    seededRandom = (seededRandom * 48271) % 0x7fffffff
    return seededRandom & 0xff
  })
const context = { random, now }

describe.each(['P-256', 'brainpoolP256r1'] as const)('TLS trust by the CI list of the card on %s', curve => {
  const pki = issueTestPki({ ...context, curve, smdpHost: HOST })
  const stranger = issueTestPki({ ...context, curve, smdpHost: HOST })
  const ciPkIds = [pki.ci.certificate.subjectKeyId!]
  const ders = [pki.ci.certificate.der, stranger.ci.certificate.der]
  const trust = rspServerTrust({ ciPkIds, certificates: ders, clock: () => now })
  const dpTls = pki.dpTls.certificate.der

  it('A server certificate is accepted with and without its CI certificate', () => {
    expect(() => trust([dpTls], HOST)).not.toThrow()
    expect(() => trust([dpTls, ders[0]!, ders[0]!], HOST)).not.toThrow()
    expect(() => trust([dpTls], HOST.toUpperCase())).not.toThrow()
  })

  it('A wildcard matches one label only', () => {
    const der = issueTls(pki.ci, { ...context, dnsNames: ['*.example.com'] }).certificate.der
    expect(() => trust([der], HOST)).not.toThrow()
    for (const host of ['example.com', 'a.b.example.com', '.example.com'])
      expect(() => trust([der], host)).toThrow(expect.objectContaining({ code: 'wrong-names' }))
  })

  it('A host that is not in the certificate is rejected', () => {
    expect(() => trust([dpTls], 'other.example.com')).toThrow(expect.objectContaining({ code: 'wrong-names' }))
  })

  it('A known CI that the card does not list is rejected', () => {
    expect(() => trust([stranger.dpTls.certificate.der], HOST)).toThrow(expect.objectContaining({ code: 'unknown-ci' }))
    const none = rspServerTrust({ ciPkIds: [], certificates: ders, clock: () => now })
    expect(() => none([dpTls], HOST)).toThrow(expect.objectContaining({ code: 'unknown-ci' }))
  })

  it.each(['bad-signature', 'expired', 'not-yet-valid', 'wrong-role', 'wrong-key-usage', 'wrong-names'] as const)(
    'A certificate with %s is rejected',
    fault => {
      const { certificate } = issueFaultyCertificate(pki, 'DPtls', fault, context)
      expect(() => trust([certificate.der], HOST)).toThrow(expect.objectContaining({ code: fault }))
    },
  )

  it('An SM-DP+ certificate of another role is rejected for TLS', () => {
    const { privateKey } = pki.dpAuth
    const certificate = issueCertificate({
      kind: 'DPauth',
      subject: { commonName: HOST },
      key: privateKey,
      issuer: { certificate: pki.ci.certificate, privateKey: pki.ci.privateKey! },
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      random,
      registeredId: '2.999.10',
      dnsNames: [HOST],
    })
    expect(() => trust([certificate.der], HOST)).toThrow(expect.objectContaining({ code: 'wrong-role' }))
  })

  it('Invalid data and a missing certificate are rejected', () => {
    expect(() => trust([Uint8Array.of(0x30, 0)], HOST)).toThrow(expect.objectContaining({ code: 'malformed' }))
    expect(() => trust([], HOST)).toThrow(expect.objectContaining({ code: 'unknown-ci' }))
  })
})
