import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/asn1/bytes.ts'
import { encode, type SchemaValue } from '../../src/asn1/schema.ts'
import { copyMemory } from '../../src/euicc/state/memory.ts'
import { ES6 } from '../../src/rsp/interfaces/es6.ts'
import { ES10c } from '../../src/rsp/interfaces/es10c.ts'
import { createProfile, createStateWith, createTestCard, type TestCard } from './card.ts'

type Update = SchemaValue<(typeof ES6)['UpdateMetadata']['request']>
const cardWith = (info: Parameters<typeof createProfile>[1] = {}, enabled: 0 | 'none' = 0) =>
  createTestCard({
    state: createStateWith([createProfile(0, info), createProfile(1)], enabled === 'none' ? undefined : enabled),
  })

/** Sends the request as the MNO does over its secure channel: STORE DATA in blocks. */
const update = async ({ card }: TestCard, request: Update | Uint8Array): Promise<string> => {
  const payload = request instanceof Uint8Array ? request : encode(ES6.UpdateMetadata.request, request)
  let answer = ''
  for (let block = 0; block * 255 < payload.length || block === 0; block++) {
    const data = payload.subarray(block * 255, (block + 1) * 255)
    const p1 = (block + 1) * 255 >= payload.length ? 0x91 : 0x11
    answer = toHex(await card.operator.transmit(Uint8Array.of(0x80, 0xe2, p1, block, data.length, ...data)))
    if (answer !== '9000') return answer
  }
  return answer
}
const infoOf = async ({ call }: TestCard) => {
  const tagList = Uint8Array.of(0x91, 0x92, 0x93, 0x94, 0x99)
  return (await call(ES10c.GetProfilesInfo, { tagList })).profileInfoListOk![0]
}

describe('ES6.UpdateMetadata', () => {
  it('UpdateMetadata changes only the given fields of the enabled profile', async () => {
    const card = await cardWith()
    expect(await update(card, { profileName: 'New plan' })).toBe('9000')
    expect(await infoOf(card)).toEqual({ serviceProviderName: 'Operator 0', profileName: 'New plan' })
    const icon = new Uint8Array(1024).fill(3)
    expect(await update(card, { icon, iconType: 'png' })).toBe('9000')
    expect(await infoOf(card)).toMatchObject({ profileName: 'New plan', icon, iconType: 'png' })
    expect(await update(card, { icon: new Uint8Array(0), iconType: 'png' })).toBe('9000')
    expect(await infoOf(card)).not.toHaveProperty('icon')
  })
  it('UpdateMetadata removes a policy rule and rejects an additional one', async () => {
    const card = await cardWith({ profilePolicyRules: ['ppr1', 'ppr2'] })
    expect(await update(card, { profilePolicyRules: ['ppr2'] })).toBe('9000')
    expect((await infoOf(card))!.profilePolicyRules).toEqual(['ppr2'])
    expect(await update(card, { profilePolicyRules: ['ppr1', 'ppr2'] })).toBe('6a80')
    expect(await update(card, { profilePolicyRules: [] })).toBe('9000')
    expect(await infoOf(card)).not.toHaveProperty('profilePolicyRules')
  })
  it.each<[string, Update | Uint8Array, string]>([
    ['an icon without icon type', { icon: new Uint8Array(1) }, '6a80'],
    ['an icon type without icon', { iconType: 'jpg' }, '6a80'],
    ['another function', Uint8Array.of(0xbf, 0x2e, 0x00), '6a80'],
    ['a name that is too long', Uint8Array.of(0xbf, 0x2a, 0x23, 0x91, 0x21, ...new Uint8Array(33).fill(65)), '6a80'],
    ['a truncated request', Uint8Array.of(0xbf, 0x2a, 0x05, 0x91), '6a80'],
  ])('UpdateMetadata rejects %s', async (_name, request, status) => {
    const card = await cardWith()
    const before = await copyMemory(card.memory)
    expect(await update(card, request)).toBe(status)
    expect(await copyMemory(card.memory)).toEqual(before)
  })
  it('the MNO-SD returns SW 6A82 without an enabled profile and SW 6D00 for another command', async () => {
    expect(await update(await cardWith({}, 'none'), { profileName: 'x' })).toBe('6a82')
    const { card } = await cardWith()
    expect(toHex(await card.operator.transmit(Uint8Array.of(0x00, 0xa4, 0x04, 0x00)))).toBe('6d00')
    expect(toHex(await card.operator.transmit(Uint8Array.of(0x80)))).toBe('6700')
  })
})
