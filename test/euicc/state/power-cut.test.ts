import { describe, expect, it } from 'vitest'
import type { Channel } from '../../../src/apdu/channel.ts'
import { ApduError, isApduError } from '../../../src/apdu/errors.ts'
import { answerProactive, fetchProactive } from '../../../src/apdu/proactive.ts'
import { createMemory, cutPower, type NonVolatileMemory } from '../../../src/euicc/state/memory.ts'
import { ES10b } from '../../../src/rsp/interfaces/es10b.ts'
import { ES10c } from '../../../src/rsp/interfaces/es10c.ts'
import { createMemoryWith, createProfile, createStateWith, createTestCard, ICCIDS, type TestCard } from '../card.ts'
import { testProfile } from '../profile.ts'
import { createDownload, createMetadata, downloadTo } from '../smdp-side.ts'

const [FIRST] = ICCIDS as [Uint8Array]

/** Summarizes profiles and notifications that the card lists after a restart. */
const summary = async (memory: NonVolatileMemory): Promise<string> => {
  const { call } = await createTestCard({ memory })
  const { profileInfoListOk } = await call(ES10c.GetProfilesInfo, {})
  const { notificationMetadataList } = await call(ES10b.ListNotification, {})
  return JSON.stringify([
    profileInfoListOk!.map(({ profileName, profileState }) => `${profileName} ${profileState}`),
    notificationMetadataList!.map(({ seqNumber, profileManagementOperation }) => [
      seqNumber,
      profileManagementOperation,
    ]),
  ])
}

/** Cuts the power at APDU `index`: before the card receives it, or after it executes it and before its response. */
const cutAt = (card: TestCard, index: number, when: 'before' | 'after'): TestCard & { count: () => number } => {
  let count = 0
  const channel: Channel = {
    transmit: async command => {
      const isHit = count++ === index
      const cut = async () => {
        await card.card.powerCycle()
        throw new ApduError('card-mute', 'the power failed')
      }
      if (isHit && when === 'before') return cut()
      const response = await card.channel.transmit(command)
      return isHit ? cut() : response
    },
  }
  return { ...card, ...card.over(channel), count: () => count }
}

const operations: Record<
  string,
  { start: () => NonVolatileMemory; run: (card: TestCard) => Promise<unknown>; last: string }
> = {
  'a download': { start: () => createMemory(), run: card => downloadTo(card), last: 'Plan disabled' },
  'enable, without REFRESH': {
    start: () => createMemoryWith(createStateWith([createProfile(0), createProfile(1)], 1)),
    run: ({ call }) => call(ES10c.EnableProfile, { profileIdentifier: { iccid: FIRST }, refreshFlag: false }),
    last: 'Plan 0 enabled',
  },
  'enable, with REFRESH': {
    start: () => createMemoryWith(createStateWith([createProfile(0), createProfile(1)], 1)),
    run: async ({ call, channel }) => {
      await call(ES10c.EnableProfile, { profileIdentifier: { iccid: FIRST }, refreshFlag: true })
      await answerProactive(channel, await fetchProactive(channel, 11), 0)
    },
    last: 'Plan 0 enabled',
  },
  disable: {
    start: () => createMemoryWith(createStateWith([createProfile(0)], 0)),
    run: ({ call }) => call(ES10c.DisableProfile, { profileIdentifier: { iccid: FIRST }, refreshFlag: false }),
    last: 'Plan 0 disabled',
  },
  delete: {
    start: () => createMemoryWith(createStateWith([createProfile(0), createProfile(1)])),
    run: ({ call }) => call(ES10c.DeleteProfile, { iccid: FIRST }),
    last: 'Plan 1 disabled',
  },
}

/** Expects that the next download succeeds with a new sequence number. */
const expectAlive = async (memory: NonVolatileMemory): Promise<void> => {
  const card = await createTestCard({ memory })
  const before = (await card.call(ES10b.ListNotification, {})).notificationMetadataList!
  const order = createDownload({
    profile: testProfile(2),
    metadata: createMetadata({ iccid: ICCIDS[2]!, profileName: 'Next' }),
  })
  const { successResult } = (await downloadTo(card, order))!.profileInstallationResultData.value.finalResult
  expect(successResult).toBeDefined()
  const after = (await card.call(ES10b.ListNotification, {})).notificationMetadataList!
  const numbers = after.map(({ seqNumber }) => seqNumber)
  expect(new Set(numbers).size).toBe(numbers.length)
  expect(after.length).toBeGreaterThan(before.length)
}

describe.each(Object.entries(operations))('the power fails during %s', (_name, { start, run, last }) => {
  const states = async () => {
    const old = await summary(start())
    const memory = start()
    const card = cutAt(await createTestCard({ memory }), Number.POSITIVE_INFINITY, 'before')
    await run(card)
    const done = await summary(memory)
    expect(done).toContain(last)
    return { old, done, apdus: card.count() }
  }

  it.each(['before', 'after'] as const)('a power failure %s any APDU leaves the old or the new state', async when => {
    const { old, done, apdus } = await states()
    const seen = new Set<string>()
    for (let index = 0; index < apdus; index++) {
      const memory = start()
      const card = cutAt(await createTestCard({ memory }), index, when)
      await expect(run(card)).rejects.toMatchObject({ code: 'card-mute' })
      const found = await summary(memory)
      expect([old, done], `APDU ${index} of ${apdus}`).toContain(found)
      seen.add(found)
      await expectAlive(memory)
    }
    expect(seen).toContain(old)
  })

  it.each(['before', 'after'] as const)('a power failure %s any commit leaves the old or the new state', async when => {
    const { old, done } = await states()
    for (let commit = 0; ; commit++) {
      const memory = start()
      const card = await createTestCard({ memory: cutPower(memory, { commit, when }) })
      try {
        await run(card)
        expect(commit).toBeGreaterThan(0)
        return
      } catch (error) {
        if (!isApduError(error, 'card-mute')) throw error
      }
      // A card without power does not answer.
      await expect(card.channel.transmit(Uint8Array.of(0, 0x70, 0, 0, 1))).rejects.toMatchObject({ code: 'card-mute' })
      expect([old, done], `commit ${commit}`).toContain(await summary(memory))
      await card.card.powerCycle()
      await expectAlive(memory)
    }
  })
})
