import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseCertificate } from '../../../src/rsp/certificates/certificate.ts'
import { verifyChain } from '../../../src/rsp/certificates/chain.ts'
import { CertificateError } from '../../../src/rsp/certificates/error.ts'
import { type Pki, readPkiFolder } from '../../../src/rsp/certificates/pki-folder.ts'
import { reissueTls } from '../../../src/rsp/certificates/test-pki.ts'
import { SHARED } from '../../paths.ts'
import { seededRandom } from '../seeded-random.ts'

/** The public test certificates of SGP.26. GSMA owns them, so this repository does not contain them. */
const folder = join(SHARED, 'sgp26')
const here = existsSync(folder)
const why = here ? '' : ' (skipped: ../shared/sgp26 is not on this machine)'
const files = new Map(
  (here ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [])
    .filter(entry => entry.isFile())
    .map(entry => [join(entry.parentPath, entry.name), entry] as const)
    .map(
      ([path]) => [path.slice(folder.length + 1).replaceAll('\\', '/'), new Uint8Array(readFileSync(path))] as const,
    ),
)
const now = new Date('2026-11-22T12:00:00Z')
const parse = (name: string) => parseCertificate(files.get(name)!)
const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof CertificateError) return error.code
    throw error
  }
  return 'accepted'
}

describe.skipIf(!here)(`the certificates of SGP.26${why}`, () => {
  it.each(['P-256', 'brainpoolP256r1'] as const)('readPkiFolder reads the SGP.26 folder (%s)', curve => {
    const pki = readPkiFolder(files, { curve, now })
    expect(pki.euicc.certificate.eid).toBe('89049032123451234512345678901235')
    expect(pki.dpTls.certificate.dnsNames).toEqual(['testsmdpplus1.example.com'])
    expect(pki.ci.privateKey).toBeDefined()
  })

  it.each(['P-256', 'brainpoolP256r1'] as const)(
    'readPkiFolder re-issues the expired TLS certificate of SGP.26 (%s)',
    curve => {
      const spring = new Date('2027-03-01T00:00:00Z')
      expect(() => readPkiFolder(files, { curve, now: spring })).toThrow(expect.objectContaining({ code: 'expired' }))
      const pki: Pki = readPkiFolder(files, {
        curve,
        now: spring,
        reissueTls: reissueTls({ random: seededRandom('tls'), now: spring }),
      })
      expect(pki.dpTls.certificate.dnsNames).toEqual(['testsmdpplus1.example.com'])
      expect(pki.dpTls.certificate.registeredId).toBe('2.999.10')
      expect(pki.dpTls.certificate.notAfter > spring).toBe(true)
    },
  )

  it.each(['NIST', 'BRP'])('verifyChain accepts the certificates of the second SM-DP+ (%s)', suffix => {
    const trustAnchors = [parse(`CertificateIssuer/CERT_CI_ECDSA_${suffix}.der`)]
    for (const kind of ['DPauth', 'DPpb'] as const) {
      const chain = [parse(`${kind}/CERT_S_SM_${kind.replace('DP', 'DP2')}_ECDSA_${suffix}.der`)]
      expect(verifyChain({ kind, chain, trustAnchors, now })).toBe(trustAnchors[0])
    }
  })

  it.each([
    ['CERT_EUICC_ECDSA_NIST_EXPIRED.der', 'eUICC', 'expired'],
    ['CERT_EUICC_ECDSA_NIST_INVALID.der', 'eUICC', 'wrong-issuer'],
    ['CERT_EUICC_ECDSA_NIST_INVALID_EID.der', 'eUICC', 'eid-not-permitted'],
    ['CERT_EUICC_ECDSA_NIST_UNMATCHED_EID.der', 'eUICC', 'eid-mismatch'],
    ['CERT_EUM_ECDSA_NIST_EXPIRED.der', 'EUM', 'expired'],
    ['CERT_EUM_ECDSA_NIST_INVALID.der', 'EUM', 'wrong-issuer'],
    ['CERT_EUM_ECDSA_NIST_UNKNOWN_CI.der', 'EUM', 'unknown-ci'],
    ['CERT_UNKNOWN_CI_ECDSA_NIST.der', 'EUM', 'wrong-issuer'],
  ] as const)('verifyChain rejects the faulty certificate %s as %s: %s', (file, kind, code) => {
    const trustAnchors = [parse('CertificateIssuer/CERT_CI_ECDSA_NIST.der')]
    const faulty = parse(`InvalidTestCases/${file}`)
    const chain = kind === 'eUICC' ? [faulty, parse('EUM/CERT_EUM_ECDSA_NIST.der')] : [faulty]
    const eid = '89049032123451234512345678901235'
    expect(codeOf(() => verifyChain({ kind, chain, trustAnchors, now, eid }))).toBe(code)
  })

  it('verifyChain rejects an EUM of SGP.26 with the unknown CI', () => {
    const trustAnchors = [parse('CertificateIssuer/CERT_CI_ECDSA_NIST.der')]
    const chain = [
      parse('InvalidTestCases/CERT_EUM_ECDSA_NIST_UNKNOWN_CI.der'),
      parse('InvalidTestCases/CERT_UNKNOWN_CI_ECDSA_NIST.der'),
    ]
    expect(codeOf(() => verifyChain({ kind: 'EUM', chain, trustAnchors, now }))).toBe('unknown-ci')
  })

  it.each(['EUM', 'eUICC', 'DPauth', 'DPpb', 'DPtls'] as const)(
    'verifyChain rejects an SGP.26 certificate with any byte changed (%s)',
    kind => {
      for (const suffix of ['NIST', 'BRP']) {
        const trustAnchors = [parse(`CertificateIssuer/CERT_CI_ECDSA_${suffix}.der`)]
        const name = [...files.keys()].find(
          file => file.startsWith(`${kind}/CERT`) && file.endsWith(`${suffix}.der`) && !file.includes('DP2'),
        )!
        const der = files.get(name)!
        for (let at = 0; at < der.length; at++) {
          const changed = der.slice()
          changed[at]! ^= 1 << (at % 8)
          const code = codeOf(() => {
            const chain = [parseCertificate(changed)]
            if (kind === 'eUICC') chain.push(parse(`EUM/CERT_EUM_ECDSA_${suffix}.der`))
            verifyChain({ kind, chain, trustAnchors, now })
          })
          expect(code, `${name}, byte ${at}`).not.toBe('accepted')
        }
      }
    },
  )
})
