import { describe, expect, it } from 'vitest'
import { toHex } from '../../../../src/asn1/bytes.ts'
import { issueVariant, type Variant, type VariantFaults } from '../../../rsp/certificates/variants.ts'
import { accepted, createSmdpFixture, ICCID, MATCHING_ID, refused, START, testPki } from '../smdp-fixture.ts'
import { createCardRole } from './card-role.ts'

const answerOf = async (
  variant: Variant,
  faults: VariantFaults = {},
  arrange: (above: readonly Uint8Array[]) => readonly Uint8Array[] = above => above,
): Promise<string> => {
  const fixture = await createSmdpFixture()
  await fixture.order()
  const { euicc, above } = issueVariant(fixture.pki, variant, START, faults)
  const card = createCardRole(fixture.pki, { euicc })
  const [eum, ...others] = above.map(({ der }) => der)
  const answer = await fixture.authenticate(card, {
    matchingId: MATCHING_ID,
    eum: eum!,
    ...(others.length > 0 && { otherCertsInChain: arrange(others) }),
  })
  expect(fixture.defects).toEqual([])
  return refused(answer)
}

describe('AuthenticateClient and the variants of a chain (SGP.22 v3 §4.5.2.1)', () => {
  it.each(['O', 'Ov3', 'A', 'B', 'C'] as const)('takes a card of variant %s', async variant => {
    expect(await answerOf(variant)).toBe('accepted')
  })

  it('takes the others in any order, and the CI among them', async () => {
    expect(await answerOf('C', {}, others => [...others].reverse())).toBe('accepted')
    expect(await answerOf('C', {}, others => [testPki('P-256').ci.certificate.der, ...others])).toBe('accepted')
  })

  it.each([
    ['8.1.3/6.1', 'Ov3', { permittedEins: ['89049033'] }],
    ['8.1.3/6.1', 'C', { subCaEins: ['8904903299'] }],
    ['8.1.3/6.1', 'A', { wrongRole: 'eUICC' }],
    ['8.1.2/6.3', 'A', { expired: 'EUMSubCA' }],
    ['8.1.2/6.3', 'C', { expired: 'EUM' }],
    ['8.1.2/6.3', 'B', { expired: 'CISubCA' }],
    ['8.1.2/6.1', 'A', { wrongRole: 'EUMSubCA' }],
    ['8.1.2/6.1', 'A', { eumPathLength: 0 }],
  ] as const)('%s: variant %s with %j', async (pair, variant, faults) => {
    expect(await answerOf(variant, faults)).toBe(pair)
  })

  it('8.11.1/3.9: a chain whose upper part is left out', async () => {
    expect(await answerOf('B', {}, () => [])).toBe('8.11.1/3.9')
    expect(await answerOf('C', {}, others => others.slice(0, 1))).toBe('8.11.1/3.9')
  })

  it('8.1.2/6.1: more certificates than a chain can have', async () => {
    expect(await answerOf('C', {}, others => [...others, ...others])).toBe('8.1.2/6.1')
  })

  it.each(['Ov3', 'A', 'B', 'C'] as const)('takes the notifications of a card of variant %s', async variant => {
    const fixture = await createSmdpFixture()
    const { euicc, above } = issueVariant(fixture.pki, variant, START)
    const [eum, ...otherCertsInChain] = above.map(({ der }) => der)
    const card = createCardRole(fixture.pki, { euicc })
    const chain = { eum: eum!, ...(otherCertsInChain.length > 0 && { otherCertsInChain }) }
    await fixture.notify(card.otherNotification('notificationEnable', ICCID, chain))
    expect(await fixture.store.listNotifications()).toMatchObject([{ eid: card.eid, operation: 'notificationEnable' }])
    // Without what stands above, nobody knows whose it is.
    if (otherCertsInChain.length > 0)
      await fixture.notify(card.otherNotification('notificationDisable', ICCID, { eum: eum! }))
    expect(await fixture.store.listNotifications()).toHaveLength(1)
  })

  it('chooses a CI of the list of version 3 when the other list has none', async () => {
    const [nist, brainpool] = [testPki('P-256'), testPki('brainpoolP256r1')]
    const fixture = await createSmdpFixture({ credentials: [nist, brainpool] })
    const card = createCardRole(nist, {
      info: { euiccCiPKIdListForSigning: [], euiccCiPKIdListForSigningV3: [nist.ci.certificate.subjectKeyId!] },
    })
    const { euiccCiPKIdToBeUsed } = accepted(await fixture.initiate(card))
    expect(toHex(euiccCiPKIdToBeUsed)).toBe(toHex(nist.ci.certificate.subjectKeyId!))
  })
})
