import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import encodeQR from 'qr'
import sharp, { type Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openThere, type There } from '../card/card-fixture.ts'
import { createCliFixture } from '../runtime.ts'

let there: There
beforeAll(async () => {
  there = await openThere()
})
afterAll(() => there.close())

/** A QR code as a gray image. `isCut`: without the quiet zone. */
const drawQr = (text: string, { scale = 4, isCut = false }: { scale?: number; isCut?: boolean } = {}): Sharp => {
  const edge = isCut ? 2 * scale : 0
  const rows = encodeQR(text, 'raw', { border: 2, scale })
    .map(row => row.slice(edge, row.length - edge))
    .filter((_, y, { length }) => y >= edge && y < length - edge)
  const data = Buffer.from(rows.flatMap(row => row.map(isDark => (isDark ? 0 : 255))))
  return sharp(data, { raw: { width: rows.length, height: rows.length, channels: 1 } })
}

/** Dark modules are opaque and black, light modules are transparent and black. */
const drawTransparentQr = (text: string): Promise<Uint8Array> => {
  const rows = encodeQR(text, 'raw', { border: 2, scale: 4 })
  const data = Buffer.from(rows.flatMap(row => row.flatMap(isDark => [0, 0, 0, isDark ? 255 : 0])))
  return sharp(data, { raw: { width: rows.length, height: rows.length, channels: 4 } })
    .png()
    .toBuffer()
}

const APPLE = 'https://esimsetup.apple.com/esim_qrcode_provisioning?carddata='

describe('the source of a download', () => {
  const download = (...args: string[]) => there.card('download', ...args, ...there.toServer, '--yes', '--json')

  it.each<[string, (id: string) => string[]]>([
    ['an activation code', id => [`LPA:1$${there.smdpHost}$${id}`]],
    ['a lower-case lpa: and blanks around', id => [`  lpa:1$${there.smdpHost}$${id}\n`]],
    ['a code without prefix, as an option', id => ['--activation-code', `1$${there.smdpHost}$${id}`]],
    ['a universal link', id => [`${APPLE}LPA:1%24${there.smdpHost}%24${id}`]],
    ['labelled text', id => [`SM-DP+ Address: ${there.smdpHost}\nActivation Code: ${id}`]],
    ['host and matching id', id => [`${there.smdpHost}$${id}`]],
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

  it.each<[string, (text: string) => Promise<Uint8Array>]>([
    ['PNG in gray', text => drawQr(text).png().toBuffer()],
    ['PNG with a palette', text => drawQr(text).png({ palette: true }).toBuffer()],
    ['PNG with transparent modules', drawTransparentQr],
    ['PNG of 16 bits', text => drawQr(text).toColourspace('rgb16').png().toBuffer()],
    [
      'PNG with one pixel per module and no quiet zone',
      text => drawQr(text, { scale: 1, isCut: true }).png().toBuffer(),
    ],
    ['JPEG', text => drawQr(text).jpeg({ quality: 60 }).toBuffer()],
    ['WebP', text => drawQr(text).webp().toBuffer()],
    ['GIF', text => drawQr(text).gif().toBuffer()],
    ['PNG, mirrored', text => drawQr(text).flop().png().toBuffer()],
    ['JPEG, mirrored and rotated', text => drawQr(text).flip().rotate(90).jpeg().toBuffer()],
    ['WebP, inverted', text => drawQr(text).negate().webp().toBuffer()],
    ['PNG of a universal link', text => drawQr(`${APPLE}${text}`).png().toBuffer()],
  ])('card download --qr reads %s', async (name, draw) => {
    const { iccid, matchingId } = await there.order()
    const path = join(there.here.folder, `${name}.image`)
    writeFileSync(path, await draw(`LPA:1$${there.smdpHost}$${matchingId}`))
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

describe('an invalid source ends with exit code 2, an unreachable server with 1', () => {
  const place = createCliFixture()
  afterAll(() => place.remove())
  const file = (name: string, bytes: Uint8Array | string): string => {
    const path = join(place.folder, name)
    writeFileSync(path, bytes)
    return path
  }
  const half = (format: 'png' | 'jpeg' | 'webp') => async (): Promise<string[]> => {
    const bytes = await drawQr('x').toFormat(format).toBuffer()
    return ['--qr', file(`half.${format}`, bytes.subarray(0, bytes.length / 2))]
  }

  it.each<[string, string, string]>([
    ['a universal link of iOS', `${APPLE}LPA:1$a.example$X$`, 'a.example'],
    ['a universal link of Android', 'https://esimsetup.android.com/e?carddata=LPA:1%24a.example%24X', 'a.example'],
    ['labelled text', 'SM-DP+ Address: a.example\nActivation Code: LPA:1$a.example$X', 'a.example'],
    ['two lines', 'a.example\nX-1', 'a.example'],
    ['host and matching ID', 'a.example$X', 'a.example'],
    ['a matching ID in lower case', 'LPA:1$a.example$token$$0', 'a.example'],
    ['a code of SGP.22 v3', 'LPA:1$a.example$X$$$F54172BDF98A95D65CBEB88A38A1C11D800A85C3$1', 'a.example'],
    ['zero-width characters', '\u200bLPA:1$a.\u200bexample$X\ufeff', 'a.example'],
  ])('card download parses %s and reports the unreachable host', async (_name, code, host) => {
    const args = ['--rig', 'software', '--yes', '--connect-to', '127.0.0.1:1']
    const ran = await place.run('card', 'download', code, ...args)
    expect(ran.exitCode).toBe(1)
    expect(ran.err).toContain(host)
    expect(ran.err).toMatch(/ECONNREFUSED|refused|cannot be reached|unreachable/)
  })

  it.each<[string, () => string[] | Promise<string[]>, string | RegExp]>([
    [
      'an activation code together with --smdp',
      () => ['LPA:1$a.example$X', '--smdp', 'a.example'],
      /an activation code and --smdp exclude each other/,
    ],
    ['--qr together with --discover', () => ['--qr', 'x.png', '--discover'], /--qr and --discover exclude each other/],
    ['a matching id without server', () => ['--matching-id', 'X'], 'add --smdp HOST'],
    ['an empty code', () => [''], 'the activation code is empty'],
    ['a web address', () => ['https://example.com/a'], 'is a web address, not an activation code'],
    ['a link with an empty code', () => [APPLE], /must begin with "1\$"/],
    [
      'two codes',
      () => ['LPA:1$a.example$X\nLPA:1$b.example$Y'],
      'the text contains 2 different codes; give one of them',
    ],
    [
      'a confirmation code as OID',
      () => ['LPA:1$a.example$X$1234'],
      /fourth part must be the OID .*confirmation code; remove .* --confirmation-code/,
    ],
    [
      'a confirmation code as flag',
      () => ['LPA:1$a.example$X$$1234'],
      /fifth part must be .*confirmation code itself; remove .* --confirmation-code/,
    ],
    [
      'a matching id with an underscore',
      () => ['LPA:1$a.example$abc_d'],
      /characters other than .*give --smdp and --matching-id/,
    ],
    ['a matching id with a blank', () => ['--smdp', 'a.example', '--matching-id', 'a b'], /the matching ID "a b"/],
    ['a missing image', () => ['--qr', 'no.png'], 'cannot read the QR image no.png: there is no such file'],
    ['a file of another format', () => ['--qr', file('x.jpg', 'JFIF')], /is not a PNG, JPEG, WebP or GIF image/],
    ['an SVG image', () => ['--qr', file('x.png', '<svg/>')], /is not a PNG, JPEG, WebP or GIF image/],
    [
      'a PNG with too many pixels',
      async () => {
        const png = Uint8Array.from(await drawQr('x').png().toBuffer())
        new DataView(png.buffer).setUint32(16, 60_000)
        new DataView(png.buffer).setUint32(20, 60_000)
        return ['--qr', file('huge.png', png)]
      },
      /has 60000 x 60000 pixels, more than the limit; crop it/,
    ],
    ['a truncated PNG', half('png'), /is a damaged PNG image: .*; save the QR code again/],
    ['a truncated JPEG', half('jpeg'), /is a damaged JPEG image: /],
    ['a truncated WebP', half('webp'), /is a damaged WebP image: /],
    [
      'a PNG without a QR code',
      async () => {
        const white = sharp({ create: { width: 90, height: 90, channels: 3, background: '#fff' } })
        return ['--qr', file('white.png', await white.png().toBuffer())]
      },
      /no QR code was found in .*white\.png \(90 x 90 pixels\)/,
    ],
    [
      'a QR code of something else',
      async () => ['--qr', file('other.png', await drawQr('WIFI:S:lab;;').png().toBuffer())],
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
    const ran = await place.run('card', 'download', ...(await args()))
    expect(ran.exitCode).toBe(2)
    expect(ran.err.trimEnd().split('\n')).toHaveLength(1)
    if (typeof expected === 'string') expect(ran.err).toContain(expected)
    else expect(ran.err).toMatch(expected)
  })
})
