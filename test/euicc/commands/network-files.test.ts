import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { copyMemory, createMemory } from '../../../src/euicc/state/memory.ts'
import { milenage } from '../../../src/profile/aka/milenage.ts'
import { ES10c } from '../../../src/rsp/interfaces/es10c.ts'
import { createProfile, createStateWith, createTestCard, exchangeHex, ICCIDS, type TestCard } from '../card.ts'
import { K, OPC, testProfile } from '../profile.ts'
import { createDownload, createMetadata, downloadTo } from '../smdp-side.ts'

const USIM = 'a0000000871002'
const enabled = async (): Promise<TestCard> => {
  const card = await createTestCard()
  for (const index of [0, 1]) {
    const profile = testProfile(index, index === 0 ? { pin1: '1234' } : {})
    await downloadTo(card, createDownload({ profile, metadata: createMetadata({ iccid: ICCIDS[index]! }) }))
  }
  await enable(card, 0)
  return card
}
const enable = ({ call }: TestCard, index: number, refreshFlag = false) =>
  call(ES10c.EnableProfile, { profileIdentifier: { iccid: ICCIDS[index]! }, refreshFlag })
const readIccid = async (card: TestCard) => {
  await exchangeHex(card, '00a40004023f0000')
  await exchangeHex(card, '00a40004022fe200')
  return exchangeHex(card, '00b000000a')
}

/** A challenge of the network with this SQN (TS 33.102 §6.3.2). */
const challengeWith = (seq: number): string => {
  const algorithm = milenage({ k: K, opc: OPC })
  const rand = fromHex('23553cbe9637a89d218ae64dae47bf35')
  const amf = fromHex('8000')
  const sqn = new Uint8Array(6)
  new DataView(sqn.buffer).setUint32(2, seq * 32)
  const ak = algorithm.f5(rand)
  const autn = concat(
    sqn.map((octet, i) => octet ^ ak[i]!),
    amf,
    algorithm.f1(rand, sqn, amf),
  )
  return `0088008122 10${toHex(rand)} 10${toHex(autn)} 00`
}

describe('a card without an enabled profile', () => {
  it('a card without an enabled profile contains an empty MF', async () => {
    const card = await createTestCard()
    expect(await exchangeHex(card, '00a40004023f0000')).toMatch(/^62.*9000$/)
    expect(await exchangeHex(card, '80f2000000')).toMatch(/^62.*9000$/)
    expect(await exchangeHex(card, '00a40004022fe200')).toBe('6a82')
    expect(await exchangeHex(card, `00a4040407${USIM}00`)).toBe('6a82')
    expect(await exchangeHex(card, '00b0000000')).toBe('6986')
    expect(await exchangeHex(card, '0084000008')).toMatch(/^.{16}9000$/)
  })
})

describe('the files of the enabled profile', () => {
  it('a profile switch replaces the files at once, and DisableProfile removes them', async () => {
    const card = await enabled()
    expect(await readIccid(card)).toBe(`${toHex(ICCIDS[0]!)}9000`)
    await enable(card, 1)
    expect(await readIccid(card)).toBe(`${toHex(ICCIDS[1]!)}9000`)
    await card.call(ES10c.DisableProfile, { profileIdentifier: { iccid: ICCIDS[1]! }, refreshFlag: false })
    expect(await readIccid(card)).toBe('6986')
  })
  it('the card keeps the files of the previous profile until the TERMINAL RESPONSE to REFRESH', async () => {
    const card = await enabled()
    await enable(card, 1, true)
    expect(await readIccid(card)).toMatch(new RegExp(`^${toHex(ICCIDS[0]!)}`))
    await exchangeHex(card, '801200000b')
    expect(await exchangeHex(card, '80140000 0c 810301010482028281830100')).toBe('9000')
    expect(await readIccid(card)).toBe(`${toHex(ICCIDS[1]!)}9000`)
  })
  it('each logical channel has a separate selection of files or ISD-R', async () => {
    const card = await enabled()
    expect(await exchangeHex(card, `00a4040407${USIM}00`)).toMatch(/^62.*9000$/)
    expect(await exchangeHex(card, '80f2000100')).toMatch(new RegExp(`^8410${USIM}.*9000$`))
    expect(await exchangeHex(card, '81f2000100')).toMatch(/^8410a0000005591010.*9000$/)
    expect(await exchangeHex(card, '01b0000001')).toBe('6d00')
    expect(await exchangeHex(card, '01a40004022fe200')).toBe('6a82')
    expect(await exchangeHex(card, '01a40004023f0000')).toMatch(/^62.*9000$/)
    expect(await exchangeHex(card, '81e2910003bf2e0000')).toBe('6d00')
  })
  it('a power cycle keeps PIN retry counters and sequence numbers and resets verified PINs', async () => {
    const card = await enabled()
    const cycle = async () => {
      await card.card.powerCycle()
      await exchangeHex(card, `00a4040407${USIM}00`)
    }
    const verify = (pin: string) => exchangeHex(card, `0020000108${Buffer.from(pin).toString('hex')}ffffffff`)
    await cycle()
    expect(await verify('0000')).toBe('63c2')
    await cycle()
    expect(await verify('0000')).toBe('63c1')
    expect(await verify('1234')).toBe('9000')
    expect(await exchangeHex(card, challengeWith(5))).toMatch(/^db08.*9000$/)
    await cycle()
    expect(await exchangeHex(card, challengeWith(6))).toBe('6982')
    expect(await verify('1234')).toBe('9000')
    expect(await exchangeHex(card, challengeWith(5))).toMatch(/^dc0e.*9000$/)
    expect(await exchangeHex(card, challengeWith(6))).toMatch(/^db08.*9000$/)
  })
  it('DeleteProfile deletes the files of the profile', async () => {
    const card = await enabled()
    await exchangeHex(card, `00a4040407${USIM}00`)
    await exchangeHex(card, '0020000108 3030303030303030')
    expect(card.memory.names().filter(name => name.endsWith('/files'))).toHaveLength(1)
    await enable(card, 1)
    await card.call(ES10c.DeleteProfile, { iccid: ICCIDS[0]! })
    expect(card.memory.names().filter(name => name.endsWith('/files'))).toEqual([])
    const restarted = await createTestCard({ memory: createMemory(await copyMemory(card.memory)) })
    expect(await readIccid(restarted)).toBe(`${toHex(ICCIDS[1]!)}9000`)
  })
})

describe('a profile with a damaged package', () => {
  it('the card returns SW 6F00 for a damaged package, reports the fault, and the ISD-R still works', async () => {
    const faults: unknown[] = []
    const state = createStateWith([createProfile(0)], 0)
    const card = await createTestCard({ state, onFault: fault => faults.push(fault) })
    expect(await exchangeHex(card, '00a40004023f0000')).toBe('6f00')
    expect(faults).toMatchObject([{ code: 'damaged-state' }])
    await card.call(ES10c.DisableProfile, { profileIdentifier: { iccid: ICCIDS[0]! }, refreshFlag: false })
    expect(await exchangeHex(card, '00a40004023f0000')).toMatch(/^62.*9000$/)
  })
})
