import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openWebPki, serverIdentity } from '../../../src/host/pki/web-pki.ts'
import { luhnDigit } from '../../../src/profile/digits.ts'
import { testPki } from '../../server/smdp/smdp-fixture.ts'
import { type Serving, serveSmdp } from '../../services/smdp/serving.ts'
import { createCliFixture, type Place, type Ran } from '../runtime.ts'

const EID = '89049032123451234512345678901235'
const iccidOf = (index: number): string => {
  const front = `8949001${String(index).padStart(11, '0')}`
  return front + luhnDigit(front)
}

let place: Place
const serving: Serving[] = []
beforeEach(() => {
  place = createCliFixture()
})
afterEach(async () => {
  for (const each of serving.splice(0)) await each.end()
  place.remove()
})
const smdp = (...args: string[]): Promise<Ran> => place.run('smdp', ...args)
const importCopies = (count: number): Promise<Ran> =>
  smdp(
    ...['stock', 'import', 'own', '--template', '--type', 'gold'],
    '--iccid-range',
    `${iccidOf(1)}-${iccidOf(count)}`,
    '--json',
  )

describe('smdp stock', () => {
  it('smdp stock import creates copies with numbers from ranges and is idempotent', async () => {
    const ran = await smdp(
      ...['stock', 'import', 'own', '--template', '--type', 'gold', '--json'],
      ...[
        '--iccid-range',
        iccidOf(1),
        '--imsi-range',
        '001010000000001-001010000000003',
        '--name',
        'Gold',
        '--class',
        'test',
      ],
    )
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.json()).toEqual({ added: [iccidOf(1), iccidOf(2), iccidOf(3)], kept: [], conflicts: [] })
    expect((await importCopies(3)).json()).toMatchObject({ added: [], kept: [iccidOf(1), iccidOf(2), iccidOf(3)] })
    const listed = await smdp('stock', 'list')
    expect(listed.out).toMatch(/^type\s+profiles\s+states\ngold\s+3\s+3 Available\n$/)
  })

  it('smdp stock import reads random copies and CSV rows and prints no keys', async () => {
    expect(
      (await smdp('stock', 'import', 'own', '--template', '--type', 'any', '--count', '3', '--json')).json(),
    ).toMatchObject({
      added: [expect.stringMatching(/^89/), expect.stringMatching(/^89/), expect.stringMatching(/^89/)],
    })
    const [k, opc] = ['00112233445566778899aabbccddeeff', 'ffeeddccbbaa99887766554433221100']
    const csv = join(place.folder, 'keys.csv')
    writeFileSync(csv, `iccid\tk\topc\n${iccidOf(5)}\t${k}\t${opc}\n`, { mode: 0o644 })
    const ran = await smdp('stock', 'import', 'own', '--template', '--csv', csv, '--type', 'rows', '--json')
    expect(ran).toMatchObject({ exitCode: 0, err: expect.stringContaining('chmod 600') })
    expect(ran.json()).toMatchObject({ added: [iccidOf(5)] })
    expect(`${ran.out}${ran.err}`).not.toContain(k)
    expect((await smdp('stock', 'list', '--json')).json()).toEqual({
      types: [
        { type: 'any', states: { Available: 3 } },
        { type: 'rows', states: { Available: 1 } },
      ],
    })
  })

  it.each<[string, string[], string, number]>([
    ['no file', ['import', 'none.der'], 'none.der: there is no such file', 2],
    ['no package', ['import', 'text.txt'], 'the profile file text.txt cannot be used: offset 0', 2],
    ['copies without a template', ['import', 'own', '--count', '3'], '--count applies to copies; add --template', 2],
    ['two templates', ['import', 'own', 'own', '--template'], '--template makes copies of one file', 2],
    [
      'rows and a range',
      ['import', 'own', '--template', '--csv', 'x.csv', '--count', '3'],
      'omit --count and --iccid-range',
      2,
    ],
    [
      'a wrong check digit',
      ['import', 'own', '--template', '--iccid-range', '8949001000000000000'],
      'is not the check digit',
      2,
    ],
    [
      'a range that is too short',
      ['import', 'own', '--template', '--count', '3', '--imsi-range', '001010000000001-001010000000002'],
      '--imsi-range has 2 numbers for 3 copies',
      2,
    ],
    ['no store', ['list', '--db', 'none.db'], 'there is no store', 2],
    ['a folder for a store', ['list', '--db', '.'], 'is a folder; name a file in it with --db', 2],
    ['no algorithm', ['import', 'own', '--template', '--algorithm', 'comp128'], 'The choices are: milenage', 2],
  ])('smdp stock refuses %s', async (_name, args, expected, exitCode) => {
    writeFileSync(join(place.folder, 'text.txt'), 'hello')
    const ran = await smdp('stock', ...args)
    expect(ran).toMatchObject({ exitCode, err: expect.stringContaining(expected) })
    expect(ran.err.trimEnd().split('\n')).toHaveLength(1)
    expect(existsSync(join(place.folder, 'none.db'))).toBe(false)
  })
})

describe('smdp order, in the store', () => {
  beforeEach(async () => void (await importCopies(3)))

  it('smdp order changes the state of an order and shows its history', async () => {
    const created = await smdp('order', 'create', '--type', 'gold', '--eid', EID, '--json')
    const { iccid } = created.json<{ iccid: string }>()
    expect(iccid).toBe(iccidOf(1))
    const confirmed = await smdp(
      'order',
      'confirm',
      iccid,
      '--matching-id',
      'ABC-1',
      '--confirmation-code',
      'hidden',
      '--json',
    )
    expect(confirmed.json()).toMatchObject({ iccid, matchingId: 'ABC-1', eid: EID, released: false })
    expect((await smdp('order', 'release', iccid)).out).toBe(`${iccid} is released\n`)
    const shown = await smdp('order', 'show', 'ABC-1', '--host', 'smdp.example')
    expect(shown.out).toMatch(/state\s+Released/)
    expect(shown.out).toContain('LPA:1$smdp.example$ABC-1$$1')
    expect(shown.out).toMatch(
      /at\s+from\s+to\s+cause\n.*added to the stock\n.*Linked\s+DownloadOrder\n.*Confirmed\s+ConfirmOrder\n.*Released\s+ReleaseProfile\n$/,
    )
    expect(shown.out).not.toContain('hidden')
    const listed = await smdp('order', 'list')
    expect(listed.out).toMatch(new RegExp(`^ICCID.*\n${iccid}\\s+gold\\s+Released\\s+ABC-1\\s+${EID}`))
    expect((await smdp('order', 'list', '--state', 'Available', '--json')).json()).toMatchObject({
      orders: [{ iccid: iccidOf(2) }, { iccid: iccidOf(3) }],
    })
    expect((await smdp('order', 'cancel', iccid)).out).toContain('the profile is Available')
    expect((await smdp('order', 'cancel', iccidOf(2), '--unavailable')).out).toContain('the profile is Unavailable')
    const again = await smdp('order', 'create', '--iccid', iccid, '--confirm', '--json')
    expect(again.json()).toMatchObject({ iccid, released: true, matchingId: expect.stringMatching(/^[0-9A-Z-]{8,}$/) })
  })

  it('smdp order prints the activation code with the host of the server', async () => {
    const own = await smdp('order', 'create', '--type', 'gold', '--confirm', '--matching-id', 'A-1')
    expect(own.out).toContain('\nLPA:1$smdp.bench.example$A-1\n(the server name is smdp.bench.example;')
    const named = await smdp(
      ...['order', 'create', '--type', 'gold', '--confirm', '--matching-id', 'A-2', '--host', 'smdp.lab.example'],
      ...['--confirmation-code', 'hidden'],
    )
    expect(named.out).toMatch(/\nLPA:1\$smdp\.lab\.example\$A-2\$\$1\n$/)
  })

  it('smdp order stores no order if its confirmation is refused', async () => {
    await smdp('order', 'create', '--type', 'gold', '--confirm', '--matching-id', 'TAKEN')
    const again = await smdp('order', 'create', '--type', 'gold', '--confirm', '--matching-id', 'TAKEN')
    expect(again).toMatchObject({ exitCode: 1, out: '', err: expect.stringContaining('8.2.6/3.3') })
    const states = (await smdp('stock', 'list', '--json')).json()
    expect(states).toEqual({ types: [{ type: 'gold', states: { Available: 2, Released: 1 } }] })
  })

  it.each<[string, string[], string, number]>([
    [
      'a matching id that is none',
      ['create', '--type', 'gold', '--confirm', '--matching-id', 'a b'],
      'it must be a matching ID of A-Z, 0-9 and -',
      2,
    ],
    ['an SM-DS that is none', ['create', '--type', 'gold', '--confirm', '--smds', 'a b'], 'it must be a host name', 2],
    ['nothing to order', ['create'], 'no profile is given', 2],
    [
      'an event from the store alone',
      ['create', '--type', 'gold', '--confirm', '--smds', 'lpa.ds.gsma.com'],
      '--smds needs --url',
      2,
    ],
    ['a matching id before its time', ['create', '--type', 'gold', '--matching-id', 'A'], 'add --confirm', 2],
    ['an unknown type', ['create', '--type', 'glod'], 'ES2+.DownloadOrder', 1],
    ['an unknown ICCID', ['release', iccidOf(9)], 'ES2+.ReleaseProfile', 1],
    ['a release before the confirmation', ['release', iccidOf(1)], 'ES2+.ReleaseProfile', 1],
    ['an ICCID that is none', ['confirm', '12'], '"12" is not an ICCID', 2],
    ['an EID that is none', ['create', '--type', 'gold', '--eid', '12'], 'it must be an EID of 32 digits', 2],
    ['an unknown order', ['show', 'NOTHING'], 'there is no order with ICCID or matching ID "NOTHING"', 1],
    ['two ways', ['release', iccidOf(1), '--url', 'https://a.example', '--db', 'x.db'], 'give either --url or --db', 2],
    ['a URL that is none', ['release', iccidOf(1), '--url', 'a.example'], 'is not a URL such as', 2],
    [
      'half a certificate',
      ['release', iccidOf(1), '--url', 'https://a.example', '--cert', 'x.pem'],
      'give --cert and --key together',
      2,
    ],
    [
      'nobody there',
      ['release', iccidOf(1), '--url', 'https://a.example', '--connect-to', '127.0.0.1:1'],
      'did not answer',
      1,
    ],
  ])('smdp order refuses %s', async (_name, args, expected, exitCode) => {
    const ran = await smdp('order', ...args)
    expect(ran).toMatchObject({ exitCode, err: expect.stringContaining(expected) })
    expect(ran.err.trimEnd().split('\n')).toHaveLength(1)
  })
})

describe('smdp order, over ES2+', () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(place.folder, name), text, { mode: 0o600 })
    return join(place.folder, name)
  }
  it('smdp order --url refuses an invalid client certificate or key and sends no request', async () => {
    const web = openWebPki(join(place.home, 'pki'), { random: randomBytes, now: new Date() })
    const [ours, others] = ['a.example', 'b.example'].map(name => serverIdentity(web.issue(name)))
    const text = file('text.txt', 'hello')
    const [cert, key, otherKey] = [ours!.certificate, ours!.key, others!.key].map((pem, at) => file(`${at}.pem`, pem))
    for (const [files, expected] of [
      [[text, key!], `${text} contains no certificate in PEM format`],
      [[cert!, text], `${text} contains no private key without a passphrase in PEM format`],
      [[cert!, otherKey!], `${otherKey} is not the private key of the certificate in ${cert}`],
    ] as const) {
      const ran = await smdp(
        ...['order', 'release', iccidOf(1), '--url', 'https://a.example', '--connect-to', '127.0.0.1:1'],
        ...['--cert', files[0], '--key', files[1]],
      )
      expect(ran).toMatchObject({ exitCode: 2, out: '', err: `esim-bench: ${expected}\n` })
    }
  })
})

describe('smdp faults', () => {
  const download = (server: Serving, matchingId: string): Promise<Ran> =>
    place.run(
      ...['card', 'download', '--smdp', 'smdp.bench.example', '--matching-id', matchingId, '--json', '--yes'],
      ...['--connect-to', `127.0.0.1:${server.port('ES9+')}`],
    )

  it('smdp faults applies a fault to a running server for its count only', async () => {
    await importCopies(1)
    const ordered = await smdp('order', 'create', '--type', 'gold', '--confirm', '--json')
    const { matchingId } = ordered.json<{ matchingId: string }>()
    const server = await serveSmdp(place)
    serving.push(server)
    for (const [args, expected] of [
      [['AuthenticateClient', 'wrong-signature'], /smdpSignature2|signature|refused|invalid/i],
      [['InitiateAuthentication', 'wrong-certificate', '--certificate', 'expired'], /certificate/i],
      [['InitiateAuthentication', 'http-status', '--status', '503'], /503/],
      [['InitiateAuthentication', 'reset'], /cannot be reached|reset|closed/],
    ] as const) {
      expect((await smdp('faults', 'clear')).out).toBe('no faults are injected\n')
      const told = await smdp('faults', 'add', ...args, '--count', '1')
      expect(told.out).toMatch(new RegExp(`${args[0]}\\s+${args[1]}\\s+1 times`))
      const ran = await download(server, matchingId)
      expect(ran.exitCode).toBe(1)
      expect(ran.err).toMatch(expected)
    }
    expect((await smdp('faults', 'list', '--json')).json()).toMatchObject({
      faults: [{ function: 'InitiateAuthentication', kind: 'reset', count: 1 }],
    })
    expect(await download(server, matchingId)).toMatchObject({ exitCode: 0, err: '' })
    expect(server.err()).toBe('')
  })

  it('smdp faults list shows how often each fault was applied and will be applied', async () => {
    const inventory = join(place.folder, 'inventory.yaml')
    writeFileSync(inventory, 'misbehave: [{function: InitiateAuthentication, kind: reset, count: 2}]\n')
    const server = await serveSmdp(place, '--inventory', inventory)
    serving.push(server)
    const listed = async () =>
      (await smdp('faults', 'list', '--json'))
        .json<{ faults: { kind: string; applied: number; left?: number }[] }>()
        .faults.map(({ kind, applied, left }) => [kind, applied, left])
    expect(await listed()).toEqual([['reset', 0, 2]])
    expect((await download(server, 'NONE')).exitCode).toBe(1)
    expect(await listed()).toEqual([['reset', 1, 1]])
    expect((await smdp('faults', 'clear')).out).toBe('no faults are injected\n')
    const { err } = await download(server, 'NONE')
    expect(err).toContain('8.2.6/3.8')

    await smdp('faults', 'add', 'InitiateAuthentication', 'http-status', '--status', '503', '--count', '1')
    await smdp('faults', 'add', 'InitiateAuthentication', 'malformed')
    expect(await listed()).toEqual([
      ['http-status', 0, 1],
      ['malformed', 0, undefined],
    ])
    for (const _ of [1, 2, 3]) expect((await download(server, 'NONE')).exitCode).toBe(1)
    expect(await listed()).toEqual([
      ['http-status', 1, 0],
      ['malformed', 2, undefined],
    ])
    expect((await smdp('faults', 'list')).out).toMatch(/http-status +1 times +1 +0 +- +status 503/)
    await serving.pop()!.end()
    // The counts belong to the server process. The next server starts at 0.
    expect(await listed()).toEqual([
      ['http-status', 0, 1],
      ['malformed', 0, undefined],
    ])
    expect((await smdp('faults', 'clear')).out).toBe('no faults are injected\n')
  })

  it.each<[string, string[], string]>([
    ['an unknown function', ['ES9', 'delay'], 'The choices are: InitiateAuthentication'],
    ['an unknown kind', ['CancelSession', 'lie'], 'The choices are: wrong-signature'],
    ['a delay without --milliseconds', ['CancelSession', 'delay'], 'it needs --milliseconds'],
    [
      'a certificate fault without --certificate',
      ['AuthenticateClient', 'wrong-certificate'],
      'it needs --certificate',
    ],
    [
      'a package fault of a function without a package',
      ['AuthenticateClient', 'changed-byte', '--offset', '1'],
      'the kind applies to GetBoundProfilePackage',
    ],
    [
      'a signature fault of a function without a signature',
      ['HandleNotification', 'wrong-signature'],
      'the function does not return this data',
    ],
    [
      'an option of another kind',
      ['CancelSession', 'delay', '--milliseconds', '5', '--offset', '3'],
      '--offset has no effect here; remove it',
    ],
    [
      'a missing certificate file',
      ['AuthenticateClient', 'wrong-certificate', '--certificate', 'none.der'],
      'none.der is neither a file nor a fault of certificates',
    ],
    [
      'a text file as certificate',
      ['AuthenticateClient', 'wrong-certificate', '--certificate', 'text.txt'],
      'text.txt holds no certificate',
    ],
    [
      'a probability over one',
      ['CancelSession', 'reset', '--probability', '2'],
      'it must be a number above 0, up to 1',
    ],
  ])('smdp faults add refuses %s', async (_name, args, expected) => {
    writeFileSync(join(place.folder, 'text.txt'), 'hello')
    const ran = await smdp('faults', 'add', ...args)
    expect(ran).toMatchObject({ exitCode: 2, err: expect.stringContaining(expected) })
    expect((await smdp('faults', 'list')).out).toBe('no faults are injected\n')
  })

  it('smdp faults stores the absolute path of a certificate', async () => {
    writeFileSync(join(place.folder, 'other.der'), testPki('P-256').dpPb.certificate.der)
    await smdp('faults', 'add', 'AuthenticateClient', 'wrong-certificate', '--certificate', 'other.der')
    expect((await smdp('faults', 'list', '--json')).json()).toMatchObject({
      faults: [{ certificate: join(place.folder, 'other.der') }],
    })
  })
})
