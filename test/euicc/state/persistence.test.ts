import { describe, expect, it } from 'vitest'
import { encode } from '../../../src/asn1/schema.ts'
import { EuiccError } from '../../../src/euicc/error.ts'
import { copyMemory, createMemory } from '../../../src/euicc/state/memory.ts'
import { getStateChanges, loadState } from '../../../src/euicc/state/persistence.ts'
import { RootRecord, STATE_VERSION } from '../../../src/euicc/state/state-records.ts'
import { ES10c } from '../../../src/rsp/interfaces/es10c.ts'
import { createMemoryWith, createProfile, createStateWith, createTestCard, ICCIDS, testIdentity } from '../card.ts'
import { downloadTo } from '../smdp-side.ts'

const { eid } = testIdentity()
const start = (contents: ReadonlyMap<string, Uint8Array>) => createTestCard({ memory: createMemory(contents) })
const rejection = (contents: ReadonlyMap<string, Uint8Array>): Promise<EuiccError> =>
  start(contents).then(
    () => expect.fail('the card started'),
    error => (error instanceof EuiccError ? error : Promise.reject(error)),
  )

describe('the memory of a card', () => {
  it('is not touched before something changes', async () => {
    const card = await createTestCard()
    await card.call(ES10c.GetProfilesInfo, {})
    expect(card.memory.names()).toEqual([])
  })
  it('gives back the state that was written, entry by entry', async () => {
    const card = await createTestCard()
    await downloadTo(card)
    const state = await loadState(card.memory, eid)
    expect([...getStateChanges(undefined, state)].sort()).toEqual([...(await copyMemory(card.memory))].sort())
    expect(getStateChanges(state, state).size).toBe(0)
  })
  it('is written in small pieces: a nickname does not cost a package', async () => {
    const before = createStateWith([createProfile(0), createProfile(1)])
    const memory = createMemoryWith(before)
    const commits: string[][] = []
    const watched = {
      ...memory,
      commit: (changes: ReadonlyMap<string, Uint8Array | null>) => {
        commits.push([...changes.keys()])
        return memory.commit(changes)
      },
    }
    const card = await createTestCard({ memory: watched })
    await card.call(ES10c.SetNickname, { iccid: ICCIDS[1]!, profileNickname: 'n' })
    expect(commits).toEqual([['profile/a0000005591010ffffffff8900001100']])
  })

  it('of a later version is refused', async () => {
    const root = encode(RootRecord, { version: STATE_VERSION + 1, eid, nextSequenceNumber: 0 })
    const error = await rejection(new Map([['card', root]]))
    expect(error).toMatchObject({ code: 'newer-state', entry: 'card' })
    expect(error.message).toMatch(/version 2/)
  })
  it('of another card is refused', async () => {
    const root = encode(RootRecord, { version: STATE_VERSION, eid: new Uint8Array(16), nextSequenceNumber: 0 })
    expect(await rejection(new Map([['card', root]]))).toMatchObject({ code: 'foreign-state' })
  })
  it.each<[string, (contents: Map<string, Uint8Array>) => void, string]>([
    ['without a root', contents => contents.delete('card'), 'profile/'],
    ['with a root that is cut off', contents => contents.set('card', contents.get('card')!.subarray(0, 9)), 'card'],
    ['with an entry that nobody wrote', contents => contents.set('notes', new Uint8Array(1)), 'notes'],
    ['with a profile that is none', contents => contents.set('profile/a000', Uint8Array.of(0x30, 0)), 'profile/a000'],
    ['with a profile without package', contents => dropPackage(contents), 'profile/'],
    [
      'with a notification that is none',
      contents => contents.set('notification/4', new Uint8Array(2)),
      'notification/4',
    ],
    ['with a revocation list that is none', contents => contents.set('crl/00', new Uint8Array(2)), 'crl/00'],
    ['with a one-time key that is none', contents => contents.set('one-time-key', new Uint8Array(2)), 'one-time-key'],
  ])('%s is refused, and the entry is named', async (_name, damage, entry) => {
    const contents = await copyMemory(createMemoryWith(createStateWith([createProfile(0)])))
    damage(contents)
    const error = await rejection(contents)
    expect(error.code).toBe('damaged-state')
    expect(error.entry).toContain(entry)
  })
})
const dropPackage = (contents: Map<string, Uint8Array>) => {
  for (const name of contents.keys()) if (name.endsWith('/package')) contents.delete(name)
}

describe('what makes a card', () => {
  it.each([
    ['no certificate', { credentials: [] }],
    ['an EID of 15 bytes', { eid: eid.subarray(1) }],
    ['an EID that is not in the certificate', { eid: eid.with(15, 0) }],
    ['two certificates under one CI', { credentials: [...testIdentity().credentials, ...testIdentity().credentials] }],
    [
      'a key that is not of the certificate',
      {
        credentials: [
          {
            ...testIdentity().credentials[0]!,
            euiccPrivateKey: testIdentity(['brainpoolP256r1']).credentials[0]!.euiccPrivateKey,
          },
        ],
      },
    ],
  ])('is not %s', async (_name, changes) => {
    await expect(createTestCard({ identity: { ...testIdentity(), ...changes } })).rejects.toMatchObject({
      code: 'bad-identity',
    })
  })
})

describe('power', () => {
  it('is off for good when the card was closed', async () => {
    const card = await createTestCard()
    await card.card.close()
    await expect(card.channel.transmit(Uint8Array.of(0, 0x70, 0, 0, 1))).rejects.toMatchObject({ code: 'card-removed' })
    await expect(card.card.reset()).rejects.toMatchObject({ code: 'card-removed' })
  })
  it('comes back with a reset as well', async () => {
    const card = await createTestCard()
    expect(await card.card.reset()).toEqual(card.card.atr)
  })
})
