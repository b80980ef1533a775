import { describe, expect, it } from 'vitest'
import type { EUICCInfo1 } from '../../../src/rsp/euicc-info.ts'
import {
  checkCis,
  chooseCi,
  getCiKeyId,
  getCredentials,
  type UnderCi,
} from '../../../src/server/rsp-server/ci-choice.ts'
import { testPki } from '../smdp/smdp-fixture.ts'

const nist = testPki('P-256')
const brainpool = testPki('brainpoolP256r1')
const other = testPki('P-256', 'another')
const keyOf = ({ ci }: UnderCi) => ci.certificate.subjectKeyId!
const NAMES = new Map<UnderCi, string>([
  [nist, 'nist'],
  [brainpool, 'brainpool'],
])

const choose = (verification: readonly UnderCi[], signing: readonly UnderCi[], signingV3?: readonly UnderCi[]) => {
  const info: EUICCInfo1 = {
    svn: Uint8Array.of(2, 2, 2),
    euiccCiPKIdListForVerification: verification.map(keyOf),
    euiccCiPKIdListForSigning: signing.map(keyOf),
    euiccCiPKIdListForSigningV3: signingV3?.map(keyOf),
  }
  try {
    const { server, euicc } = chooseCi([brainpool, nist], info)
    return `${NAMES.get(server)} ${NAMES.get(euicc)}`
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('the choice of a CI among several (SGP.22 §5.6.1)', () => {
  it.each([
    ['the order of the card counts, not that of the server', [nist, brainpool], [nist, brainpool], 'nist nist'],
    ['each list for itself', [brainpool, nist], [nist, brainpool], 'brainpool nist'],
    ['what the server has not is passed over', [other, brainpool], [other, nist], 'brainpool nist'],
    ['no list for verification', [], [nist], 'no-common-verification'],
    ['none that the card verifies', [other], [nist], 'no-common-verification'],
    ['none that the card signs under', [nist], [other], 'no-common-signing'],
    ['neither: the certificate of the server comes first', [], [], 'no-common-verification'],
  ] as const)('%s', (_, verification, signing, outcome) => {
    expect(choose(verification, signing)).toBe(outcome)
  })

  it('takes the list of version 3 where the other one has nothing for it', () => {
    expect(choose([nist], [other], [brainpool])).toBe('nist brainpool')
    expect(choose([nist], [nist], [brainpool])).toBe('nist nist')
    expect(choose([nist], [], [other])).toBe('no-common-signing')
  })
})

describe('the credentials of a server', () => {
  it('are found by the key id of their CI', () => {
    expect(getCredentials([brainpool, nist], getCiKeyId(nist))).toBe(nist)
    expect(() => getCredentials([nist], getCiKeyId(brainpool))).toThrow(
      expect.objectContaining({ code: 'bad-settings' }),
    )
  })

  it.each([
    ['none', []],
    ['two under one CI', [nist, nist]],
    ['a CI that cards cannot name', [{ ci: { certificate: { ...nist.ci.certificate, subjectKeyId: undefined } } }]],
  ])('are refused: %s', (_, credentials) => {
    expect(() => checkCis(credentials)).toThrow(expect.objectContaining({ code: 'bad-settings' }))
    expect(() => checkCis([nist, brainpool])).not.toThrow()
  })
})
