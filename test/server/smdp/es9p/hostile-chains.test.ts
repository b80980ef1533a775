import { sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../../../../src/asn1/bytes.ts'
import {
  encodeTlv,
  encodeTlvHeader,
  getChildren,
  getContent,
  getElementBytes,
  readOnlyTlv,
  readTlv,
} from '../../../../src/asn1/tlv.ts'
import {
  type CertificateToIssue,
  type Credential,
  issueCertificate,
  issueCrl,
} from '../../../../src/rsp/certificates/issue.ts'
import type { CertificateKind } from '../../../../src/rsp/certificates/kinds.ts'
import { TEST_EID } from '../../../../src/rsp/certificates/test-pki.ts'
import { type CurveName, drawScalar, privateKeyFromScalar } from '../../../../src/rsp/crypto/curve.ts'
import type { SmdpSettings } from '../../../../src/server/smdp/settings.ts'
import { issueVariant } from '../../../rsp/certificates/variants.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { createSmdpFixture, MATCHING_ID, refused, START, testPki } from '../smdp-fixture.ts'
import { createCardRole } from './card-role.ts'

const pki = testPki('P-256')
const ci: Credential = { certificate: pki.ci.certificate, privateKey: pki.ci.privateKey! }
const YEAR = 365 * 86_400_000

/** A key pair of its own for each name. */
const keyOf = (name: string, curve: CurveName = 'P-256') =>
  privateKeyFromScalar(curve, drawScalar(curve, seededRandom(name)))
const issue = (
  kind: CertificateKind,
  issuer: Credential | undefined,
  more: Partial<CertificateToIssue> & { key: Credential['privateKey'] },
): Credential => ({
  certificate: issueCertificate({
    kind,
    ...(issuer && { issuer }),
    random: seededRandom(kind),
    subject: {
      commonName: `Hostile ${kind}`,
      organization: 'RSP Test EUM',
      ...(kind === 'eUICC' && { serialNumber: TEST_EID }),
    },
    notBefore: new Date(START.getTime() - YEAR),
    notAfter: new Date(START.getTime() + YEAR),
    ...(kind === 'EUM' && { registeredId: '2.999.5', permittedEids: { prefix: '89049032', organization: undefined } }),
    ...more,
  }),
  privateKey: more.key,
})

interface Chain {
  readonly euicc: Credential
  readonly eum: Uint8Array
  readonly others?: readonly Uint8Array[]
}
const answerTo = async ({ euicc, eum, others }: Chain, settings: Partial<SmdpSettings> = {}): Promise<string> => {
  const fixture = await createSmdpFixture(settings)
  await fixture.order()
  const card = createCardRole(pki, { euicc })
  const answer = await fixture.authenticate(card, {
    matchingId: MATCHING_ID,
    eum,
    ...(others && { otherCertsInChain: others }),
  })
  expect(fixture.defects).toEqual([])
  return refused(answer)
}
const variant = (name: 'A' | 'B' | 'C'): Chain => {
  const { euicc, above } = issueVariant(pki, name, START)
  const [eum, ...others] = above.map(({ der }) => der)
  return { euicc, eum: eum!, others }
}

describe('certificates that come along for nothing', () => {
  const foreign = testPki('P-256', 'another')
  it.each<[outcome: string, what: string, more: (others: readonly Uint8Array[]) => readonly Uint8Array[]]>([
    ['accepted', 'the same one twice', others => [...others, ...others]],
    ['accepted', 'one of another chain', others => [foreign.eum.certificate.der, ...others]],
    ['accepted', 'the CI of another chain', others => [foreign.ci.certificate.der, ...others]],
    ['accepted', 'the certificate of a server', others => [pki.dpAuth.certificate.der, ...others]],
    ['8.1.2/6.1', 'no certificate at all', others => [...others, fromHex('3000')]],
    ['8.1.2/6.1', 'twenty of them', others => [...others, ...Array<Uint8Array>(20).fill(foreign.eum.certificate.der)]],
  ])('%s: %s', async (outcome, _, more) => {
    const chain = variant('B')
    expect(await answerTo({ ...chain, others: more(chain.others!) })).toBe(outcome)
  })
})

describe('chains that lead nowhere', () => {
  it('8.1.2/6.1: an EUM that names no issuer', async () => {
    const eum = issue('EUM', undefined, { key: keyOf('eum') })
    const euicc = issue('eUICC', eum, { key: keyOf('card') })
    expect(await answerTo({ euicc, eum: eum.certificate.der })).toBe('8.1.2/6.1')
  })

  it('8.11.1/3.9: two CAs that issued each other', async () => {
    const [keyA, keyB] = [keyOf('a'), keyOf('b')]
    const subject = (commonName: string) => ({ subject: { commonName, organization: 'RSP Test EUM' } })
    const seed = issue('EUM', undefined, { key: keyB, ...subject('B') })
    const a = issue('EUM', seed, { key: keyA, ...subject('A') })
    const b = issue('EUM', a, { key: keyB, ...subject('B') })
    const euicc = issue('eUICC', a, { key: keyOf('card') })
    expect(await answerTo({ euicc, eum: a.certificate.der, others: [b.certificate.der] })).toBe('8.11.1/3.9')
  })

  it('8.11.1/3.9: the CI of the session above, but the chain under another one', async () => {
    const foreign = testPki('P-256', 'another')
    const chain = { euicc: foreign.euicc, eum: foreign.eum.certificate.der, others: [pki.ci.certificate.der] }
    expect(await answerTo(chain)).toBe('8.11.1/3.9')
    expect(await answerTo(chain, { credentials: [pki, foreign] })).toBe('8.11.1/3.9')
  })

  it('8.1.2/6.1: A chain with name and key id of the CI and a foreign signature is rejected', async () => {
    const eum = issue('EUM', { ...ci, privateKey: keyOf('somebody') }, { key: keyOf('eum') })
    const euicc = issue('eUICC', eum, { key: keyOf('card') })
    expect(await answerTo({ euicc, eum: eum.certificate.der })).toBe('8.1.2/6.1')
  })

  it.each<[string, () => Chain]>([
    [
      'the CI in the place of the EUM',
      () => ({ euicc: issue('eUICC', ci, { key: keyOf('card') }), eum: ci.certificate.der }),
    ],
    [
      'a card in the place of the EUM',
      () => ({
        euicc: issue('eUICC', pki.euicc, { key: keyOf('card') }),
        eum: pki.euicc.certificate.der,
        others: [pki.eum.certificate.der],
      }),
    ],
    [
      'a server in the place of the EUM',
      () => ({ euicc: issue('eUICC', pki.dpAuth, { key: keyOf('card') }), eum: pki.dpAuth.certificate.der }),
    ],
  ])('8.1.2/6.1: %s', async (_, chain) => {
    expect(await answerTo(chain())).toBe('8.1.2/6.1')
  })
})

describe('chains with missing extensions', () => {
  it.each<[pair: string, what: string, eum: Partial<CertificateToIssue>, card?: Partial<CertificateToIssue>]>([
    ['8.1.2/6.1', 'an EUM that may not sign certificates', { departures: { keyUsage: ['digitalSignature'] } }],
    ['8.1.2/6.1', 'an EUM that is no CA', { departures: { ca: false } }],
    ['8.1.2/6.1', 'an EUM with an unknown critical extension', { departures: { criticalExtension: '2.999.1' } }],
    ['8.1.3/6.1', 'an EUM of other EIDs', { permittedEids: { prefix: '89049033', organization: undefined } }],
    ['8.1.3/6.1', 'an EUM of another company', { permittedEids: { prefix: '89049032', organization: 'Other' } }],
    ['8.1.3/6.1', 'a card whose key is not for signatures', {}, { departures: { keyUsage: ['keyAgreement'] } }],
    ['8.1.3/6.1', 'a card that is a CA', {}, { departures: { ca: true } }],
    ['8.1.3/6.1', 'a card with an unknown critical extension', {}, { departures: { criticalExtension: '2.999.1' } }],
    ['8.1.3/6.1', 'a card without an EID', {}, { subject: { commonName: 'Card', organization: 'RSP Test EUM' } }],
    ['8.1.3/6.1', 'a card not valid yet', {}, { notBefore: new Date(START.getTime() + 1000) }],
    ['8.1.3/6.3', 'a card that expired', {}, { notAfter: new Date(START.getTime() - 1000) }],
  ])('%s: %s', async (pair, _, eumChange, cardChange = {}) => {
    const eum = issue('EUM', ci, { key: keyOf('eum'), ...eumChange })
    const euicc = issue('eUICC', eum, { key: keyOf('card'), ...cardChange })
    expect(await answerTo({ euicc, eum: eum.certificate.der })).toBe(pair)
  })

  it('A chain with all extensions is accepted', async () => {
    const eum = issue('EUM', ci, { key: keyOf('eum') })
    expect(await answerTo({ euicc: issue('eUICC', eum, { key: keyOf('card') }), eum: eum.certificate.der })).toBe(
      'accepted',
    )
  })
})

describe('revocation at each level of variant C', () => {
  it.each([
    ['8.1.3/6.1', 'the card, by the sub-CA of its EUM', 0],
    ['8.1.2/6.1', 'the sub-CA of the EUM, by the EUM', 1],
    ['8.1.2/6.1', 'the EUM, by the sub-CA of the CI', 2],
    ['8.1.2/6.1', 'the sub-CA of the CI, by the CI', 3],
  ] as const)('%s: %s', async (pair, _, level) => {
    const above = (kind: CertificateKind, issuer: Credential, pathLength: number) =>
      issue(kind, issuer, { key: keyOf(kind), pathLength, departures: { keyUsage: ['keyCertSign', 'cRLSign'] } })
    const ciSubCa = above('CISubCA', ci, 2)
    const eum = above('EUM', ciSubCa, 1)
    const eumSubCa = above('EUMSubCA', eum, 0)
    const euicc = issue('eUICC', eumSubCa, { key: keyOf('card') })
    const chain = [euicc, eumSubCa, eum, ciSubCa]
    const presented = {
      euicc,
      eum: eumSubCa.certificate.der,
      others: [eum.certificate.der, ciSubCa.certificate.der],
    }
    expect(await answerTo(presented)).toBe('accepted')
    const dates = { thisUpdate: START, nextUpdate: new Date(START.getTime() + YEAR) }
    const revoked = [chain[level]!.certificate.serialNumber]
    const issuer = [...chain, ci][level + 1]!
    expect(await answerTo(presented, { crls: () => [issueCrl({ issuer, revoked, ...dates })] })).toBe(pair)
    // The same list by somebody else says nothing.
    const forged = issueCrl({ issuer: { ...issuer, privateKey: keyOf('forger') }, revoked, ...dates })
    expect(await answerTo(presented, { crls: () => [forged] })).toBe('accepted')
  })
})

const NAME_CONSTRAINTS = '0603551d1e'
const CRL_DISTRIBUTION_POINTS = '0603551d1f'
/** The certificate with other content in one of its extensions, signed anew. */
const withExtension = ({ certificate }: Credential, type: string, content: Uint8Array): Uint8Array => {
  const [tbs, algorithm] = getChildren(readOnlyTlv(certificate.der))
  const fields = getChildren(tbs!)
  const extensions = getChildren(readTlv(getContent(fields.at(-1)!))).map(each => {
    const [id, ...rest] = getChildren(each).map(getElementBytes)
    return toHex(id!) === type
      ? encodeTlv(0x30, id!, ...rest.slice(0, -1), encodeTlv(0x04, content))
      : getElementBytes(each)
  })
  const signed = encodeTlv(
    0x30,
    ...fields.slice(0, -1).map(getElementBytes),
    encodeTlv(0xa3, encodeTlv(0x30, ...extensions)),
  )
  const signature = sign('sha256', signed, ci.privateKey)
  return encodeTlv(0x30, signed, getElementBytes(algorithm!), encodeTlv(0x03, concat(Uint8Array.of(0), signature)))
}

describe('name constraints that are not those of SGP.22 §4.5.2.1.0.2', () => {
  const eum = issue('EUM', ci, { key: keyOf('eum') })
  const euicc = issue('eUICC', eum, { key: keyOf('card') })
  const serialNumber = encodeTlv(0x30, fromHex('0603550405'), encodeTlv(0x13, new TextEncoder().encode('89049032')))
  const base = encodeTlv(0x30, encodeTlv(0xa4, encodeTlv(0x30, encodeTlv(0x31, serialNumber))))

  it.each([
    ['accepted', 'permitted', encodeTlv(0x30, encodeTlv(0xa0, base))],
    ['8.1.2/6.1', 'excluded', encodeTlv(0x30, encodeTlv(0xa1, base))],
    ['8.1.2/6.1', 'permitted and excluded', encodeTlv(0x30, encodeTlv(0xa0, base), encodeTlv(0xa1, base))],
    ['8.1.2/6.1', 'empty', Uint8Array.of(0x30, 0)],
    ['8.1.3/6.1', 'permitted, and of no name', encodeTlv(0x30, encodeTlv(0xa0, encodeTlv(0x30, fromHex('8200'))))],
  ])('%s: %s', async (pair, _, content) => {
    expect(await answerTo({ euicc, eum: withExtension(eum, NAME_CONSTRAINTS, content) })).toBe(pair)
  })
})

it('8.1.2/6.1: an extension nested until the stack would end', async () => {
  const headers: Uint8Array[] = []
  for (let length = 0; headers.length < 20_000; ) {
    headers.push(encodeTlvHeader(0x30, length))
    length += headers.at(-1)!.length
  }
  const eum = issue('EUM', ci, { key: keyOf('eum'), crlUrl: 'http://ci.example.com/crl' })
  const deep = withExtension(eum, CRL_DISTRIBUTION_POINTS, concat(...headers.reverse()))
  expect(await answerTo({ euicc: issue('eUICC', eum, { key: keyOf('card') }), eum: deep })).toBe('8.1.2/6.1')
})
