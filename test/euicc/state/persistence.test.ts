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
  it('the card does not write its memory before the first change', async () => {
    const card = await createTestCard()
    await card.call(ES10c.GetProfilesInfo, {})
    expect(card.memory.names()).toEqual([])
  })
  it('loadState returns the state that the card wrote', async () => {
    const card = await createTestCard()
    await downloadTo(card)
    const state = await loadState(card.memory, eid)
    expect([...getStateChanges(undefined, state)].sort()).toEqual([...(await copyMemory(card.memory))].sort())
    expect(getStateChanges(state, state).size).toBe(0)
  })
  it('SetNickname writes only the record of the profile', async () => {
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

  it('createEuicc rejects the memory of a later version', async () => {
    const root = encode(RootRecord, { version: STATE_VERSION + 1, eid, nextSequenceNumber: 0 })
    const error = await rejection(new Map([['card', root]]))
    expect(error).toMatchObject({ code: 'newer-state', entry: 'card' })
    expect(error.message).toMatch(/version 2/)
  })
  it('createEuicc rejects the memory of another card', async () => {
    const root = encode(RootRecord, { version: STATE_VERSION, eid: new Uint8Array(16), nextSequenceNumber: 0 })
    expect(await rejection(new Map([['card', root]]))).toMatchObject({ code: 'foreign-state' })
  })
  it.each<[string, (contents: Map<string, Uint8Array>) => void, string]>([
    ['without root', contents => contents.delete('card'), 'profile/'],
    ['with a truncated root', contents => contents.set('card', contents.get('card')!.subarray(0, 9)), 'card'],
    ['with an unknown entry', contents => contents.set('notes', new Uint8Array(1)), 'notes'],
    ['with a malformed profile', contents => contents.set('profile/a000', Uint8Array.of(0x30, 0)), 'profile/a000'],
    ['with a profile without package', contents => dropPackage(contents), 'profile/'],
    ['with a malformed notification', contents => contents.set('notification/4', new Uint8Array(2)), 'notification/4'],
    ['with a malformed revocation list', contents => contents.set('crl/00', new Uint8Array(2)), 'crl/00'],
    ['with a malformed one-time key', contents => contents.set('one-time-key', new Uint8Array(2)), 'one-time-key'],
  ])('createEuicc rejects a memory %s and reports the entry', async (_name, damage, entry) => {
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

describe('checkCardIdentity', () => {
  it.each([
    ['without certificate', { credentials: [] }],
    ['with an EID of 15 bytes', { eid: eid.subarray(1) }],
    ['with an EID that differs from the certificate', { eid: eid.with(15, 0) }],
    [
      'with two certificates of one CI',
      { credentials: [...testIdentity().credentials, ...testIdentity().credentials] },
    ],
    [
      'with a private key that does not match the certificate',
      {
        credentials: [
          {
            ...testIdentity().credentials[0]!,
            euiccPrivateKey: testIdentity(['brainpoolP256r1']).credentials[0]!.euiccPrivateKey,
          },
        ],
      },
    ],
  ])('createEuicc rejects an identity %s', async (_name, changes) => {
    await expect(createTestCard({ identity: { ...testIdentity(), ...changes } })).rejects.toMatchObject({
      code: 'bad-identity',
    })
  })
})

describe('power', () => {
  it('a closed card rejects APDUs and resets with card-removed', async () => {
    const card = await createTestCard()
    await card.card.close()
    await expect(card.channel.transmit(Uint8Array.of(0, 0x70, 0, 0, 1))).rejects.toMatchObject({ code: 'card-removed' })
    await expect(card.card.reset()).rejects.toMatchObject({ code: 'card-removed' })
  })
  it('reset() returns the ATR', async () => {
    const card = await createTestCard()
    expect(await card.card.reset()).toEqual(card.card.atr)
  })
})
