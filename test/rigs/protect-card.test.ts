import { describe, expect, it } from 'vitest'
import type { Channel } from '../../src/apdu/channel.ts'
import { storeData } from '../../src/apdu/store-data.ts'
import { encode } from '../../src/asn1/schema.ts'
import { readEid } from '../../src/lpa/card/euicc.ts'
import { openIsdr, withIsdr } from '../../src/lpa/card/isdr.ts'
import { deleteProfile, listProfiles, resetMemory } from '../../src/lpa/card/profiles.ts'
import { isListed, protectCard } from '../../src/rigs/protect-card.ts'
import { iccidFromDigits } from '../../src/rsp/identifiers.ts'
import { ES10a } from '../../src/rsp/interfaces/es10a.ts'
import { ES10c } from '../../src/rsp/interfaces/es10c.ts'
import { createProfile, createStateWith, createTestCard, ICCID_DIGITS, testIdentity } from '../euicc/card.ts'

const [first, second] = ICCID_DIGITS
/** Two profiles, the first enabled. */
const createCard = async (numbers: readonly string[]) => {
  const made = await createTestCard({
    state: createStateWith([createProfile(0), createProfile(1)], 0),
    identity: testIdentity(),
  })
  const sent: string[] = []
  const counted = {
    ...made.card,
    get atr() {
      return made.card.atr
    },
    exclusive: <T>(work: (channel: Channel) => Promise<T>): Promise<T> =>
      made.card.exclusive(channel =>
        work({
          transmit: command => {
            sent.push(Buffer.from(command).toString('hex'))
            return channel.transmit(command)
          },
        }),
      ),
  }
  return { card: protectCard(numbers)(counted), sent, bare: made.card }
}
const count = (made: Awaited<ReturnType<typeof createCard>>): Promise<number> =>
  made.bare.exclusive(channel => withIsdr(channel, {}, async isdr => (await listProfiles(isdr)).length))

describe('a protected card', () => {
  it('protectCard returns the card unchanged for an empty list', async () => {
    const { bare } = await createCard([])
    expect(protectCard([])(bare)).toBe(bare)
  })

  it('protectCard rejects a protected operation before the card receives it', async () => {
    const made = await createCard([second])
    await expect(
      made.card.exclusive(channel => withIsdr(channel, {}, isdr => deleteProfile(isdr, { iccid: second }))),
    ).rejects.toMatchObject({ code: 'protected' })
    expect(made.sent.some(command => command.includes('bf33'))).toBe(false)
    expect(await count(made)).toBe(2)
    // The guard is in nobody's way: the channel works on.
    expect(await made.card.exclusive(channel => withIsdr(channel, {}, readEid))).toMatch(/^\d{32}$/)
  })

  it('protectCard passes other operations, in one or more segments', async () => {
    const made = await createCard([first])
    await made.card.exclusive(channel =>
      withIsdr(channel, { segmentSize: 16 }, async isdr => {
        await deleteProfile(isdr, { iccid: second })
      }),
    )
    expect(await count(made)).toBe(1)
  })

  it.each([1, 2, 5, 14])('protectCard detects a protected operation in segments of %i bytes', async segmentSize => {
    const made = await createCard([second])
    const deletion = encode(ES10c.DeleteProfile.request, { iccid: iccidFromDigits(second) })
    await made.card.exclusive(async channel => {
      const isdr = await openIsdr(channel)
      await expect(storeData(channel, isdr.logicalChannel, deletion, { segmentSize })).rejects.toMatchObject({
        code: 'protected',
      })
      await isdr.close()
    })
    expect(await count(made)).toBe(2)
  })

  it.each<[string, Uint8Array]>([
    ['a reset', encode(ES10c.eUICCMemoryReset.request, { resetOptions: ['deleteOperationalProfiles'] })],
    ['a reset of SGP.22 v3', Uint8Array.of(0xbf, 0x64, 0)],
    ['a deletion that cannot be read', Uint8Array.of(0xbf, 0x33, 3, 0x5a, 9, 9)],
    [
      'enabling another, which disables it',
      encode(ES10c.EnableProfile.request, {
        profileIdentifier: { iccid: iccidFromDigits(second) },
        refreshFlag: false,
      }),
    ],
  ])('refuses %s', async (_name, request) => {
    const made = await createCard([first])
    await made.card.exclusive(async channel => {
      const isdr = await openIsdr(channel)
      await expect(isdr.send(request)).rejects.toMatchObject({ code: 'protected' })
      await isdr.close()
    })
    expect(await count(made)).toBe(2)
  })

  it('a listed EID also protects the default SM-DP+ address, and reading stays allowed', async () => {
    const eid = await (await createCard([])).bare.exclusive(channel => withIsdr(channel, {}, readEid))
    const made = await createCard([eid])
    await made.card.exclusive(channel =>
      withIsdr(channel, {}, async isdr => {
        await expect(isdr.call(ES10a.SetDefaultDpAddress, { defaultDpAddress: 'a' })).rejects.toMatchObject({
          code: 'protected',
        })
        await expect(resetMemory(isdr, ['resetDefaultSmdpAddress'])).rejects.toMatchObject({ code: 'protected' })
        expect(await listProfiles(isdr)).toHaveLength(2)
      }),
    )
  })

  it('protectCard rejects the operation if the card does not answer GetEID', async () => {
    const made = await createCard([first])
    // No ISD-R is selected: the card tells nothing.
    await expect(
      made.card.exclusive(channel => channel.transmit(Buffer.from('80e291000fbf330c5a0a98000000000000000010', 'hex'))),
    ).rejects.toThrow('the card does not answer GetEID')
  })
})

it.each([
  ['8949001000000000001', '8949001000000000001', true],
  ['894900100000000000', '8949001000000000001', true],
  ['8949001000000000001', '894900100000000000', true],
  ['8949001000000000002', '8949001000000000001', false],
  ['8949001000000000002', '', false],
])('%s on the list, %s on the card: %s', (listed, number, expected) => {
  expect(isListed([listed], number)).toBe(expected)
})
