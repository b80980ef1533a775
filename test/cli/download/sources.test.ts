import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from 'fast-png'
import encodeQR from 'qr'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openThere, type There } from '../card/card-fixture.ts'
import { createCliFixture } from '../runtime.ts'

let there: There
beforeAll(async () => {
  there = await openThere()
})
afterAll(() => there.close())

/** A QR code as a picture: `channels` and `depth` as image programs choose them. */
const drawQr = (
  text: string,
  {
    scale = 4,
    channels = 1,
    depth = 8,
    isCut = false,
  }: { scale?: number; channels?: 1 | 2 | 3 | 4; depth?: 8 | 16; isCut?: boolean } = {},
): Uint8Array => {
  const rows = encodeQR(text, 'raw', { border: 1, scale })
    .slice(...(isCut ? [scale, -scale] : []))
    .map(row => row.slice(...(isCut ? [scale, -scale] : [])))
  const size = rows.length
  const top = depth === 16 ? 0xffff : 0xff
  const data = depth === 16 ? new Uint16Array(size * size * channels) : new Uint8Array(size * size * channels)
  rows.forEach((row, y) => {
    row.forEach((dark, x) => {
      const at = (y * size + x) * channels
      const hasAlpha = channels === 2 || channels === 4
      // Light is drawn by leaving it transparent where that can be.
      for (let channel = 0; channel < channels; channel++)
        data[at + channel] = hasAlpha && channel === channels - 1 ? (dark ? top : 0) : dark || hasAlpha ? 0 : top
    })
  })
  return encode({ width: size, height: size, data, channels, depth })
}

describe('the source of a download', () => {
  const download = (...args: string[]) => there.card('download', ...args, ...there.toServer, '--yes', '--json')

  it.each<[string, (id: string) => string[]]>([
    ['an activation code', id => [`LPA:1$${there.smdpHost}$${id}`]],
    ['a lower-case lpa: and blanks around', id => [`  lpa:1$${there.smdpHost}$${id}\n`]],
    ['a code without prefix, as an option', id => ['--activation-code', `1$${there.smdpHost}$${id}`]],
    ['server and matching id', id => ['--smdp', there.smdpHost, '--matching-id', id]],
  ])('card download accepts %s', async (_name, source) => {
    const { iccid, matchingId } = await there.order()
    const ran = await download(...source(matchingId))
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.json()).toMatchObject({ profile: { iccid, state: 'disabled' }, notificationSent: true })
  })

  it('card download refuses a server with another OID than the activation code', async () => {
    const { matchingId } = await there.order()
    const ran = await download(`LPA:1$${there.smdpHost}$${matchingId}$1.2.3.4`)
    expect(ran).toMatchObject({ exitCode: 1, err: expect.stringContaining('for SM-DP+ 1.2.3.4') })
    const oid = /the certificate has OID ([\d.]+)/.exec(ran.err)![1]!
    expect((await download(`LPA:1$${there.smdpHost}$${matchingId}$${oid}`)).exitCode).toBe(0)
  })

  it.each<[string, Parameters<typeof drawQr>[1]]>([
    ['grey', {}],
    ['grey and alpha', { channels: 2 }],
    ['RGB', { channels: 3 }],
    ['RGBA with transparency', { channels: 4 }],
    ['16 bits', { depth: 16, channels: 3 }],
    ['one pixel a module, cut to its edges', { scale: 1, isCut: true }],
  ])('card download --qr reads a PNG: %s', async (name, form) => {
    const { iccid, matchingId } = await there.order()
    const path = join(there.here.folder, `${name}.png`)
    writeFileSync(path, drawQr(`LPA:1$${there.smdpHost}$${matchingId}`, form))
    const ran = await download('--qr', path)
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.json()).toMatchObject({ profile: { iccid } })
  })

  it('card download uses the default SM-DP+ only without another source', async () => {
    expect(await download()).toMatchObject({ exitCode: 2, err: expect.stringContaining('has no default SM-DP+') })
    await there.card('default-smdp', there.smdpHost)
    // The server has no order for this EID. Its error shows that it was contacted.
    const ran = await there.card('download', ...there.toServer, '--yes')
    expect(ran.out).toContain(`no activation code was given; using the default SM-DP+ of the card: ${there.smdpHost}`)
    expect(ran.err).toMatch(/ES9\+\.AuthenticateClient/)
    for (const unreadable of ['', ' ', 'LPA:', 'hello', 'https://example.com/x']) {
      const bad = await download(unreadable)
      expect(bad.exitCode).toBe(2)
      expect(bad.json()).toEqual({ error: { code: 'activation-code', message: expect.any(String) } })
    }
    await there.card('default-smdp', '--clear', '--yes')
  })

  it('card download sends an invalid matching ID unchanged and prints a note', async () => {
    const asked = await there.card(
      ...['download', '--smdp', there.smdpHost, '--matching-id', 'TS48v1_a', ...there.toServer, '--yes'],
    )
    expect(asked.out).toContain('the matching ID "TS48v1_a" is not valid (SGP.22 §4.1')
    expect(asked.err).toMatch(/ES9\+\.AuthenticateClient/)
  })
})

describe('an invalid source ends with exit code 2', () => {
  const place = createCliFixture()
  afterAll(() => place.remove())
  const file = (name: string, bytes: Uint8Array | string): string => {
    const path = join(place.folder, name)
    writeFileSync(path, bytes)
    return path
  }

  it.each<[string, () => string[], string | RegExp]>([
    [
      'an activation code together with --smdp',
      () => ['LPA:1$a.example$X', '--smdp', 'a.example'],
      /an activation code and --smdp exclude each other/,
    ],
    ['--qr together with --discover', () => ['--qr', 'x.png', '--discover'], /--qr and --discover exclude each other/],
    ['a matching id without server', () => ['--matching-id', 'X'], 'add --smdp HOST'],
    ['an empty code', () => [''], 'the activation code is empty'],
    ['a web address', () => ['https://example.com/a'], 'is a web address, not an activation code'],
    [
      'a lower-case matching id',
      () => ['LPA:1$a.example$abc_d'],
      /characters other than .*give --smdp and --matching-id/,
    ],
    ['a matching id with blanks', () => ['--smdp', 'a.example', '--matching-id', 'a b'], /the matching ID "a b"/],
    ['a missing image', () => ['--qr', 'no.png'], 'cannot read the QR image no.png: there is no such file'],
    ['an image that is not a PNG', () => ['--qr', file('x.jpg', 'JFIF')], /is not a PNG image/],
    [
      'a PNG with too many pixels',
      () => {
        const png = Uint8Array.from(drawQr('x'))
        new DataView(png.buffer).setUint32(16, 60_000)
        new DataView(png.buffer).setUint32(20, 60_000)
        return ['--qr', file('huge.png', png)]
      },
      /has 60000 x 60000 pixels, more than the limit/,
    ],
    ['a truncated PNG', () => ['--qr', file('half.png', drawQr('x').subarray(0, 60))], /is a damaged PNG image/],
    [
      'a PNG without a QR code',
      () => [
        '--qr',
        file(
          'white.png',
          encode({ width: 90, height: 90, data: new Uint8Array(8100).fill(255), channels: 1, depth: 8 }),
        ),
      ],
      /no QR code was found in .*white\.png \(/,
    ],
    [
      'a QR code of something else',
      () => ['--qr', file('other.png', drawQr('WIFI:S:lab;;'))],
      /the QR code in .*other\.png contains "WIFI:S:lab;;"\. .*must begin with "1\$"/,
    ],
    ['an invalid IMEI', () => ['LPA:1$a.example$X', '--imei', '123'], /neither an IMEI/],
    ['a missing --yes without a terminal', () => ['LPA:1$a.example$X'], 'add --yes to consent'],
    [
      'a missing confirmation code without a terminal',
      () => ['LPA:1$a.example$X$$1', '--yes'],
      'give --confirmation-code',
    ],
  ])('card download refuses %s', async (_name, args, expected) => {
    const ran = await place.run('card', 'download', ...args())
    expect(ran.exitCode).toBe(2)
    expect(ran.err.trimEnd().split('\n')).toHaveLength(1)
    if (typeof expected === 'string') expect(ran.err).toContain(expected)
    else expect(ran.err).toMatch(expected)
  })
})
