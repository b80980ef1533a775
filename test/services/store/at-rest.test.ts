import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Libsql from 'libsql'
import { beforeEach, expect, it } from 'vitest'
import { toHex } from '../../../src/asn1/bytes.ts'
import { buildProfilePackage } from '../../../src/profile/build.ts'
import { encodeProfilePackage } from '../../../src/profile/package.ts'
import { openSmdpStore } from '../../../src/services/store/open-smdp-store.ts'
import { createSealing } from '../../../src/services/store/sealing.ts'
import { readStoreKeys } from '../../../src/services/store/store-key.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { createCardRole } from '../../server/smdp/es9p/card-role.ts'
import { createSmdpFixture, ICCID, START } from '../../server/smdp/smdp-fixture.ts'
import { openFixtures, withoutPostgres } from './postgres-cluster.ts'

const KEY = toHex(seededRandom('a store key')(32))
const places = openFixtures()
const { folder } = places
const text = Buffer.from('text')
let place: string
let count = 0
beforeEach(() => {
  place = join(folder, `${count++}`)
  mkdirSync(place)
})
const open = (location: string, key: string | undefined = KEY) =>
  openSmdpStore(location, {
    environment: key === undefined ? {} : { ESIM_BENCH_STORE_KEY: key },
    random: seededRandom(location),
  })
const refusal = (opening: Promise<unknown>) =>
  opening.then(
    () => 'opened',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  )

const k = seededRandom('K of a subscriber')(16)
const opc = seededRandom('OPc of a subscriber')(16)
const upp = encodeProfilePackage(
  buildProfilePackage({
    iccid: ICCID,
    imsi: '001010123456789',
    algorithm: { name: 'milenage', k, opc },
    serviceProviderName: 'Operator A',
    random: seededRandom('profile'),
  }),
)

/** Everything of `secret` that a reader of `bytes` could find, at any offset of a base64 text too. */
const findSecret = (bytes: Buffer, secret: Uint8Array): string[] => {
  const found: string[] = []
  if (bytes.includes(Buffer.from(secret))) found.push('binary')
  const text = bytes.toString('latin1')
  const lower = text.toLowerCase()
  if (lower.includes(toHex(secret).toLowerCase())) found.push('hex')
  for (const shift of [0, 1, 2]) {
    // The characters of a base64 text that depend on the secret alone.
    const encoded = Buffer.concat([Buffer.alloc(shift), secret]).toString('base64')
    const certain = encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + secret.length) * 8) / 6))
    if (text.includes(certain)) found.push(`base64 + ${shift}`)
  }
  return found
}

/** A download up to its bound package, with a session before it that stays open; gives every secret that was in play. */
const liveThrough = async (location: string, look: () => readonly Buffer[]): Promise<void> => {
  const store = await open(location)
  const drawn: Uint8Array[] = []
  const random = seededRandom('smdp')
  const fixture = await createSmdpFixture({
    store,
    random: length => {
      const bytes = random(length)
      // SmdpSession challenges, one-time private keys and the keys of the protected profile all come from here.
      if (length >= 16) drawn.push(Uint8Array.from(length === 32 ? bytes.slice(16) : bytes))
      return bytes
    },
    package: upp,
  })
  const card = createCardRole(fixture.pki)
  await fixture.order({ confirmationCode: undefined as never })
  await fixture.initiate(card)
  const { boundProfilePackage } = await fixture.download(card)
  const secrets = [k, opc, upp.slice(100, 160), boundProfilePackage.slice(200, 260), ...drawn]
  expect(drawn.length).toBeGreaterThan(2)
  for (const at of ['while it is open', 'after it was closed']) {
    const files = look()
    const all = Buffer.concat(files)
    expect(all.length).toBeGreaterThan(10_000)
    // The search itself works: the ICCID is there in clear.
    expect(all.includes(ICCID)).toBe(true)
    for (const [index, secret] of secrets.entries())
      expect({ at, index, found: findSecret(all, secret) }).toEqual({ at, index, found: [] })
    if (at === 'while it is open') await store.close()
  }
}

it('the search finds a secret that is stored in clear', () => {
  const secret = seededRandom('s')(16)
  expect(findSecret(Buffer.from(`{"key":"x${Buffer.from(secret).toString('base64')}"}`), secret)).toEqual([
    'base64 + 0',
  ])
  expect(findSecret(Buffer.concat([Buffer.from('abc'), secret]), secret)).toEqual(['binary'])
  expect(findSecret(Buffer.from(toHex(secret)), secret)).toEqual(['hex'])
  const inside = Buffer.concat([Buffer.from('a'), secret, Buffer.from('b')]).toString('base64')
  expect(findSecret(Buffer.from(inside), secret)).toEqual(['base64 + 1'])
})

it('the store writes no secret in clear into a SQLite file or its log', async () => {
  const file = join(place, 'smdp.db')
  await liveThrough(file, () => readdirSync(place).map(name => readFileSync(join(place, name))))
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

it.skipIf(withoutPostgres)(
  `the store writes no secret in clear into PostgreSQL${withoutPostgres ? ` (${withoutPostgres})` : ''}`,
  async () => {
    const url = places.cluster.database('at_rest')
    const read = (path: string): Buffer[] =>
      readdirSync(path, { withFileTypes: true }).flatMap(entry => {
        const inside = join(path, entry.name)
        if (entry.isDirectory()) return read(inside)
        return entry.isFile() ? [readFileSync(inside)] : []
      })
    await liveThrough(url, () => {
      // Onto the disk with everything that the server still has in memory; its log has it already.
      execFileSync('psql', ['-h', places.cluster.folder, '-U', 'tester', '-c', 'checkpoint', 'at_rest'])
      return ['base', 'pg_wal', '../log'].flatMap(name => {
        const path = join(places.cluster.folder, 'data', name)
        return statSync(path).isDirectory() ? read(path) : [readFileSync(path)]
      })
    })
  },
)

it('seal gives a new ciphertext each time, and open requires the same column', () => {
  const key = seededRandom('k')(32)
  const sealing = createSealing([key], seededRandom('one'))
  const one = sealing.seal(text, 'order 1')
  expect(Buffer.from(one).equals(Buffer.from(sealing.seal(text, 'order 1')))).toBe(false)
  expect(sealing.open(one, 'order 1')).toEqual(text)
  expect(() => sealing.open(one, 'order 2')).toThrow(expect.objectContaining({ code: 'store-damaged' }))
  for (let at = 0; at < one.length; at++) {
    const changed = Uint8Array.from(one)
    changed[at]! ^= 1
    expect(() => sealing.open(changed, 'order 1'), `byte ${at}`).toThrow(
      expect.objectContaining({ code: at >= 1 && at < 9 ? 'store-key' : 'store-damaged' }),
    )
  }
  expect(() => sealing.open(one.slice(0, 20), 'order 1')).toThrow(expect.objectContaining({ code: 'store-damaged' }))
})

it('open decrypts with a former key', () => {
  const [former, key] = [seededRandom('former')(32), seededRandom('key')(32)]
  const sealed = createSealing([former], seededRandom('one')).seal(text, 'a')
  expect(createSealing([key, former], seededRandom('two')).open(sealed, 'a')).toEqual(text)
  expect(() => createSealing([key], seededRandom('two')).open(sealed, 'a')).toThrow(
    /key [0-9a-f]{16}, which is not given/,
  )
})

it('readStoreKeys creates a key file for its owner and refuses one that others can read', () => {
  const file = join(place, 'smdp.key')
  const [made] = readStoreKeys({}, file, seededRandom('made'))
  expect(made).toHaveLength(32)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readStoreKeys({}, file, seededRandom('again'))).toEqual([made])
  expect(readStoreKeys({ ESIM_BENCH_STORE_KEY: `${KEY},${toHex(made!)}` }, file, seededRandom('x'))).toHaveLength(2)
  chmodSync(file, 0o644)
  expect(() => readStoreKeys({}, file, seededRandom('x'))).toThrow(`chmod 600 ${file}`)
  chmodSync(file, 0o600)
  writeFileSync(file, 'short')
  expect(() => readStoreKeys({}, file, seededRandom('x'))).toThrow(/32 bytes as 64 hexadecimal digits or in base64/)
  expect(() => readStoreKeys({ ESIM_BENCH_STORE_KEY: 'abc' }, file, seededRandom('x'))).toThrow(/openssl rand -hex 32/)
})

it('openSmdpStore refuses another key, a newer format and a damaged file with a correction', async () => {
  const file = join(place, 'smdp.db')
  await (await open(file)).close()
  const other = toHex(seededRandom('another')(32))
  expect(await refusal(open(file, other))).toMatch(/^store-key: .*encrypted with another key.*set ESIM_BENCH_STORE_KEY/)
  expect(await refusal(open(file))).toBe('opened')

  const database = new Libsql(file)
  database.exec('update smdp_store set form = 99')
  database.close()
  expect(await refusal(open(file))).toMatch(/^store-newer: .*form 99, this one knows \d+.*update esim-bench/)

  const text = join(place, 'text.db')
  writeFileSync(text, 'this is no database, it is a text that someone called so'.repeat(40))
  expect(await refusal(open(text))).toMatch(/^store-damaged: .*put a copy of it back/)
  expect(await refusal(open(join(place, 'none', 'smdp.db')))).toMatch(/^store-unreachable: cannot use the store/)
  expect(await refusal(open(place))).toMatch(/^store-unreachable/)
  expect(existsSync(join(place, 'none'))).toBe(false)
})

it('openSmdpStore reports that another process holds the file', async () => {
  const file = join(place, 'smdp.db')
  await (await open(file)).close()
  const holder = new Libsql(file)
  holder.exec('begin immediate')
  try {
    expect(await refusal(open(file))).toMatch(/^store-busy: another process holds the store/)
  } finally {
    holder.exec('rollback')
    holder.close()
  }
})

it('clear deletes all data', async () => {
  const store = await open('memory:')
  const fixture = await createSmdpFixture({ store })
  await fixture.order()
  await fixture.initiate(createCardRole(fixture.pki))
  await store.clear()
  expect(await store.listOrders()).toEqual([])
  expect(await store.findProfile(ICCID)).toBeUndefined()
  await fixture.stock()
  expect(await store.findOrder(ICCID)).toMatchObject({ state: 'Available', history: [{ at: START }] })
  await store.close()
})

it('openSmdpStore reports an unreachable PostgreSQL without the password', async () => {
  const nobody = 'postgres://user:geheim@127.0.0.1:1/smdp'
  const said = await refusal(open(nobody))
  expect(said).toMatch(
    /^store-unreachable: PostgreSQL at postgres:\/\/user:\*\*\*@127\.0\.0\.1:1\/smdp cannot be reached/,
  )
  expect(said).not.toContain('geheim')
  expect(await refusal(open('postgres://user@127.0.0.1:1/smdp', undefined as never))).toMatch(
    /^store-key|^store-unreachable/,
  )
  expect(await refusal(openSmdpStore(nobody, { environment: {}, random: seededRandom('x') }))).toMatch(
    /^store-key: ESIM_BENCH_STORE_KEY must hold/,
  )
})

it.skipIf(withoutPostgres)(
  `openSmdpStore reports a missing PostgreSQL database${withoutPostgres ? ` (${withoutPostgres})` : ''}`,
  async () => {
    const url = places.cluster.database('bad_forms')
    expect(await refusal(open(url.replace('bad_forms', 'nowhere')))).toMatch(/^store-unreachable: .*no such database/)
    const store = await open(url)
    await store.close()
    expect(await refusal(open(url, toHex(seededRandom('another')(32))))).toMatch(/^store-key: /)
  },
)
