import { X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readCiFolder } from '../../../src/host/pki/ci-folder.ts'
import { issueTestPki } from '../../../src/rsp/certificates/test-pki.ts'
import { createCliFixture } from '../../cli/runtime.ts'
import { type Running, startProgram } from '../../rigs/emulator/emulator-process.ts'
import { type FarSmdp, openFarSmdp } from '../../services/smdp/remote-smdp.ts'

const pemOf = (der: Uint8Array): string => new X509Certificate(der).toString()

describe('a folder of CI certificates', () => {
  let folder: string
  const { ci } = issueTestPki({
    curve: 'P-256',
    smdpHost: 'a.example',
    random: length => new Uint8Array(length).fill(7),
    now: new Date('2026-11-23'),
  })
  const der = ci.certificate.der
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ci-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('readCiFolder reads PEM and DER, and returns nothing for a missing folder', () => {
    expect(readCiFolder(join(folder, 'none'))).toEqual([])
    writeFileSync(join(folder, 'a.der'), der)
    writeFileSync(join(folder, 'b.pem'), `said by somebody\n${pemOf(der)}${pemOf(der)}`)
    writeFileSync(join(folder, 'notes.txt'), 'not a certificate')
    expect(readCiFolder(folder)).toEqual([der, der, der])
  })

  it.each([
    ['what is no certificate', 'a.pem', Buffer.from('hello'), /a\.pem holds no certificate in PEM or DER form/],
    ['half a certificate', 'a.der', der.subarray(0, 40), /a\.der holds a certificate that cannot be read/],
    ['nothing', 'a.cer', Buffer.alloc(0), /a\.cer holds no certificate/],
    [
      'text that only looks like one',
      'a.crt',
      Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
      /cannot be read/,
    ],
  ])('refuses %s, naming the file', (_what, name, bytes, sentence) => {
    writeFileSync(join(folder, name), bytes)
    expect(() => readCiFolder(folder)).toThrow(sentence)
  })

  it('readCiFolder refuses a certificate that is not a CA certificate', () => {
    const { dpTls } = issueTestPki({
      curve: 'P-256',
      smdpHost: 'a.example',
      random: length => new Uint8Array(length).fill(7),
      now: new Date('2026-11-23'),
    })
    writeFileSync(join(folder, 'tls.pem'), pemOf(dpTls.certificate.der))
    expect(() => readCiFolder(folder)).toThrow(/is not a CI certificate/)
  })
})

describe('a card of another CI', () => {
  const place = createCliFixture()
  let far: FarSmdp
  let plug: Running
  beforeAll(async () => {
    far = await openFarSmdp()
    plug = startProgram(place, 'euicc', 'emulate', '--tcp', '0', '--name', 'far', '--certs', far.certs)
    const port = (await plug.said(/APDU JSON at 127\.0\.0\.1:(\d+)/))[1]
    mkdirSync(join(place.folder, 'rigs'))
    writeFileSync(join(place.folder, 'rigs', 'far.yaml'), `name: far\nlink: { tcp: '127.0.0.1:${port}' }\n`)
  })
  afterAll(async () => {
    await plug.end()
    await far.close()
    place.remove()
  })

  it('the download succeeds only when rigs/ci contains the certificate of its CI', async () => {
    const { matchingId } = await far.order()
    const server = ['--smdp', far.host, '--matching-id', matchingId, '--connect-to', far.connectTo]
    const download = () => place.run('card', 'download', '--rig', 'far', ...server, '--yes', '--json')
    const before = await download()
    expect(before.exitCode).toBe(1)
    expect(before.err).toMatch(/certificate|trust/i)
    const ciFile = readdirSync(far.certs, { recursive: true, encoding: 'utf8' }).find(name =>
      /CERT_CI.*\.(der|pem)$/i.test(name),
    )
    mkdirSync(join(place.folder, 'rigs', 'ci'))
    writeFileSync(join(place.folder, 'rigs', 'ci', 'far.der'), readFileSync(join(far.certs, ciFile!)))
    const after = await download()
    expect(after).toMatchObject({ exitCode: 0, err: '' })
  })
})
