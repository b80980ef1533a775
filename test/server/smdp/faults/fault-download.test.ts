import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createEuicc } from '../../../../src/euicc/euicc.ts'
import { createDefaultIdentity } from '../../../../src/euicc/state/identity.ts'
import { createMemory } from '../../../../src/euicc/state/memory.ts'
import { toDeviceInfo } from '../../../../src/lpa/card/device-info.ts'
import { withIsdr } from '../../../../src/lpa/card/isdr.ts'
import { listProfiles } from '../../../../src/lpa/card/profiles.ts'
import { downloadProfile } from '../../../../src/lpa/download.ts'
import { isLpaError } from '../../../../src/lpa/errors.ts'
import { buildProfilePackage } from '../../../../src/profile/build.ts'
import { encodeProfilePackage } from '../../../../src/profile/package.ts'
import { type CertificateFault, issueFaultyCertificate } from '../../../../src/rsp/certificates/test-pki.ts'
import { createFaults, type FaultRule } from '../../../../src/server/smdp/faults/faults.ts'
import { SHARED } from '../../../paths.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { ADDRESS, createSmdpFixture, ICCID, MATCHING_ID, START, testPki } from '../smdp-fixture.ts'

const pki = testPki('P-256')
const upp = encodeProfilePackage(
  buildProfilePackage({
    iccid: ICCID,
    imsi: '001010123456789',
    algorithm: { name: 'milenage', k: seededRandom('k')(16), opc: seededRandom('opc')(16) },
    serviceProviderName: 'Operator A',
    random: seededRandom('profile'),
  }),
)

/** Our LPA and the software eUICC before a server that misbehaves: how they see it, and whether the order survives. */
const createDownloadFixture = async (...rules: FaultRule[]) => {
  const faults = createFaults({ random: seededRandom('fixture'), sleep: async () => {}, rules })
  const fixture = await createSmdpFixture({ package: upp, faults })
  await fixture.order()
  const card = await createEuicc({
    identity: createDefaultIdentity([pki], { rootDsAddress: 'ds.example.com', defaultDpAddress: ADDRESS }),
    memory: createMemory(),
    clock: () => START,
    random: seededRandom('card'),
  })
  const download = (): Promise<string> =>
    card.exclusive(channel =>
      withIsdr(channel, {}, async isdr => {
        try {
          await downloadProfile({
            isdr,
            fetch: fixture.smdp.es9p,
            activationCode: `LPA:1$${ADDRESS}$${MATCHING_ID}`,
            deviceInfo: toDeviceInfo('490154203237518'),
            confirm: async () => ({ accepted: true }),
          })
          return 'installed'
        } catch (error) {
          if (!isLpaError(error)) throw error
          return [error.code, error.data.result].filter(part => part !== undefined).join(' ')
        }
      }),
    )
  const profiles = () => card.exclusive(channel => withIsdr(channel, {}, listProfiles))
  return { ...fixture, faults, download, profiles }
}

const faulty = (kind: 'DPauth' | 'DPpb', fault: CertificateFault) => {
  const { certificate, privateKey } = issueFaultyCertificate(pki, kind, fault, {
    random: seededRandom(fault),
    now: START,
  })
  return { kind: 'wrong-certificate' as const, certificate: { der: certificate.der, privateKey } }
}

describe('LPA and software eUICC with a server that has one fault', () => {
  const cases: [what: string, seen: string | RegExp, rule: Omit<FaultRule, 'count'>][] = [
    [
      'its first signature',
      'card-refused invalidSignature',
      { function: 'InitiateAuthentication', fault: { kind: 'wrong-signature' } },
    ],
    [
      'another challenge',
      'server-mismatch',
      { function: 'InitiateAuthentication', fault: { kind: 'wrong-challenge' } },
    ],
    ...(['expired', 'wrong-role', 'unknown-ci', 'bad-signature', 'wrong-key-usage'] as const).map(
      (fault): (typeof cases)[number] => [
        `a DPauth certificate: ${fault}`,
        /^card-refused (invalidCertificate|ciPKUnknown|invalidOid)$/,
        { function: 'InitiateAuthentication', fault: faulty('DPauth', fault) },
      ],
    ),
    [
      'the signature of its offer',
      'card-refused invalidSignature',
      { function: 'AuthenticateClient', fault: { kind: 'wrong-signature' } },
    ],
    ...(['expired', 'wrong-role', 'unknown-ci'] as const).map((fault): (typeof cases)[number] => [
      `a DPpb certificate: ${fault}`,
      'card-refused invalidCertificate',
      { function: 'AuthenticateClient', fault: faulty('DPpb', fault) },
    ]),
    [
      'an error of HTTP',
      'http-status',
      { function: 'GetBoundProfilePackage', fault: { kind: 'http-status', status: 503 } },
    ],
    ['half an answer', 'bad-server-answer', { function: 'AuthenticateClient', fault: { kind: 'malformed' } }],
  ]
  it.each(cases)('%s: %s, nothing is installed, and the order is as it was', async (_, seen, rule) => {
    const fixture = await createDownloadFixture({ ...rule, count: 1 })
    const outcome = await fixture.download()
    if (typeof seen === 'string') expect(outcome).toBe(seen)
    else expect(outcome).toMatch(seen)
    expect(await fixture.profiles()).toEqual([])
    expect(fixture.faults.listRules()[0]!.done).toBe(1)
    const state = await fixture.stateOf()
    expect(['Released', 'Downloaded', 'Error']).toContain(state)
    expect(fixture.defects).toEqual([])
    // Where the LPA gave up without telling the server that the end user or the card will not have it: once more.
    if (state !== 'Error') expect(await fixture.download()).toBe('installed')
  })

  it.each([
    ['in its signature', { kind: 'wrong-signature' }],
    ['in the middle of the profile', { kind: 'changed-byte', offset: -100 }],
  ] as const)('a package changed %s installs nothing', async (_, fault) => {
    const fixture = await createDownloadFixture({ function: 'GetBoundProfilePackage', fault, count: 1 })
    expect(await fixture.download()).toMatch(/^install-failed/)
    expect(await fixture.profiles()).toEqual([])
    expect(await fixture.stateOf()).toBe('Error')
  })
})

const folder = join(SHARED, 'sgp26', 'InvalidTestCases')
const missing = !existsSync(folder)
describe.skipIf(missing)(
  `the faulty certificates of SGP.26${missing ? ' (skipped: ../shared/sgp26 is not on this machine)' : ''}`,
  () => {
    it.each([
      'CERT_EUICC_ECDSA_NIST_EXPIRED',
      'CERT_EUICC_ECDSA_NIST_INVALID',
      'CERT_EUM_ECDSA_NIST_EXPIRED',
      'CERT_EUM_ECDSA_NIST_UNKNOWN_CI',
      'CERT_UNKNOWN_CI_ECDSA_NIST',
    ])('%s in place of CERT.DPauth is refused by the card', async name => {
      const der = new Uint8Array(readFileSync(resolve(folder, `${name}.der`)))
      const fault = { kind: 'wrong-certificate' as const, certificate: { der } }
      const fixture = await createDownloadFixture({ function: 'InitiateAuthentication', fault, count: 1 })
      expect(await fixture.download()).toMatch(/^(card-refused|server-mismatch|not-an-smdp|wrong-server)/)
      expect(await fixture.stateOf()).toBe('Released')
      expect(await fixture.download()).toBe('installed')
    })
  },
)
