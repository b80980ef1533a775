import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseCertificate } from '../../../src/rsp/certificates/certificate.ts'
import { readPkiFolder } from '../../../src/rsp/certificates/pki-folder.ts'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import { SHARED } from '../../paths.ts'
import { createCardRole } from './es9p/card-role.ts'
import { createSmdpFixture, MATCHING_ID, refused, START } from './smdp-fixture.ts'

// The certificates and keys of GSMA SGP.26 are not ours to keep; they are found beside the repository.
const folder = join(SHARED, 'sgp26')
const missing = !existsSync(folder)
const why = missing ? ' (skipped: ../shared/sgp26 is not on this machine)' : ''

const readFolder = (): Map<string, Uint8Array> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => {
        const path = join(entry.parentPath, entry.name)
        return [relative(folder, path), new Uint8Array(readFileSync(path))]
      }),
  )
const pkiOf = (curve: CurveName) => readPkiFolder(readFolder(), { curve, now: START })

describe.skipIf(missing)(`cards of SGP.26${why}`, () => {
  it('of both curves are served by one server', async () => {
    const [nist, brainpool] = [pkiOf('P-256'), pkiOf('brainpoolP256r1')]
    const fixture = await createSmdpFixture({ credentials: [nist, brainpool] })
    await fixture.order()
    expect(refused(await fixture.authenticate(createCardRole(nist)))).toBe('accepted')
    expect(refused(await fixture.authenticate(createCardRole(brainpool)))).toBe('accepted')
  })

  it.each([
    ['8.1.3/6.3', 'CERT_EUICC_ECDSA_NIST_EXPIRED'],
    ['8.1.3/6.1', 'CERT_EUICC_ECDSA_NIST_INVALID'],
    ['8.1.3/6.1', 'CERT_EUICC_ECDSA_NIST_INVALID_EID'],
    ['8.1.1/3.8', 'CERT_EUICC_ECDSA_NIST_UNMATCHED_EID'],
    ['8.1.2/6.3', 'CERT_EUM_ECDSA_NIST_EXPIRED'],
    ['8.1.2/6.1', 'CERT_EUM_ECDSA_NIST_INVALID'],
    ['8.11.1/3.9', 'CERT_EUM_ECDSA_NIST_UNKNOWN_CI'],
  ])('%s: %s', async (pair, name) => {
    const nist = pkiOf('P-256')
    const fixture = await createSmdpFixture({ credentials: [nist] })
    const card = createCardRole(nist)
    await fixture.order({ eid: card.eid })
    const der = readFolder().get(`InvalidTestCases/${name}.der`)!
    // All faulty eUICC certificates are over the one test key.
    const faulty = name.includes('_EUM_')
      ? { eum: der }
      : { euicc: { certificate: parseCertificate(der), privateKey: nist.euicc.privateKey } }
    expect(refused(await fixture.authenticate(card, { matchingId: MATCHING_ID, ...faulty }))).toBe(pair)
    expect(refused(await fixture.authenticate(card))).toBe('accepted')
  })
})
