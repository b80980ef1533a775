import { expect } from 'vitest'
import { concat } from '../../../src/asn1/bytes.ts'
import { encode } from '../../../src/asn1/schema.ts'
import { encodeTlv, getChildren, getElementBytes, readOnlyTlv } from '../../../src/asn1/tlv.ts'
import { parseCertificate } from '../../../src/rsp/certificates/certificate.ts'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import { sign, verify } from '../../../src/rsp/crypto/ecdsa.ts'
import { Signature } from '../../../src/rsp/identifiers.ts'
import type { InitiateAuthenticationOk } from '../../server/smdp/es9p/card-role.ts'
import { accepted, refused } from '../../server/smdp/smdp-fixture.ts'
import { type Procedure, type Procedures, procedures } from '../conformance.ts'
import { CODE, type Ordered, orderBy, type Way } from './orders.ts'

type Change = Parameters<Ordered['authenticate']>[0]

/** The offer is under the server's signature, together with the card's, and says whether a code is needed. */
const offers =
  (
    way: Way,
    more: { code?: boolean; change?: Change; curve?: CurveName; before?: 'postponed'; given?: string } = {},
  ): Procedure =>
  async at => {
    const { curve = 'P-256' } = more
    const ordered = await orderBy(at, way, {
      curve,
      ...(more.code && { confirmationCode: CODE }),
      ...(more.given !== undefined && { given: more.given }),
    })
    const { fixture, card, matchingId } = ordered
    if (more.before) {
      const { transactionId } = accepted(await ordered.authenticate())
      accepted(await fixture.cancel(transactionId, card.cancelSession(transactionId, more.before)))
    }
    const opened: InitiateAuthenticationOk = accepted(await fixture.initiate(card))
    const response = card.authenticateServer(opened, { matchingId, ...more.change })
    const ok = accepted(await fixture.sendAuthentication(opened.transactionId, response))
    const covered = concat(ok.smdpSigned2.bytes, encode(Signature, response.authenticateResponseOk!.euiccSignature1))
    expect(verify(parseCertificate(ok.smdpCertificate).publicKey, covered, ok.smdpSignature2)).toBe(true)
    expect(ok.smdpSigned2.value).toEqual({ transactionId: opened.transactionId, ccRequiredFlag: more.code === true })
    expect(ok.profileMetadata.value).toMatchObject({ serviceProviderName: 'Operator A', profileName: 'Plan S' })
  }

/** `element` with `more` behind its last member, found by the tags that lead there. */
const extended = (element: Uint8Array, [tag, ...path]: readonly number[], more: Uint8Array): Uint8Array => {
  const tlv = readOnlyTlv(element)
  const inside = getChildren(tlv).map(child =>
    child.tag === tag ? extended(getElementBytes(child), path, more) : getElementBytes(child),
  )
  return encodeTlv(tlv.tag, ...inside, ...(tag === undefined ? [more] : []))
}

/** SGP.22 §2.3: what a later version adds is passed over, and stands under the signature all the same. */
const takesExtension =
  (...path: readonly number[]): Procedure =>
  async at => {
    const { fixture, card, matchingId } = await orderBy(at, 'activation code')
    const opened = accepted(await fixture.initiate(card))
    const right = card.authenticateServer(opened, { matchingId }).authenticateResponseOk!
    const bytes = extended(right.euiccSigned1.bytes, path, encodeTlv(0x9f50, Uint8Array.of(1, 2, 3)))
    expect(bytes.length).toBeGreaterThan(right.euiccSigned1.bytes.length)
    const authenticateResponseOk = {
      ...right,
      euiccSigned1: { ...right.euiccSigned1, bytes },
      euiccSignature1: sign(fixture.pki.euicc.privateKey, bytes),
    }
    expect(refused(await fixture.sendAuthentication(opened.transactionId, { authenticateResponseOk }))).toBe('accepted')
  }

/** The first try got its package; at the second the server offers the key that the card made then. */
const offersKeyAgain =
  (way: Way): Procedure =>
  async at => {
    const ordered = await orderBy(at, way)
    const { fixture, card } = ordered
    const first = accepted(await ordered.authenticate())
    expect(first.smdpSigned2.value.bppEuiccOtpk).toBeUndefined()
    const { pair, response } = card.prepareDownload(first)
    accepted(await fixture.sendPrepared(first.transactionId, response))
    const second = accepted(await ordered.authenticate())
    expect(second.smdpSigned2.value.bppEuiccOtpk).toEqual(pair.publicKey)
  }

export const AUTHENTICATE_CLIENT: Procedures = {
  ...procedures('TC_SM-DP+_ES9+.AuthenticateClientNIST', {
    '#01': offers('default'),
    '#02': offers('default', { code: true }),
    '#03': offers('default', { before: 'postponed' }),
    '#05': offers('SM-DS'),
    '#06': offers('SM-DS', { code: true }),
    '#08': offers('activation code'),
    '#09': offers('activation code', { code: true }),
    '#11': offers('without EID'),
    '#12': offers('without EID', { code: true }),
    '#14': offers('default', { change: { matchingId: undefined } }),
    '#15': offers('SM-DS', { given: '', change: { matchingId: undefined } }),
    '#16': offers('SM-DS', { given: '', change: { matchingId: '' } }),
    '#17': offers('default', { change: { matchingId: undefined } }),
    '#18': offers('default', { change: { matchingId: '' } }),
    '#19': offers('activation code', {
      change: { info2: { uiccCapability: ['usimSupport', 'akaMilenage', 'bit60'] } },
    }),
    '#20': takesExtension(0xa0, 0xa1),
    '#21': takesExtension(0xbf22),
  }),
  ...procedures('TC_SM-DP+_ES9+.AuthenticateClientBRP', { '#01': offers('default', { curve: 'brainpoolP256r1' }) }),
  ...procedures('TC_SM-DP+_ES9+.AuthenticateClient_RetryCases_Reuse_OTPK', {
    '#01': offersKeyAgain('default'),
    '#02': offersKeyAgain('SM-DS'),
    '#03': offersKeyAgain('activation code'),
    '#04': offersKeyAgain('without EID'),
  }),
}
