import { describe, expect, it } from 'vitest'
import { xor } from '../../../src/profile/aka/algorithm.ts'
import { joinSqn, splitSqn } from '../../../src/profile/aka/sequence-number.ts'
import { testAlgorithm } from '../../../src/profile/aka/test-algorithm.ts'
import { createNetwork, type NetworkSettings, type RegisteredSubscriber } from '../../../src/server/network/network.ts'
import { countingRandom } from '../operator/smdp-stub.ts'

const IMSI = '234150000000001'
const ICCID = '8944100000000000013'
const algorithm = testAlgorithm(new Uint8Array(16).fill(0x5a))

const setUp = (here = { plmn: '23415', name: 'Bench Mobile' }, more: Partial<NetworkSettings> = {}) => {
  const time = { now: new Date('2026-03-01T12:00:00Z') }
  const seen: RegisteredSubscriber[] = []
  const network = createNetwork({
    here,
    subscribers: imsi => (imsi === IMSI ? { imsi, iccid: ICCID, algorithm } : undefined),
    clock: () => time.now,
    random: countingRandom(),
    onRegistered: subscriber => seen.push(subscriber),
    ...more,
  })
  const ask = async (): Promise<{ rand: Uint8Array; autn: Uint8Array }> => {
    const challenge = await network.challenge(IMSI)
    if ('refused' in challenge) throw new Error(challenge.refused)
    return challenge
  }
  return { network, ask, seen, time }
}
const sqnOf = ({ rand, autn }: { rand: Uint8Array; autn: Uint8Array }): Uint8Array =>
  xor(autn.subarray(0, 6), algorithm.f5(rand))

describe('network authentication', () => {
  it('A subscriber with a correct RES is registered in the home network', async () => {
    const { network, ask, seen } = setUp()
    const { rand } = await ask()
    expect(await network.answer(IMSI, { res: algorithm.f2(rand) })).toEqual({
      accepted: true,
      registration: 'home',
      operator: 'Bench Mobile',
      plmn: '23415',
    })
    expect(network.registered()).toMatchObject([{ imsi: IMSI, iccid: ICCID, plmn: '23415', kind: 'home' }])
    expect(seen).toEqual(network.registered())
  })

  it('A subscriber of another network is registered as roaming', async () => {
    const { network, ask } = setUp({ plmn: '26201', name: 'Elsewhere' })
    const { rand } = await ask()
    expect(await network.answer(IMSI, { res: algorithm.f2(rand) })).toMatchObject({ registration: 'roaming' })
  })

  it('Challenges have an increasing sequence number with a MAC', async () => {
    const { ask } = setUp()
    const [first, second] = [await ask(), await ask()]
    expect(splitSqn(sqnOf(second)).seq).toBe(splitSqn(sqnOf(first)).seq + 1)
    const mac = algorithm.f1(first.rand, sqnOf(first), first.autn.subarray(6, 8))
    expect(first.autn.subarray(8)).toEqual(mac)
  })

  it('An unknown IMSI is rejected', async () => {
    const { network } = setUp()
    expect(await network.challenge('001010000000001')).toEqual({ refused: 'unknown-subscriber' })
    expect(await network.answer('001010000000001', { res: new Uint8Array(16) })).toEqual({
      refused: 'unknown-subscriber',
    })
  })

  it('A RES with a wrong value or length is rejected and registers no device', async () => {
    const { network, ask } = setUp()
    for (const spoil of [(res: Uint8Array) => res.with(3, res[3]! ^ 1), (res: Uint8Array) => res.subarray(0, 4)]) {
      const { rand } = await ask()
      expect(await network.answer(IMSI, { res: spoil(algorithm.f2(rand)) })).toEqual({ refused: 'wrong-response' })
    }
    expect(network.registered()).toEqual([])
  })

  it('A challenge allows one response within a minute', async () => {
    const { network, ask, time } = setUp()
    expect(await network.answer(IMSI, { res: new Uint8Array(16) })).toEqual({ refused: 'no-challenge' })
    const { rand } = await ask()
    await network.answer(IMSI, { res: algorithm.f2(rand) })
    expect(await network.answer(IMSI, { res: algorithm.f2(rand) })).toEqual({ refused: 'no-challenge' })
    const late = await ask()
    time.now = new Date(time.now.getTime() + 60_001)
    expect(await network.answer(IMSI, { res: algorithm.f2(late.rand) })).toEqual({ refused: 'no-challenge' })
  })

  it('A detached device is no longer registered', async () => {
    const { network, ask } = setUp()
    const { rand } = await ask()
    await network.answer(IMSI, { res: algorithm.f2(rand) })
    network.detach(IMSI)
    expect(network.registered()).toEqual([])
  })
})

describe('network resynchronization (TS 33.102 §6.3.5)', () => {
  const sqnMs = joinSqn({ seq: 5000, ind: 7 })
  const autsFor = (rand: Uint8Array): Uint8Array =>
    Uint8Array.from([...xor(sqnMs, algorithm.f5star(rand)), ...algorithm.f1star(rand, sqnMs, new Uint8Array(2))])

  it('The AuC continues from the sequence number of the USIM', async () => {
    const { network, ask } = setUp()
    const { rand } = await ask()
    const verdict = await network.answer(IMSI, { auts: autsFor(rand) })
    if (!('challenge' in verdict)) throw new Error('a new challenge is expected')
    expect(splitSqn(sqnOf(verdict.challenge))).toEqual({ seq: 5001, ind: 8 })
    expect(await network.answer(IMSI, { res: algorithm.f2(verdict.challenge.rand) })).toMatchObject({ accepted: true })
  })
  it('An AUTS with a wrong MAC or a wrong length is rejected', async () => {
    const { network, ask } = setUp()
    for (const spoil of [(a: Uint8Array) => a.with(13, a[13]! ^ 1), (a: Uint8Array) => a.subarray(0, 13)]) {
      const { rand } = await ask()
      expect(await network.answer(IMSI, { auts: spoil(autsFor(rand)) })).toEqual({ refused: 'bad-resynchronization' })
    }
  })
  it('An attempt allows one resynchronization', async () => {
    const { network, ask } = setUp()
    const { rand } = await ask()
    const verdict = await network.answer(IMSI, { auts: autsFor(rand) })
    if (!('challenge' in verdict)) throw new Error('a new challenge is expected')
    expect(await network.answer(IMSI, { auts: autsFor(verdict.challenge.rand) })).toEqual({ refused: 'out-of-step' })
  })
})
