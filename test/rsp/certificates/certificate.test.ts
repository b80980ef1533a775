import { X509Certificate } from 'node:crypto'
import { Certificate } from 'pkijs'
import { describe, expect, it } from 'vitest'
import { concat, toHex } from '../../../src/asn1/bytes.ts'
import { parseCertificate, type RspCertificate } from '../../../src/rsp/certificates/certificate.ts'
import { CertificateError } from '../../../src/rsp/certificates/error.ts'
import { issueCertificate } from '../../../src/rsp/certificates/issue.ts'
import { issueTestPki, TEST_EID } from '../../../src/rsp/certificates/test-pki.ts'
import { seededRandom } from '../seeded-random.ts'

const now = new Date('2026-11-22T00:00:00Z')
const PKIS = (['P-256', 'brainpoolP256r1'] as const).map(curve =>
  issueTestPki({ curve, random: seededRandom(curve), now, smdpHost: 'smdp.example.com' }),
)
const members = PKIS.flatMap(pki =>
  (['ci', 'eum', 'euicc', 'dpAuth', 'dpPb', 'dpTls'] as const).map(
    member => [`${pki.curve} ${member}`, pki[member].certificate] as const,
  ),
)
const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof CertificateError) return error.code
    throw error
  }
  return 'nothing was thrown'
}

describe('parseCertificate', () => {
  it.each(members)('parseCertificate reads %s as pkijs does', (_name, certificate) => {
    const foreign = Certificate.fromBER(new Uint8Array(certificate.der))
    expect(certificate.notBefore).toEqual(foreign.notBefore.value)
    expect(certificate.notAfter).toEqual(foreign.notAfter.value)
    expect(certificate.serialNumber).toBe(toHex(foreign.serialNumber.valueBlock.valueHexView))
    expect(certificate.subject.split(', ').map(part => part.split('=')[1])).toEqual(
      foreign.subject.typesAndValues.map(({ value }) => value.valueBlock.value),
    )
    expect(toHex(certificate.toBeSigned)).toBe(toHex(new Uint8Array(foreign.tbsView)))
  })

  it.each(members)('parseCertificate reads %s as OpenSSL does', (_name, certificate) => {
    const foreign = new X509Certificate(certificate.der)
    expect(certificate.isCa).toBe(foreign.ca)
    expect(new Date(foreign.validTo)).toEqual(certificate.notAfter)
    expect(foreign.serialNumber.toLowerCase()).toBe(certificate.serialNumber)
    // OpenSSL escapes what RFC 2253 escapes.
    expect(foreign.subject.split('\n').join(', ').replaceAll('\\', '')).toBe(certificate.subject)
    expect(foreign.subjectAltName?.includes('DNS:smdp.example.com') ?? false).toBe(certificate.dnsNames.length > 0)
  })

  it.each(PKIS.map(pki => [pki.curve, pki] as const))(
    'OpenSSL verifies a certificate of our PKI with its issuer (%s)',
    (_curve, pki) => {
      const issuedBy = (certificate: RspCertificate, issuer: RspCertificate) =>
        new X509Certificate(certificate.der).verify(issuer.publicKey)
      expect(issuedBy(pki.euicc.certificate, pki.eum.certificate)).toBe(true)
      expect(issuedBy(pki.eum.certificate, pki.ci.certificate)).toBe(true)
      expect(issuedBy(pki.ci.certificate, pki.ci.certificate)).toBe(true)
      expect(issuedBy(pki.dpTls.certificate, pki.eum.certificate)).toBe(false)
    },
  )

  it('parseCertificate returns the fields of SGP.22', () => {
    const { eum, euicc, dpTls, ci } = PKIS[0]!
    expect(euicc.certificate).toMatchObject({ eid: TEST_EID, keyUsage: ['digitalSignature'], isCa: false })
    expect(eum.certificate).toMatchObject({
      isCa: true,
      pathLength: 0,
      permittedEids: [{ prefix: '89049032', organization: 'RSP Test EUM' }],
      crlUrls: ['http://ci.test.example.com/CRL-A.crl'],
      registeredId: '2.999.5',
    })
    expect(dpTls.certificate).toMatchObject({
      dnsNames: ['smdp.example.com'],
      registeredId: '2.999.10',
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
    })
    expect(ci.certificate).toMatchObject({ keyUsage: ['keyCertSign', 'cRLSign'], authorityKeyId: undefined })
    expect(dpTls.certificate.authorityKeyId).toEqual(ci.certificate.subjectKeyId)
  })

  it('parseCertificate does not cache a certificate above the size limit', () => {
    const { ci } = PKIS[0]!
    const long = (length: number) =>
      issueCertificate({
        kind: 'EUM',
        key: ci.privateKey!,
        random: seededRandom('long'),
        subject: { commonName: 'EUM' },
        notBefore: now,
        notAfter: now,
        crlUrl: `http://${'x'.repeat(length)}.example.com`,
      }).der
    const isKept = (der: Uint8Array) => {
      const [first, second] = [parseCertificate(der), parseCertificate(der)]
      return first === second
    }
    expect([isKept(long(100)), isKept(long(100_000))]).toEqual([true, false])
  })

  it('parseCertificate returns the same object for equal bytes, which it copies', () => {
    const der = new Uint8Array(PKIS[0]!.euicc.certificate.der)
    const certificate = parseCertificate(der)
    expect(certificate).toBe(PKIS[0]!.euicc.certificate)
    der.fill(0)
    expect(certificate.der[0]).toBe(0x30)
  })

  it('parseCertificate rejects a certificate that is truncated or has a byte after it as malformed', () => {
    const { der } = PKIS[0]!.euicc.certificate
    for (let length = 0; length < der.length; length++)
      expect(codeOf(() => parseCertificate(der.subarray(0, length)))).toBe('malformed')
    expect(codeOf(() => parseCertificate(concat(der, Uint8Array.of(0))))).toBe('malformed')
  })
})
