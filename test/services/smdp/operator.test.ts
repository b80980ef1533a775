import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openCurvesServer } from '../../../src/host/net/curves-server.ts'
import { mountFetch } from '../../../src/host/net/mount-fetch.ts'
import { checkForeignServer } from '../../../src/host/pki/foreign-server.ts'
import { openWebPki, serverIdentity, type WebPki } from '../../../src/host/pki/web-pki.ts'
import { ES2p } from '../../../src/rsp/interfaces/es2p.ts'
import { createCliFixture, type Place } from '../../cli/runtime.ts'
import { issueVariant } from '../../rsp/certificates/variants.ts'
import { START, testPki } from '../../server/smdp/smdp-fixture.ts'
import { type Serving, serveSmdp } from './serving.ts'

let there: Place
let here: Place
const open: { close(): Promise<unknown> }[] = []
beforeEach(() => {
  there = createCliFixture()
  here = createCliFixture()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
  there.remove()
  here.remove()
})
const write = (name: string, text: string | Uint8Array): string => {
  const path = join(there.folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
const pkiIn = (folder: string): WebPki => {
  const { runtime } = there.runtimeOf(new AbortController().signal)
  return openWebPki(join(there.folder, folder), { random: runtime.random, now: runtime.clock() })
}

/** An operator's server, somebody else's: its certificate is for localhost. */
const openOperator = async (web: WebPki, answer = async () => new Response(null, { status: 204 })) => {
  const heard: string[] = []
  const server = await openCurvesServer(
    mountFetch(request => {
      heard.push(new URL(request.url).pathname)
      return answer()
    }),
    [serverIdentity(web.issue('localhost'))],
    { host: '127.0.0.1', port: 0, option: '--port' },
  )
  open.push(server)
  return { heard, callback: `https://localhost:${server.port}` }
}
const serve = async (...args: string[]): Promise<Serving> => {
  const server = await serveSmdp(there, '--es2-port', '0', ...args)
  open.push({ close: server.end })
  return server
}
/** Ordered by the operator over ES2+, and downloaded. */
const order = async (server: Serving): Promise<string> => {
  const over = ['--url', 'https://smdp.bench.example', '--connect-to', `127.0.0.1:${server.port('ES2+')}`]
  const ordered = await there.run(
    ...['smdp', 'order', 'create', '--type', 'own', '--confirm', '--as', 'operator.example', '--json'],
    ...over,
  )
  expect(ordered).toMatchObject({ exitCode: 0, err: '' })
  const { matchingId } = ordered.json<{ matchingId: string }>()
  const ran = await here.run(
    ...['card', 'download', '--smdp', 'smdp.bench.example', '--matching-id', matchingId, '--json', '--yes'],
    ...['--connect-to', `127.0.0.1:${server.port('ES9+')}`, '--certs', join(there.home, 'pki', 'nist')],
  )
  expect(ran).toMatchObject({ exitCode: 0 })
  return matchingId
}
const inventoryOf = (callback: string, more = ''): string =>
  write(
    'inventory.yaml',
    `types: {own: {template: own}}
stock: [{type: own, iccid: "8949001000000000017"}]
operators: [{name: operator.example, callback: "${callback}"${more}}]
`,
  )

describe('an operator whose server is under a CA of its own', () => {
  it.each([
    ['in the inventory', (ca: string) => [`, ca: ${ca}`, []] as const],
    ['with --operator-ca', (ca: string) => ['', ['--operator-ca', ca]] as const],
  ])('the operator receives the progress of a download if its CA is named %s', async (_, name) => {
    const foreign = pkiIn('foreign')
    const { heard, callback } = await openOperator(foreign)
    const [more, options] = name(write('ca.pem', new X509Certificate(foreign.ca.der).toString()))
    const server = await serve('--inventory', inventoryOf(callback, more), ...options)
    const matchingId = await order(server)
    await expect.poll(() => heard.length, { timeout: 40_000 }).toBe(3)
    expect(new Set(heard)).toEqual(new Set([ES2p.HandleDownloadProgressInfo.path]))
    expect((await there.run('smdp', 'order', 'show', matchingId, '--json')).json()).toMatchObject({
      reportsDropped: 0,
    })
  })

  it('reports to an operator with an unnamed CA stay pending, and the oldest are dropped over the limit', async () => {
    const { heard, callback } = await openOperator(pkiIn('foreign'))
    const inventory = inventoryOf(callback)
    const first = await serve('--inventory', inventory)
    const matchingId = await order(first)
    await open.pop()!.close()
    const shown = await there.run('smdp', 'order', 'show', matchingId)
    expect(shown.out).toMatch(/reportsWaiting\s+3\n/)
    expect((await there.run('smdp', 'stats')).out).toMatch(/^3 reports wait for operator\.example, the oldest since /m)

    const second = await serve('--inventory', inventory, '--keep-count', '1')
    expect(second.out()).toContain(
      'dropped 2 reports: older than 90 days or more than 1; `esim-bench smdp stats` shows the totals',
    )
    await open.pop()!.close()
    expect((await there.run('smdp', 'order', 'show', matchingId, '--json')).json()).toMatchObject({
      reportsWaiting: 1,
      reportsDropped: 2,
    })
    const stats = await there.run('smdp', 'stats')
    expect(stats.out).toMatch(/^reports\s+1\s+2\s+20/m)
    expect(stats.out).toContain('2 reports for operator.example were dropped')
    expect(heard).toEqual([])
  })

  it('the server starts and ends although an operator never answers', async () => {
    const { heard, callback } = await openOperator(pkiIn('foreign'), () => new Promise(() => {}))
    const ca = write('ca.pem', new X509Certificate(pkiIn('foreign').ca.der).toString())
    const inventory = inventoryOf(callback, `, ca: ${ca}`)
    const first = await serve('--inventory', inventory)
    const matchingId = await order(first)
    await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(1)
    expect(await first.end()).toBe(0)
    // Its client would wait for an answer for a minute.
    const second = await serve('--inventory', inventory)
    await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(2)
    expect(await second.end()).toBe(0)
    expect([first.err(), second.err()]).toEqual(['', ''])
    expect((await there.run('smdp', 'order', 'show', matchingId)).out).toMatch(/reportsWaiting\s+3\n/)
  })

  it('a CA file without a certificate is reported before a port is opened', async () => {
    const none = write('none.pem', 'nothing')
    const refused = `${none} holds no certificate in PEM or DER form`
    expect(await there.run('smdp', 'serve', '--operator-ca', none)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining(refused),
    })
    const inventory = inventoryOf('https://localhost:1', `, ca: ${none}`)
    expect(await there.run('smdp', 'serve', '--inventory', inventory)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining(refused),
    })
  })
})

describe('a server under a CA that the user named', () => {
  const web = () => {
    const pki = pkiIn('foreign')
    return { ca: new X509Certificate(pki.ca.der), server: pki.issue('server.example').certificate.der }
  }
  const clock = () => new Date()

  it('checkForeignServer accepts the server name during the validity', () => {
    const { ca, server } = web()
    const check = (host: string, now = clock) => checkForeignServer([ca], now)([server], host)
    expect(() => check('server.example')).not.toThrow()
    expect(() => check('other.example')).toThrow('its certificate is not for other.example')
    expect(() => check('server.example', () => new Date('2060-01-01'))).toThrow('not valid today')
    expect(() => checkForeignServer([], clock)([server], 'server.example')).toThrow('not of the CA that was given')
    expect(() => checkForeignServer([ca], clock)([], 'server.example')).toThrow('not of the CA that was given')
  })

  it('checkForeignServer accepts intermediate CAs up to the named one', () => {
    const pki = testPki('P-256')
    const { euicc, above } = issueVariant(pki, 'C', START)
    const at = () => START
    const check = (between: readonly Uint8Array[]) =>
      checkForeignServer([new X509Certificate(pki.ci.certificate.der)], at)([euicc.certificate.der, ...between], 'x')
    // Its name is an EID, so that it is for no host: the chain was found good.
    expect(() => check(above.map(({ der }) => der))).toThrow('its certificate is not for x')
    expect(() => check(above.slice(1).map(({ der }) => der))).toThrow('not of the CA that was given')
    expect(() => check([])).toThrow('not of the CA that was given')
  })
})
