import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OWN_SMDP_HOST, ownCertificates, readCertificates } from '../../../src/host/pki/card-pki.ts'
import { checkWebServer, openWebPki } from '../../../src/host/pki/web-pki.ts'
import { SHARED } from '../../paths.ts'

const shared = join(SHARED, 'sgp26')
const context = {
  random: (length: number) => new Uint8Array(randomBytes(length)),
  now: new Date('2026-11-22T20:00:00Z'),
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esim-bench-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe("the bench's own test PKI", () => {
  it.each(['nist', 'brainpool'] as const)('ownCertificates creates the PKI on %s once and then reads it', curve => {
    const made = ownCertificates(folder, curve, context)
    expect(made.dpTls.certificate.dnsNames).toEqual([OWN_SMDP_HOST])
    const again = ownCertificates(folder, curve, context)
    expect(again.euicc.certificate.der).toEqual(made.euicc.certificate.der)
    expect(readdirSync(folder)).toEqual([curve])
  })

  it('two processes that start at once use the PKI that was created first', () => {
    let other: ReturnType<typeof ownCertificates> | undefined
    const random = (length: number): Uint8Array => {
      other ??= ownCertificates(folder, 'nist', context)
      return context.random(length)
    }
    const mine = ownCertificates(folder, 'nist', { ...context, random })
    expect(mine.euicc.certificate.der).toEqual(other!.euicc.certificate.der)
    expect(readdirSync(folder)).toEqual(['nist'])
  })

  it.each([
    ['a missing file', 'DPpb/CERT_S_SM_DPpb_ECDSA_NIST.der', (path: string) => rmSync(path), 'missing'],
    [
      'a file that is no certificate',
      'EUM/CERT_EUM_ECDSA_NIST.der',
      (path: string) => writeFileSync(path, 'x'),
      'EUM/',
    ],
    [
      'a key of another certificate',
      'DPauth/SK_S_SM_DPauth_ECDSA_NIST.pem',
      (path: string) => cpSync(path.replace('DPauth/SK_S_SM_DPauth', 'DPpb/SK_S_SM_DPpb'), path),
      'not the private key',
    ],
  ])('is refused as a folder with %s, which is named', (_name, file, spoil, words) => {
    ownCertificates(folder, 'nist', context)
    spoil(join(folder, 'nist', file))
    expect(() => readCertificates(join(folder, 'nist'), 'nist', context)).toThrow(
      expect.objectContaining({ code: 'certificates', data: expect.objectContaining({ file }) }),
    )
    expect(() => readCertificates(join(folder, 'nist'), 'nist', context)).toThrow(words)
  })

  it('readCertificates refuses a missing folder and an expired certificate', () => {
    expect(() => readCertificates(join(folder, 'none'), 'nist', context)).toThrow(/cannot read the certificate folder/)
    ownCertificates(folder, 'nist', context)
    expect(() =>
      readCertificates(join(folder, 'nist'), 'nist', { ...context, now: new Date('2066-01-01T00:00:00Z') }),
    ).toThrow(expect.objectContaining({ data: expect.objectContaining({ problem: 'expired' }) }))
  })
})

const reason = existsSync(shared) ? '' : ' (skipped: ../shared/sgp26 is not there)'
describe.skipIf(reason !== '')(`the folder of SGP.26${reason}`, () => {
  it.each(['nist', 'brainpool'] as const)(
    'readCertificates reads the folder on %s and issues an expired TLS certificate again',
    curve => {
      expect(readCertificates(shared, curve, context).dpTls.certificate.notAfter.getUTCFullYear()).toBe(2027)
      const later = readCertificates(shared, curve, { ...context, now: new Date('2028-01-01T00:00:00Z') })
      expect(later.dpTls.certificate.notAfter.getUTCFullYear()).toBe(2030)
      expect(later.dpTls.certificate.dnsNames).toEqual(['testsmdpplus1.example.com'])
    },
  )
})

describe('the web PKI', () => {
  it('checkWebServer accepts the certificate for its host name only', () => {
    const pki = openWebPki(folder, context)
    const check = checkWebServer(openWebPki(folder, context).ca, () => context.now)
    const { certificate } = pki.issue('portal.example')
    expect(() => check([certificate.der], 'portal.example')).not.toThrow()
    expect(() => check([certificate.der, pki.ca.der], 'PORTAL.example')).not.toThrow()
    expect(() => check([certificate.der], 'other.example')).toThrow(/for portal\.example, not for other\.example/)
    const stranger = openWebPki(join(folder, 'stranger'), context).issue('portal.example')
    expect(() => check([stranger.certificate.der], 'portal.example')).toThrow()
  })

  it('only the owner can read the key file', () => {
    openWebPki(folder, context)
    expect(readFileSync(join(folder, 'web', 'ca.pem'), 'utf8')).toContain('PRIVATE KEY')
    expect(readdirSync(folder)).toEqual(['web'])
  })
})
