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

describe.each(['P-256', 'brainpoolP256r1'] as const)('TLS trust from the card’s CI list, on %s', curve => {
  const pki = issueTestPki({ ...context, curve, smdpHost: HOST })
  const stranger = issueTestPki({ ...context, curve, smdpHost: HOST })
  const ciPkIds = [pki.ci.certificate.subjectKeyId!]
  const ders = [pki.ci.certificate.der, stranger.ci.certificate.der]
  const trust = rspServerTrust({ ciPkIds, certificates: ders, clock: () => now })
  const dpTls = pki.dpTls.certificate.der

  it('takes the server’s certificate with and without its CI, however often that is repeated', () => {
    expect(() => trust([dpTls], HOST)).not.toThrow()
    expect(() => trust([dpTls, ders[0]!, ders[0]!], HOST)).not.toThrow()
    expect(() => trust([dpTls], HOST.toUpperCase())).not.toThrow()
  })

  it('takes one label for a star, and no more', () => {
    const der = issueTls(pki.ci, { ...context, dnsNames: ['*.example.com'] }).certificate.der
    expect(() => trust([der], HOST)).not.toThrow()
    for (const host of ['example.com', 'a.b.example.com', '.example.com'])
      expect(() => trust([der], host)).toThrow(expect.objectContaining({ code: 'wrong-names' }))
  })

  it('refuses a name that is not in the certificate', () => {
    expect(() => trust([dpTls], 'other.example.com')).toThrow(expect.objectContaining({ code: 'wrong-names' }))
  })

  it('refuses a CI that is at hand and not on the card’s list', () => {
    expect(() => trust([stranger.dpTls.certificate.der], HOST)).toThrow(expect.objectContaining({ code: 'unknown-ci' }))
    const none = rspServerTrust({ ciPkIds: [], certificates: ders, clock: () => now })
    expect(() => none([dpTls], HOST)).toThrow(expect.objectContaining({ code: 'unknown-ci' }))
  })

  it.each(['bad-signature', 'expired', 'not-yet-valid', 'wrong-role', 'wrong-key-usage', 'wrong-names'] as const)(
    'refuses a certificate with %s',
    fault => {
      const { certificate } = issueFaultyCertificate(pki, 'DPtls', fault, context)
      expect(() => trust([certificate.der], HOST)).toThrow(expect.objectContaining({ code: fault }))
    },
  )

  it('refuses an SM-DP+ certificate of another role in the place of the one for TLS', () => {
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

  it('refuses what is no certificate, and nothing at all', () => {
    expect(() => trust([Uint8Array.of(0x30, 0)], HOST)).toThrow(expect.objectContaining({ code: 'malformed' }))
    expect(() => trust([], HOST)).toThrow(expect.objectContaining({ code: 'unknown-ci' }))
  })
})
