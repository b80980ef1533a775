import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fromHex } from '../../../src/asn1/bytes.ts'
import { openContext } from '../../../src/bench/context.ts'
import { openWebPki, serverIdentity, type WebPki } from '../../../src/host/pki/web-pki.ts'
import { registerOnNetwork } from '../../../src/modem/radio/registration.ts'
import { milenage } from '../../../src/profile/aka/milenage.ts'
import { luhnDigit } from '../../../src/profile/digits.ts'
import { createNetwork } from '../../../src/server/network/network.ts'
import { createCliFixture, type Place } from '../../cli/runtime.ts'
import { SHARED } from '../../paths.ts'
import { readTs48, TS48_NAMES, ts48Missing } from '../../profile/ts48.ts'
import { type Serving, serveSmdp, serveSmdpAt } from './serving.ts'

const SGP26 = join(SHARED, 'sgp26')
const sgp26Missing = !existsSync(SGP26)
const sgp26Reason = sgp26Missing ? ' (skipped: no ../shared/sgp26 with the SGP.26 certificates)' : ''
const ts48Reason = ts48Missing ? ' (skipped: no ../shared/ts48 with the TS.48 profiles)' : ''
const EID = '89049032123451234512345678901235'

let there: Place
let here: Place
const serving: Serving[] = []
beforeEach(() => {
  there = createCliFixture()
  here = createCliFixture()
})
afterEach(async () => {
  for (const each of serving.splice(0)) await each.end()
  there.remove()
  here.remove()
})
const serve = async (...args: string[]): Promise<Serving> => {
  const server = await serveSmdp(there, ...args)
  serving.push(server)
  return server
}
const write = (name: string, text: string | Uint8Array): string => {
  const path = join(there.folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
const download = (server: Serving, host: string, matchingId: string, ...more: string[]) =>
  here.run(
    ...['card', 'download', '--smdp', host, '--matching-id', matchingId, '--json', '--yes'],
    ...['--connect-to', `127.0.0.1:${server.port('ES9+')}`, ...more],
  )

describe(`the folder of SGP.26 on one port${sgp26Reason}`, () => {
  it.skipIf(sgp26Missing)('the server serves cards on each curve', async () => {
    const inventory = write(
      'inventory.yaml',
      'types: {own: {template: own}}\norders:\n- {matchingId: NIST-1, profile: own}\n- {matchingId: BRP-1, profile: own}\n',
    )
    const server = await serve('--certs', SGP26, '--inventory', inventory, '--db', 'memory')
    expect(server.out()).toContain('SM-DP+ testsmdpplus1.example.com')
    expect(server.out()).toContain('f54172bdf98a95d65cbeb88a38a1c11d800a85c3')
    expect(server.out()).toContain('c0bc70ba36929d43b467ff57570530e57ab8fcd8')
    expect(server.out()).toContain('LPA:1$testsmdpplus1.example.com$NIST-1')
    for (const [curve, matchingId] of [
      ['nist', 'NIST-1'],
      ['brainpool', 'BRP-1'],
    ] as const) {
      const ran = await download(server, 'testsmdpplus1.example.com', matchingId, '--certs', SGP26, '--curve', curve)
      expect(ran).toMatchObject({ exitCode: 0, err: '' })
      expect(ran.json()).toMatchObject({ profile: { state: 'disabled' }, notificationSent: true })
    }
    expect(server.out()).toMatch(/ES9\+\.GetBoundProfilePackage\s+Executed-Success {2}89\d+ {2}BRP-1/)
    expect(server.out()).toMatch(/ES9\+\.HandleNotification\s+HTTP 204 {2}89\d+/)
    expect(server.err()).toBe('')
  })
})

describe(`SGP.26 after February 2027, when its TLS certificates have ended${sgp26Reason}`, () => {
  it.skipIf(sgp26Missing)('the server issues TLS certificates again under the CIs', async () => {
    const inventory = write(
      'i.yaml',
      'types: {own: {template: own}}\norders: [{matchingId: NIST-2, profile: own}, {matchingId: BRP-2, profile: own}]\n',
    )
    const later = () => new Date('2027-06-01T00:00:00Z')
    const server = await serveSmdpAt(there, later, '--certs', SGP26, '--inventory', inventory, '--db', 'memory')
    serving.push(server)
    for (const [curve, matchingId] of [
      ['nist', 'NIST-2'],
      ['brainpool', 'BRP-2'],
    ] as const) {
      const ran = await download(server, 'testsmdpplus1.example.com', matchingId, '--certs', SGP26, '--curve', curve)
      expect(ran).toMatchObject({ exitCode: 0, err: '' })
    }
  })

  it.skipIf(sgp26Missing)('an expired CI is reported', async () => {
    const end = serveSmdpAt(there, () => new Date('2061-01-01T00:00:00Z'), '--certs', SGP26, '--db', 'memory')
    await expect(end).rejects.toThrow(/ended with 2.*certificate folder .* cannot be used: CertificateIssuer.*expired/s)
  })
})

describe('an SM-DP+ of our own certificates', () => {
  const certs = (curve: string): string[] => ['--certs', join(there.home, 'pki', curve), '--curve', curve]

  it('a reusable order serves several cards', async () => {
    const inventory = write(
      'inventory.yaml',
      `types: {own: {template: own}}
orders:
- {matchingId: AGAIN, profile: own, reusable: true}
- {matchingId: ONCE, profile: own}
`,
    )
    const server = await serve('--inventory', inventory, '--es2-port', '0')
    const again = () => download(server, 'smdp.bench.example', 'AGAIN', ...certs('nist'))
    const first = await again()
    expect(first).toMatchObject({ exitCode: 0, err: '' })
    const { profile } = first.json<{ profile: { iccid: string } }>()
    const deleted = await here.run('card', 'delete', profile.iccid, '--yes', ...certs('nist'))
    expect(deleted).toMatchObject({ exitCode: 0 })
    expect(await again()).toMatchObject({ exitCode: 0 })
    expect(await download(server, 'smdp.bench.example', 'ONCE', ...certs('nist'))).toMatchObject({ exitCode: 0 })
    expect(await download(server, 'smdp.bench.example', 'ONCE', ...certs('nist'))).toMatchObject({ exitCode: 1 })
    const shown = await there.run('smdp', 'order', 'show', 'AGAIN')
    expect(shown.out.match(/Installed/g)!.length).toBeGreaterThanOrEqual(2)
  })

  it('a card without a matching ID gets the default order of its EID', async () => {
    const inventory = write(
      'inventory.yaml',
      `types: {own: {template: own}}\norders:\n- {profile: own, eid: "${EID}", confirmationCode: "1234"}\n`,
    )
    const server = await serve('--inventory', inventory, '--db', 'memory')
    expect(server.out()).toContain(`default order of ${EID}`)
    const without = await download(server, 'smdp.bench.example', '', ...certs('nist'))
    expect(without).toMatchObject({ exitCode: 2, err: expect.stringContaining('--confirmation-code') })
    const ran = await download(server, 'smdp.bench.example', '', ...certs('nist'), '--confirmation-code', '1234')
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(`${server.out()}${ran.out}`).not.toContain('1234\n')
  })

  it('--host issues a TLS certificate for another name', async () => {
    const server = await serve(
      '--host',
      'elsewhere.example',
      '--db',
      'memory',
      '--inventory',
      write('i.yaml', 'types: {own: {template: own}}\norders: [{matchingId: X, profile: own}]\n'),
    )
    expect(server.out()).toContain('SM-DP+ elsewhere.example')
    expect(await download(server, 'elsewhere.example', 'X', ...certs('brainpool'))).toMatchObject({
      err: '',
      exitCode: 0,
    })
  })

  it('ES2+ accepts clients with a certificate and closes other connections', async () => {
    await there.run('smdp', 'stock', 'import', 'own', '--template', '--type', 'gold', '--count', '2')
    const server = await serve('--es2-port', '0')
    const over = ['--url', 'https://smdp.bench.example', '--connect-to', `127.0.0.1:${server.port('ES2+')}`]
    const ordered = await there.run('smdp', 'order', 'create', '--type', 'gold', '--confirm', ...over, '--json')
    expect(ordered).toMatchObject({ exitCode: 0, err: '' })
    const { iccid, matchingId, activationCode } = ordered.json<Record<string, string>>()
    expect(activationCode).toBe(`LPA:1$smdp.bench.example$${matchingId}`)
    expect(server.out()).toMatch(new RegExp(`ES2\\+\\.ConfirmOrder\\s+Executed-Success {2}${iccid} {2}${matchingId}`))
    const stranger = await here.run('smdp', 'order', 'create', '--type', 'gold', ...over, '--json')
    expect(stranger.exitCode).toBe(1)
    expect(stranger.err).toMatch(/^esim-bench: .*(not trusted|did not answer)/)
    const known = ['--ca', join(there.home, 'pki', 'web', 'ca.der')]
    const refused = await here.run('smdp', 'order', 'create', '--type', 'gold', ...over, ...known, '--json')
    expect(refused.exitCode).toBe(1)
    expect(refused.json()).toMatchObject({ error: { code: 'order-refused' } })
    expect(refused.err).toContain(
      'the server closed the connection. It probably does not accept the client certificate.',
    )
    const ran = await download(server, 'smdp.bench.example', matchingId!, ...certs('nist'))
    expect(ran).toMatchObject({ exitCode: 0 })
    expect((await there.run('smdp', 'order', 'show', matchingId!, '--json')).json()).toMatchObject({
      state: 'Installed',
      history: [
        { to: 'Available' },
        { to: 'Allocated', cause: 'DownloadOrder' },
        { to: 'Released', cause: 'ConfirmOrder' },
        { to: 'Downloaded' },
        { to: 'Installed' },
      ],
    })
  })

  it('--es2-ca accepts another CA, and only the operators of the inventory', async () => {
    const { runtime } = there.runtimeOf(new AbortController().signal)
    const context = { random: runtime.random, now: runtime.clock() }
    const foreign = openWebPki(join(there.folder, 'foreign'), context)
    const ca = write('ca.der', foreign.ca.der)
    const inventory = write('i.yaml', 'types: {own: {template: own}}\noperators: [{name: good.example}]\n')
    const server = await serve('--es2-port', '0', '--es2-ca', ca, '--inventory', inventory)
    await there.run('smdp', 'stock', 'import', 'own', '--template', '--type', 'gold', '--count', '2')
    const order = async (name: string, web: WebPki) => {
      const { certificate, key } = serverIdentity(web.issue(name))
      return there.run(
        ...['smdp', 'order', 'create', '--type', 'gold', '--json', '--url', 'https://smdp.bench.example'],
        ...['--connect-to', `127.0.0.1:${server.port('ES2+')}`],
        ...['--cert', write('client.pem', certificate), '--key', write('client.key', key)],
      )
    }
    const own = openWebPki(join(there.home, 'pki'), context)
    expect(await order('good.example', foreign)).toMatchObject({ exitCode: 0, err: '' })
    expect(await order('good.example', own)).toMatchObject({ exitCode: 0, err: '' })
    const stranger = openWebPki(join(there.folder, 'stranger'), context)
    for (const [name, web] of [
      ['bad.example', foreign],
      ['bad.example', own],
      ['good.example', stranger],
    ] as const)
      expect(await order(name, web)).toMatchObject({
        exitCode: 1,
        err: expect.stringContaining('the server closed the connection'),
      })
    // A refused connection does not reach an ES2+ function.
    expect(server.out().match(/ES2\+\.DownloadOrder/g)).toHaveLength(2)
  })

  it('the server exits with 0 on an interrupt and keeps its store', async () => {
    const inventory = write('i.yaml', 'types: {own: {template: own}}\norders: [{matchingId: KEPT, profile: own}]\n')
    const first = await serve('--inventory', inventory)
    expect(first.out()).toContain('1 profiles and 1 orders added, 0 and 0 already existed')
    expect(await first.end()).toBe(0)
    const second = await serve('--inventory', inventory)
    expect(second.out()).toContain('0 profiles and 0 orders added, 0 and 1 already existed')
    expect(await there.run('smdp', 'serve', '--es9-port', '0', '--reset', '--yes')).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/a server has the store \S+smdp\.db open: end it before the store is emptied/),
    })
    expect(await download(second, 'smdp.bench.example', 'KEPT', ...certs('nist'))).toMatchObject({ exitCode: 0 })
    await second.end()
    const third = await serve('--inventory', inventory)
    expect(third.out()).not.toContain('Released orders')
    await third.end()
    const refused = await there.run('smdp', 'serve', '--es9-port', '0', '--reset', '--inventory', inventory)
    expect(refused).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('add --yes to confirm'),
    })
    const fresh = await serve('--inventory', inventory, '--reset', '--yes')
    expect(fresh.out()).toContain('1 profiles and 1 orders added')
  })
})

describe(`copies of the TS.48 profiles${ts48Reason}`, () => {
  const K = '465b5ce8b199b49faa5f0a2ee238a6bc'
  const OPC = 'cd63cb71954a9f4e48a5994e37a02baf'

  it.skipIf(ts48Missing).each(TS48_NAMES.map((name, at) => [name, at] as const))(
    '%s is downloaded with numbers and keys of its own, and authenticates with them',
    async (name, at) => {
      write('template.der', readTs48(name))
      const front = `89490011111111111${at}`
      const [iccid, imsi] = [front + luhnDigit(front), `00101123456789${at}`]
      // The keys are test set 1 of TS 35.208, for Milenage in place of the test algorithm.
      write('keys.csv', `iccid;imsi;k;opc;pin1\n${iccid};${imsi};${K};${OPC};1111\n`)
      const inventory = write(
        'inventory.yaml',
        'types: {ts48: {template: template.der, defaults: {algorithm: milenage}}}\n' +
          'stock: [{type: ts48, csv: keys.csv}]\norders: [{matchingId: TS48, profile: ts48}]\n',
      )
      const server = await serve('--inventory', inventory, '--db', 'memory')
      const certs = ['--certs', join(there.home, 'pki', 'nist')]
      const ran = await download(server, 'smdp.bench.example', 'TS48', ...certs)
      expect(ran).toMatchObject({ exitCode: 0, err: '' })
      expect(ran.json()).toMatchObject({ profile: { iccid } })
      expect(`${server.out()}${server.err()}${ran.out}`).not.toContain(K)
      expect((await here.run('card', 'enable', iccid, ...certs)).exitCode).toBe(0)

      const { runtime } = here.runtimeOf(new AbortController().signal)
      const workplace = openContext(runtime, { certs: certs[1]!, curve: 'nist' })
      const device = await workplace.open('software')
      try {
        const algorithm = milenage({ k: fromHex(K), opc: fromHex(OPC) })
        const network = createNetwork({
          here: { plmn: '00101', name: 'Test' },
          subscribers: asked => (asked === imsi ? { imsi, iccid, algorithm } : undefined),
          clock: runtime.clock,
          random: runtime.random,
          onRegistered: () => undefined,
        })
        expect(await device.card.exclusive(channel => registerOnNetwork(channel, network))).toMatchObject({
          iccid,
          imsi,
          plmn: '00101',
        })
      } finally {
        await device.close()
        workplace.close()
      }
    },
  )
})

describe('smdp serve reports why it cannot serve', () => {
  it('a port in use', async () => {
    const taken = createServer()
    await new Promise<void>(done => taken.listen(0, '127.0.0.1', done))
    const { port } = taken.address() as { port: number }
    const ran = await there.run('smdp', 'serve', '--es9-port', String(port), '--db', 'memory')
    await new Promise<void>(done => taken.close(() => done()))
    expect(ran).toMatchObject({ exitCode: 2, err: expect.stringContaining(`port ${port} on 127.0.0.1 is in use`) })
    expect(ran.err).toContain('--es9-port')
  })
  it('smdp serve reports a port given twice and publishes no fault counts', async () => {
    const probe = createServer()
    await new Promise<void>(done => probe.listen(0, '127.0.0.1', done))
    const { port } = probe.address() as { port: number }
    await new Promise<void>(done => probe.close(() => done()))
    const rules = 'faults: [{function: InitiateAuthentication, kind: reset}]\n'
    const ran = await there.run(
      ...['smdp', 'serve', '--es9-port', String(port), '--es2-port', String(port)],
      ...['--inventory', write('inventory.yaml', rules)],
    )
    expect(ran).toMatchObject({ exitCode: 2, err: expect.stringContaining(`port ${port} on 127.0.0.1 is in use`) })
    expect((await there.run('smdp', 'faults', 'list', '--json')).json()).toMatchObject({ faults: [] })
  })
  it('smdp serve reports a port in use before it clears the store', async () => {
    await there.run('smdp', 'stock', 'import', 'own', '--template', '--type', 'gold', '--count', '2')
    const inventory = write(
      'inventory.yaml',
      'types: {own: {template: own}}\norders:\n- {matchingId: A, profile: own}\n',
    )
    const taken = createServer()
    await new Promise<void>(done => taken.listen(0, '127.0.0.1', done))
    const { port } = taken.address() as { port: number }
    const ran = await there.run(
      ...['smdp', 'serve', '--es9-port', '0', '--es2-port', String(port), '--reset', '--yes', '--inventory', inventory],
    )
    await new Promise<void>(done => taken.close(() => done()))
    expect(ran).toMatchObject({ exitCode: 2, out: '', err: expect.stringContaining('--es2-port') })
    expect((await there.run('smdp', 'stock', 'list', '--json')).json()).toEqual({
      types: [{ type: 'gold', states: { Available: 2 } }],
    })
  })
  it.each<[string, string[], string]>([
    ['an address of another machine', ['--listen', '192.0.2.1', '--es9-port', '0'], 'is no address of this machine'],
    ['no such certificates', ['--certs', 'nowhere'], 'certificate folder nowhere'],
    ['no such inventory', ['--inventory', 'no.yaml'], 'no.yaml: there is no such file'],
    ['no such CA', ['--es2-ca', 'no.pem'], 'cannot read the CA file no.pem'],
    ['a host that is none', ['--host', 'https://x'], 'it must be a host name'],
    ['a port that is none', ['--es9-port', '70000'], 'it must be a number from 0 to 65535'],
  ])('%s', async (_name, args, expected) => {
    const ran = await there.run('smdp', 'serve', '--db', 'memory', ...args)
    expect(ran.exitCode).toBe(2)
    expect(ran.err).toContain(expected)
    expect(ran.err.trimEnd().split('\n')).toHaveLength(1)
  })
})
