import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/asn1/bytes.ts'
import { verifyChain } from '../../../src/rsp/certificates/chain.ts'
import { PkiError } from '../../../src/rsp/certificates/error.ts'
import { issueCertificate } from '../../../src/rsp/certificates/issue.ts'
import { PKI_FILES, type PkiMember, readPkiFolder, writePkiFolder } from '../../../src/rsp/certificates/pki-folder.ts'
import { issueFaultyCertificate, issueTestPki, issueTls, reissueTls } from '../../../src/rsp/certificates/test-pki.ts'
import { seededRandom } from '../seeded-random.ts'

const now = new Date('2026-11-22T12:00:00Z')
const later = new Date('2030-01-01T00:00:00Z')
const pkiOf = (curve: 'P-256' | 'brainpoolP256r1', seed = 'pki') =>
  issueTestPki({ curve, random: seededRandom(seed + curve), now, smdpHost: 'smdp.example.com' })
const members = Object.keys(PKI_FILES) as PkiMember[]

/** The code of the PkiError and the file in it. */
const refusalOf = (work: () => unknown): readonly [string, string] => {
  try {
    work()
  } catch (error) {
    if (error instanceof PkiError) return [error.code, error.file]
    throw error
  }
  return ['accepted', '']
}

describe.each([
  ['P-256', 'NIST'],
  ['brainpoolP256r1', 'BRP'],
] as const)('readPkiFolder on %s', (curve, suffix) => {
  const pki = pkiOf(curve)
  const files = writePkiFolder(pki)
  const nameOf = (member: PkiMember, part: 'certificate' | 'key') => PKI_FILES[member][part].replace('*', suffix)
  const changed = (name: string, bytes?: Uint8Array) => {
    const copy = new Map(files)
    if (bytes) copy.set(name, bytes)
    else copy.delete(name)
    return copy
  }
  const read = (folder = files, at = now) => readPkiFolder(folder, { curve, now: at })

  it('readPkiFolder reads what writePkiFolder wrote', () => {
    expect(files.size).toBe(12)
    const again = read()
    for (const member of members) {
      expect(again[member].certificate).toBe(pki[member].certificate)
      expect(again[member].privateKey?.equals(pki[member].privateKey!)).toBe(true)
    }
  })

  it('a test PKI depends on the seeded random source only, except for the signatures', () => {
    const again = pkiOf(curve)
    for (const member of members)
      expect(toHex(again[member].certificate.toBeSigned)).toBe(toHex(pki[member].certificate.toBeSigned))
    expect(pkiOf(curve, 'other').ci.certificate.serialNumber).not.toBe(pki.ci.certificate.serialNumber)
  })

  it('readPkiFolder reads one of two curves in a folder', () => {
    const other = writePkiFolder(pkiOf(curve === 'P-256' ? 'brainpoolP256r1' : 'P-256'))
    expect(read(new Map([...files, ...other])).curve).toBe(curve)
    expect(refusalOf(() => read(other))).toEqual(['missing-file', nameOf('ci', 'certificate')])
  })

  it.each(['dpAuth', 'dpPb', 'dpTls'] as const)(
    'readPkiFolder rejects a %s certificate that a sub-CA issued and explains why',
    member => {
      const { euicc: subCaKey } = pki
      const at = { notBefore: now, notAfter: later, random: seededRandom('sub-CA') }
      const ci = { certificate: pki.ci.certificate, privateKey: pki.ci.privateKey! }
      const subject = { commonName: 'Test CI sub-CA' }
      const subCa = issueCertificate({ kind: 'CISubCA', issuer: ci, subject, key: subCaKey.privateKey, ...at })
      const { kind } = PKI_FILES[member]
      const certificate = issueCertificate({
        kind,
        issuer: { certificate: subCa, privateKey: subCaKey.privateKey },
        subject: { commonName: 'TEST SM-DP+' },
        key: pki[member].privateKey,
        registeredId: '2.999.10',
        dnsNames: ['smdp.example.com'],
        ...at,
      })
      expect(() => read(changed(nameOf(member, 'certificate'), certificate.der))).toThrow(
        /it was issued by CN=Test CI sub-CA, not by the CI of this folder, .*SGP.22 v2 cannot transmit the certificates of a sub-CA/,
      )
    },
  )

  it.each(members)('readPkiFolder rejects a folder without the certificate of %s and names the file', member => {
    const name = nameOf(member, 'certificate')
    expect(refusalOf(() => read(changed(name)))).toEqual(['missing-file', name])
  })

  it.each(members)(
    'readPkiFolder rejects a folder without the key of %s, unless it is a CA that issues nothing',
    member => {
      const name = nameOf(member, 'key')
      const expected = member === 'ci' || member === 'eum' ? ['accepted', ''] : ['missing-file', name]
      expect(refusalOf(() => read(changed(name)))).toEqual(expected)
    },
  )

  it.each(members)('readPkiFolder rejects a folder in which the key of another member replaces that of %s', member => {
    const name = nameOf(member, 'key')
    const other = nameOf(member === 'dpPb' ? 'dpAuth' : 'dpPb', 'key')
    expect(refusalOf(() => read(changed(name, files.get(other))))).toEqual(['key-mismatch', name])
  })

  it.each(members)('readPkiFolder rejects a folder with invalid bytes for %s', member => {
    for (const part of ['certificate', 'key'] as const) {
      const name = nameOf(member, part)
      for (const garbage of [new Uint8Array(0), new TextEncoder().encode('-----BEGIN EC PRIVATE KEY-----\nAAAA')])
        expect(refusalOf(() => read(changed(name, garbage)))).toEqual(['unreadable-file', name])
    }
  })

  it('readPkiFolder rejects a folder with certificates of another PKI', () => {
    const foreign = writePkiFolder(pkiOf(curve, 'foreign'))
    for (const member of members.filter(member => member !== 'ci')) {
      const copy = new Map(files)
      for (const part of ['certificate', 'key'] as const)
        copy.set(nameOf(member, part), foreign.get(nameOf(member, part))!)
      const blamed = member === 'eum' ? 'eum' : member
      expect(refusalOf(() => read(copy))).toEqual(['bad-certificate', nameOf(blamed, 'certificate')])
    }
  })

  it('readPkiFolder rejects a folder with a key or a certificate on the other curve', () => {
    const other = writePkiFolder(pkiOf(curve === 'P-256' ? 'brainpoolP256r1' : 'P-256'))
    const swap = suffix === 'NIST' ? 'BRP' : 'NIST'
    const name = nameOf('dpAuth', 'certificate')
    const bytes = other.get(PKI_FILES.dpAuth.certificate.replace('*', swap))!
    expect(refusalOf(() => read(changed(name, bytes)))).toEqual(['wrong-curve', name])
  })

  it('readPkiFolder rejects a folder with an expired certificate', () => {
    const faulty = issueFaultyCertificate(pki, 'DPpb', 'expired', { random: seededRandom('old'), now })
    const folder = writePkiFolder({ ...pki, dpPb: faulty })
    expect(refusalOf(() => read(folder))).toEqual(['expired', nameOf('dpPb', 'certificate')])
    expect(refusalOf(() => read(files, later))).toEqual(['expired', nameOf('dpTls', 'certificate')])
  })

  it('readPkiFolder re-issues an expired TLS certificate for the same key and name if the CI key is available', () => {
    const options = { curve, now: later, reissueTls: reissueTls({ random: seededRandom('again'), now: later }) }
    const again = readPkiFolder(files, options)
    expect(again.dpTls.privateKey.equals(pki.dpTls.privateKey)).toBe(true)
    expect(again.dpTls.certificate.dnsNames).toEqual(['smdp.example.com'])
    expect(again.dpTls.certificate.notAfter > later).toBe(true)
    const chain = [again.dpTls.certificate]
    expect(verifyChain({ kind: 'DPtls', chain, trustAnchors: [pki.ci.certificate], now: later })).toBe(
      pki.ci.certificate,
    )
    const keyless = changed(nameOf('ci', 'key'))
    expect(refusalOf(() => readPkiFolder(keyless, options))).toEqual(['expired', nameOf('dpTls', 'certificate')])
  })

  it('issueTls issues certificates for further TLS servers under the CI', () => {
    const { certificate } = issueTls(pki.ci, { random: seededRandom('tls'), now, dnsNames: ['a.example', 'b.example'] })
    expect(certificate.dnsNames).toEqual(['a.example', 'b.example'])
    expect(() =>
      issueTls({ ...pki.ci, privateKey: undefined }, { random: seededRandom('x'), now, dnsNames: [] }),
    ).toThrow(RangeError)
  })
})
