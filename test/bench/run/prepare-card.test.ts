import { expect, it } from 'vitest'
import { prepareCard } from '../../../src/bench/run/prepare-card.ts'
import { withIsdr } from '../../../src/lpa/card/isdr.ts'
import { listProfiles } from '../../../src/lpa/card/profiles.ts'
import { iccidToDigits } from '../../../src/rsp/identifiers.ts'
import { createProfile, createStateWith, createTestCard, ICCID_DIGITS, testIdentity } from '../../euicc/card.ts'

const [first, second, third] = ICCID_DIGITS
/** Two profiles of the operator of the bench, the first enabled, and one of another operator. */
const createCard = (freeBytes?: number) => {
  const own = { serviceProviderName: 'Bench Mobile' }
  const profiles = [createProfile(0, own), createProfile(1), createProfile(2, own)]
  const identity = testIdentity()
  const used = profiles.reduce((sum, { size }) => sum + size, 0)
  return createTestCard({
    state: createStateWith(profiles, 0),
    identity: {
      ...identity,
      capabilities: {
        ...identity.capabilities,
        ...(freeBytes === undefined ? {} : { nonVolatileMemory: used + freeBytes }),
      },
    },
  })
}
const left = ({ card }: Awaited<ReturnType<typeof createCard>>): Promise<string[]> =>
  card.exclusive(channel =>
    withIsdr(channel, {}, async isdr => (await listProfiles(isdr)).map(({ iccid }) => iccidToDigits(iccid!))),
  )

it('prepareCard does not change a card with enough memory', async () => {
  const made = await createCard()
  const prepared = await prepareCard(made.card, { iccid: '8900000000000000005', bytes: 5000, provider: 'Bench Mobile' })
  expect(prepared).toEqual({ eid: expect.stringMatching(/^\d{32}$/), removed: [] })
  expect(await left(made)).toEqual([first, second, third])
})

it('prepareCard deletes the profile with the ICCID of the download', async () => {
  for (const iccid of [first, second]) {
    const made = await createCard()
    const prepared = await prepareCard(made.card, { iccid, bytes: 5000, provider: 'Bench Mobile' })
    expect(prepared.removed).toEqual([iccid])
    expect(await left(made)).toEqual(ICCID_DIGITS.filter(other => other !== iccid))
  }
})

it('prepareCard deletes only profiles of earlier runs if the memory is too small', async () => {
  const made = await createCard(4000)
  const prepared = await prepareCard(made.card, { iccid: '8900000000000000005', bytes: 5000, provider: 'Bench Mobile' })
  expect(prepared.removed).toEqual([first, third])
  expect(await left(made)).toEqual([second])
})

it('prepareCard does not change a card with another EID', async () => {
  const made = await createCard()
  const wanted = { iccid: second!, bytes: 5000, provider: 'Bench Mobile', eid: '89049032000000000000000000000000' }
  await expect(prepareCard(made.card, wanted)).rejects.toMatchObject({
    code: 'another-card',
    classification: { verdict: 'blocked', cause: 'rig' },
  })
  expect(await left(made)).toEqual([first, second, third])
  const { eid } = await prepareCard(made.card, { ...wanted, iccid: '8900000000000000005', eid: undefined })
  expect((await prepareCard(made.card, { ...wanted, eid })).removed).toEqual([second])
})

it('prepareCard rejects a protected profile or card before any change', async () => {
  const wanted = { iccid: '8900000000000000005', bytes: 5000, provider: 'Bench Mobile' }
  // The first profile is enabled. The run would disable it.
  const enabled = await createCard()
  await expect(prepareCard(enabled.card, wanted, {}, [first])).rejects.toMatchObject({ code: 'protected' })
  expect(await left(enabled)).toEqual([first, second, third])
  // The profile of the download exists. The run would delete it.
  const there = await createCard()
  const same = { ...wanted, iccid: second }
  await expect(prepareCard(there.card, same, {}, [second])).rejects.toMatchObject({ code: 'protected' })
  // A protected profile of the bench remains, also with little memory.
  const short = await createCard(4000)
  expect((await prepareCard(short.card, wanted, {}, [third])).removed).toEqual([first])
  expect(await left(short)).toEqual([second, third])
  const { eid } = await prepareCard((await createCard()).card, wanted)
  const whole = await createCard()
  await expect(prepareCard(whole.card, wanted, {}, [eid])).rejects.toThrow(`the card ${eid} is protected`)
})
