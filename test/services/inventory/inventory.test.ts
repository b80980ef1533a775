import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toHex } from '../../../src/asn1/bytes.ts'
import { luhnDigit } from '../../../src/profile/digits.ts'
import { decodeProfilePackage } from '../../../src/profile/package.ts'
import { getProfileSubscriber } from '../../../src/profile/subscriber.ts'
import { createMemoryStore } from '../../../src/server/smdp/memory-store.ts'
import type { SmdpStore } from '../../../src/server/smdp/store.ts'
import { applyInventory } from '../../../src/services/inventory/apply-inventory.ts'
import { readInventory } from '../../../src/services/inventory/read-inventory.ts'
import { createCliFixture, type Place } from '../../cli/runtime.ts'

const EID = '89049032123451234512345678901235'
const iccidOf = (index: number): string => {
  const front = `8949001${String(index).padStart(11, '0')}`
  return front + luhnDigit(front)
}

let place: Place
let store: SmdpStore
beforeEach(() => {
  place = createCliFixture()
  store = createMemoryStore()
})
afterEach(() => place.remove())

const write = (name: string, text: string): string => {
  const path = join(place.folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
const at = new Date('2026-11-23T01:00:00Z')
const { random } = createCliFixture().runtimeOf(new AbortController().signal).runtime
const read = (text: string, environment: NodeJS.ProcessEnv = {}) =>
  readInventory(write('inventory.yaml', text), { random, environment })
const load = (text: string, environment?: NodeJS.ProcessEnv) =>
  applyInventory({ store, clock: () => at, address: 'smdp.example' }, read(text, environment))
const refusal = (text: string, environment?: NodeJS.ProcessEnv): string => {
  try {
    read(text, environment)
  } catch (error) {
    return (error as Error).message.replaceAll(place.folder, '')
  }
  throw new Error('it was taken')
}

const WHOLE = `
types:
  gold:
    template: own
    metadata: {serviceProviderName: Gold Mobile, profileName: Gold, profileClass: test, owner: {mccMnc: "00101"}}
    memory: 1000
    requires: {deviceCapabilities: {nr5gcSupportedRelease: 15, lpaSvn: "3.1"}, uiccCapability: [getIdentity]}
  silver: {template: own}
stock:
- {type: gold, iccid: "${iccidOf(1)}-${iccidOf(3)}", imsi: "001010000000001", msisdn: "+491555000001"}
- {type: silver, csv: keys.csv}
orders:
- {matchingId: FREE, profile: gold}
- {matchingId: BOUND, profile: gold, eid: "${EID}", confirmationCode: secret, maxAttempts: 3, expires: 2027-01-01T00:00:00Z}
- {profile: silver, eid: "${EID}", state: Linked}
- {matchingId: DONE, profile: silver, state: Installed, metadata: {profileName: Other}}
- {matchingId: MADE, profile: silver, reusable: true, eventId: EVENT-1}
`
const CSV = `ICCID,IMSI,Ki,OPc,PIN1\n${iccidOf(11)},001010000000011,000102030405060708090a0b0c0d0e0f,ffeeddccbbaa99887766554433221100,4711\n`
// The second order of silver takes it; what is missing then is made.

describe('an inventory', () => {
  beforeEach(() => void write('keys.csv', CSV))

  it('applyInventory stores types, stock and orders with their history', async () => {
    const report = await load(WHOLE)
    expect(report.conflicts).toEqual([])
    expect(report.profilesAdded).toBe(6)
    expect(report.ordersAdded).toHaveLength(5)
    const free = await store.findOrderByMatchingId('FREE')
    expect(free).toMatchObject({ iccid: iccidOf(1), state: 'Released', reusable: false })
    expect(free!.history.map(({ to }) => to)).toEqual(['Available', 'Allocated', 'Confirmed', 'Released'])
    expect(await store.findOrderByMatchingId('BOUND')).toMatchObject({
      eid: EID,
      maxAttempts: 3,
      expiresAt: new Date('2027-01-01T00:00:00Z'),
      confirmationCodeHash: expect.any(Uint8Array),
    })
    expect(await store.findOrder(iccidOf(11))).toMatchObject({ state: 'Linked', eid: EID })
    expect(await store.findOrderByMatchingId('DONE')).toMatchObject({
      state: 'Installed',
      metadata: { profileName: 'Other' },
    })
    expect(await store.findOrderByEventId('EVENT-1')).toMatchObject({ matchingId: 'MADE', reusable: true })
    const gold = await store.findProfile(iccidOf(2))
    expect(gold).toMatchObject({
      requires: {
        deviceCapabilities: { nr5gcSupportedRelease: [15, 0, 0], lpaSvn: [3, 1, 0] },
        uiccCapability: ['getIdentity'],
      },
    })
    expect(gold).toMatchObject({ memory: 1000, metadata: { serviceProviderName: 'Gold Mobile', profileClass: 'test' } })
    const subscriber = getProfileSubscriber(decodeProfilePackage(gold!.package))
    expect(subscriber).toMatchObject({ iccid: iccidOf(2), imsi: '001010000000002', msisdn: '+491555000002' })
    const other = getProfileSubscriber(decodeProfilePackage((await store.findProfile(iccidOf(3)))!.package))
    const rand = new Uint8Array(16)
    expect(other.algorithm.f2(rand)).not.toEqual(subscriber.algorithm.f2(rand))
  })

  it('applyInventory is idempotent', async () => {
    await load(WHOLE)
    const before = await store.listOrders()
    const report = await load(WHOLE)
    expect(report).toMatchObject({ profilesAdded: 0, ordersAdded: [], conflicts: [] })
    expect(report.ordersKept).toHaveLength(5)
    expect(await store.listOrders()).toEqual(before)
  })

  it('applyInventory adds new entries and reports differences without a change', async () => {
    await load(WHOLE)
    const report = await load(
      WHOLE.replace('maxAttempts: 3', 'maxAttempts: 4')
        .replace(`${iccidOf(3)}`, `${iccidOf(4)}`)
        .concat('- {matchingId: NEW, profile: gold}\n'),
    )
    expect(report.profilesAdded).toBe(1)
    expect(report.ordersAdded).toMatchObject([{ matchingId: 'NEW' }])
    expect(report.conflicts).toEqual([
      expect.stringMatching(/line \d+: the order of \d+ has another maxAttempts; it was kept/),
    ])
    expect(await store.findOrderByMatchingId('BOUND')).toMatchObject({ maxAttempts: 3 })
  })

  it('applyInventory reports an ICCID that is in stock with another package', async () => {
    const silver = 'types: {silver: {template: own}}\nstock: [{profile: copy.der, type: silver}]\n'
    const { stock } = read(`types: {a: {template: own}}\nstock: [{type: a, iccid: "${iccidOf(7)}", count: 1}]\n`)
    writeFileSync(join(place.folder, 'copy.der'), stock[0]!.make())
    expect((await load(silver)).profilesAdded).toBe(1)
    writeFileSync(join(place.folder, 'copy.der'), stock[0]!.make())
    expect((await load(silver)).conflicts).toEqual([`${iccidOf(7)} is in stock with another package`])
  })

  it.each([
    ['keys of their own, as `stock import --csv` does', '', false],
    ["the template's with keys: template", ', keys: template', true],
  ])('a CSV file without keys gives its rows %s', async (_, keys, areTheSame) => {
    write('keys.csv', `iccid,imsi\n${iccidOf(1)},001010000000001\n${iccidOf(2)},001010000000002\n`)
    await load(`types: {silver: {template: own}}\nstock: [{type: silver, csv: keys.csv${keys}}]\n`)
    const answers = await Promise.all(
      [1, 2].map(async index => {
        const { package: made } = (await store.findProfile(iccidOf(index)))!
        return toHex(getProfileSubscriber(decodeProfilePackage(made)).algorithm.f2(new Uint8Array(16)))
      }),
    )
    expect(answers[0] === answers[1]).toBe(areTheSame)
  })

  it('readInventory takes keys from the environment and warns about a file that others can read', async () => {
    const text = `
types: {own: {template: own, defaults: {k: {env: TEST_K}, opc: {env: TEST_OPC}}}}
stock: [{type: own, iccid: "${iccidOf(1)}", keys: template}, {type: own, csv: keys.csv}]
`
    chmodSync(join(place.folder, 'keys.csv'), 0o644)
    const environment = { TEST_K: '00'.repeat(16), TEST_OPC: '11'.repeat(16) }
    expect(read(text, environment).warnings).toEqual([
      expect.stringMatching(/keys\.csv contains keys.*mode 644.*chmod 600/),
    ])
    expect(refusal(text)).toContain('k: the environment has no TEST_K')
    expect(refusal(text, { TEST_K: 'abc', TEST_OPC: 'x' })).toMatch(/k: hexadecimal digits are expected$/)
  })
})

describe('readInventory reports an error with its position', () => {
  beforeEach(() => void write('keys.csv', CSV))
  it.each<[string, string, string | RegExp]>([
    [
      'a key',
      'orders:\n- {profile: x, matchingID: A}\n',
      /inventory\.yaml, line 2, column \d+: there is no key `matchingID` here; did you mean `matchingId`\?/,
    ],
    ['a key of a type', 'types:\n  gold: {templat: own}\n', /line 2.*`templat`.*did you mean `template`\?/],
    ['a state', 'orders:\n- {profile: x, matchingId: A, state: Ready}\n', /line 2.*state/],
    [
      'an EID without quotes',
      `orders:\n- {profile: x, eid: ${EID}}\n`,
      /line 2.*an EID of 32 digits is expected, in quotes/,
    ],
    [
      'a key in the file itself',
      'types: {gold: {template: own, defaults: {k: "00"}}}\n',
      /defaults\.k: keys are not written here: \{ env: NAME \}/,
    ],
    [
      'a capability of devices',
      'types: {gold: {template: own, requires: {deviceCapabilities: {nr5gcSupportedReleas: 15}}}}\n',
      /line 1.*nr5gcSupportedReleas/,
    ],
    [
      'a release',
      'types: {gold: {template: own, requires: {deviceCapabilities: {nr5gcSupportedRelease: R15}}}}\n',
      /nr5gcSupportedRelease: a release such as 15 or 15\.4\.0 is expected/,
    ],
    [
      'a number of a release',
      'types: {gold: {template: own, requires: {deviceCapabilities: {nr5gcSupportedRelease: "15.256"}}}}\n',
      /nr5gcSupportedRelease: no number of a release is over 255/,
    ],
    ['nothing in it', '', 'types, stock, orders, operators or faults are expected'],
    [
      'faults that would do nothing',
      'faults: [{function: HandleNotification, kind: changed-byte, offset: 1}]\n',
      'the fault rule changed-byte of HandleNotification: the function does not return this data',
    ],
    [
      'a certificate that is not there',
      'misbehave: [{function: AuthenticateClient, kind: wrong-certificate, certificate: none.der}]\n',
      'none.der is neither a file nor a fault of certificates',
    ],
    [
      'faults under both names',
      'faults: []\nmisbehave: []\n',
      /line 2: `misbehave` is the deprecated name of `faults`, and the file has both/,
    ],
    [
      'an unknown type',
      'types: {gold: {template: own}}\norders:\n- {profile: glod, matchingId: A}\n',
      'line 3: there is no profile type "glod" under types; did you mean gold?',
    ],
    [
      'no matching id and no EID',
      'types: {gold: {template: own}}\norders:\n- {profile: gold}\n',
      'line 3: an order without matchingId is the default one of an EID',
    ],
    [
      'one matching id twice',
      'types: {gold: {template: own}}\norders:\n- {profile: gold, matchingId: A}\n- {profile: gold, matchingId: A}\n',
      /line 4: the matching id A is that of .*line 3 already/,
    ],
    [
      'an ICCID with a wrong check digit',
      `types: {gold: {template: own}}\nstock:\n- {type: gold, iccid: "${iccidOf(1).slice(0, -1)}${(Number(iccidOf(1).at(-1)) + 1) % 10}"}\n`,
      `line 3: the last digit of`,
    ],
    [
      'a range that ends before it begins',
      `types: {gold: {template: own}}\nstock:\n- {type: gold, iccid: "${iccidOf(2)}-${iccidOf(1)}"}\n`,
      'the range ends before it begins',
    ],
    [
      'stock twice',
      `types: {gold: {template: own}}\nstock:\n- {type: gold, csv: keys.csv}\n- {type: gold, csv: keys.csv}\n`,
      `the ICCID ${iccidOf(11)} is in the stock twice`,
    ],
    [
      'a template that is none',
      'types: {gold: {template: keys.csv}}\nstock:\n- {type: gold, csv: keys.csv}\n',
      'the profile file keys.csv cannot be used: offset 0',
    ],
    ['a file that is not there', 'stock: [{profile: none.der}]\n', 'none.der: there is no such file'],
  ])('%s', (_name, text, expected) => {
    const message = refusal(text)
    if (typeof expected === 'string') expect(message).toContain(expected)
    else expect(message).toMatch(expected)
  })

  const secret = '00112233445566778899aabbccddeeff'
  it.each<[string, string, string]>([
    [
      'an unknown column',
      `iccid,opcc\n`,
      'keys.csv, line 1, column 2: there is no value called "opcc"; did you mean `opc`?',
    ],
    ['a key for a column name', `${secret},${iccidOf(1)}\n`, 'line 1, column 1: a value stands where a name should'],
    ['no rows', 'iccid,k\n', 'keys.csv has column names and no rows'],
    ['bytes that are no text', `\u0001${'x'.repeat(500)}\n`, `${'x'.repeat(39)}"; known are iccid`],
    ['no ICCIDs', 'imsi\n', 'a column `iccid` is needed'],
    [
      'an ICCID',
      `iccid,k\n8949001,${secret}\n`,
      'keys.csv, line 2, column 1: iccid "8949001": 18 to 20 digits are expected',
    ],
    [
      'a key',
      `iccid,k\n${iccidOf(1)},${secret}00\n`,
      'keys.csv, line 2, column 2: k: 16 or 32 bytes are expected, not 17',
    ],
    [
      'a key that is not hexadecimal',
      `iccid,k\n${iccidOf(1)},${secret}zz\n`,
      'keys.csv, line 2, column 2: k: hexadecimal digits are expected',
    ],
    [
      'an IMSI twice',
      `iccid,imsi\n${iccidOf(1)},00101123\n${iccidOf(2)},00101123\n`,
      'keys.csv, line 3, column 2: imsi "00101123": it is in line 2 already',
    ],
    ['a short row', `iccid,k\n${iccidOf(1)}\n`, 'keys.csv, line 2: the row has more or fewer values'],
  ])('%s of a CSV, and no secret', (_name, csv, expected) => {
    write('keys.csv', csv)
    const message = refusal('types: {gold: {template: own}}\nstock: [{type: gold, csv: keys.csv}]\n')
    expect(message).toContain(expected)
    expect(message).not.toContain(secret.slice(0, 8))
  })
})
