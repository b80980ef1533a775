import { expect } from 'vitest'
import { toHex } from '../../../src/asn1/bytes.ts'
import { parseCertificate } from '../../../src/rsp/certificates/certificate.ts'
import { verifyChain } from '../../../src/rsp/certificates/chain.ts'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import { verify } from '../../../src/rsp/crypto/ecdsa.ts'
import { type CardRole, createCardRole, type InitiateAuthenticationOk } from '../../server/smdp/es9p/card-role.ts'
import { ADDRESS, accepted, START, testPki } from '../../server/smdp/smdp-fixture.ts'
import { type Conformance, type Procedure, type Procedures, procedures } from '../conformance.ts'

/** What a card checks before it answers (SGP.22 §5.7.13). */
const expectSigned = (ok: InitiateAuthenticationOk, card: CardRole, curve: CurveName): void => {
  const { ci } = testPki(curve)
  const certificate = parseCertificate(ok.serverCertificate)
  verifyChain({ kind: 'DPauth', chain: [certificate], trustAnchors: [ci.certificate], now: START })
  expect(verify(certificate.publicKey, ok.serverSigned1.bytes, ok.serverSignature1)).toBe(true)
  expect(ok.serverSigned1.value).toMatchObject({ euiccChallenge: card.challenge, serverAddress: ADDRESS })
  expect(ok.serverSigned1.value.transactionId).toEqual(ok.transactionId)
  expect(toHex(ok.euiccCiPKIdToBeUsed)).toBe(toHex(ci.certificate.subjectKeyId!))
}

const opensSession =
  (curve: CurveName = 'P-256', svn: readonly number[] = [2, 2, 2]): Procedure =>
  async at => {
    const { initiate, pki } = await at.smdp({ curve })
    const card = createCardRole(pki, { info: { svn: Uint8Array.from(svn) } })
    expectSigned(accepted(await initiate(card)), card, curve)
  }

const refusesInfo =
  (info: () => Partial<CardRole['info1']>): Procedure =>
  async at => {
    const { initiate, pki } = await at.smdp()
    at.refuses(await initiate(createCardRole(pki, { info: info() })))
  }
const otherCi = () => [testPki('P-256', 'another').ci.certificate.subjectKeyId!]

const bothCurves = (at: Conformance) => at.smdp({ credentials: [testPki('P-256'), testPki('brainpoolP256r1')] })

export const INITIATE_AUTHENTICATION: Procedures = {
  ...procedures('TC_SM-DP+_ES9+.InitiateAuthenticationNIST', {
    '#01': opensSession(),
    '#02': async at => {
      const { initiate, card } = await at.smdp()
      const answers = [accepted(await initiate(card)), accepted(await initiate(card)), accepted(await initiate(card))]
      expect(new Set(answers.map(({ transactionId }) => toHex(transactionId))).size).toBe(3)
      expect(new Set(answers.map(({ serverSigned1 }) => toHex(serverSigned1.value.serverChallenge))).size).toBe(3)
    },
    '#03': async at => {
      const { initiate, card } = await at.smdp()
      at.refuses(await initiate(card, 'other.example.com'))
    },
    '#04': refusesInfo(() => ({ euiccCiPKIdListForSigning: otherCi() })),
    '#05': refusesInfo(() => ({ svn: Uint8Array.of(1, 1, 0) })),
    '#06': refusesInfo(() => ({ euiccCiPKIdListForVerification: otherCi() })),
    '#07': opensSession('P-256', [2, 2, 1]),
    '#08': opensSession('P-256', [2, 2, 2]),
    '#09': opensSession('P-256', [2, 3, 0]),
  }),
  ...procedures('TC_SM-DP+_ES9+.InitiateAuthenticationBRP', { '#01': opensSession('brainpoolP256r1') }),
  ...procedures('EB_ES9+.InitiateAuthentication', {
    '#01': async at => {
      const { initiate, card } = await at.smdp()
      for (const address of ['SMDP.Example.COM', `${ADDRESS}:8443`])
        expectSigned(accepted(await initiate(card, address)), card, 'P-256')
    },
    '#02': async at => {
      const { initiate } = await bothCurves(at)
      for (const curve of ['P-256', 'brainpoolP256r1'] as const) {
        const card = createCardRole(testPki(curve))
        expectSigned(accepted(await initiate(card)), card, curve)
      }
    },
    '#03': async at => {
      const { initiate } = await bothCurves(at)
      const nist = testPki('P-256')
      const card = createCardRole(nist, {
        info: { euiccCiPKIdListForSigning: [], euiccCiPKIdListForSigningV3: [nist.ci.certificate.subjectKeyId!] },
      })
      expectSigned(accepted(await initiate(card)), card, 'P-256')
    },
  }),
}
