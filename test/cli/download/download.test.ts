import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FarSmdp, openFarSmdp } from '../../services/smdp/remote-smdp.ts'
import { createCliFixture } from '../runtime.ts'

describe('card download from the SM-DP+ of another bench', () => {
  const here = createCliFixture()
  let far: FarSmdp
  let certs: string
  const order = (confirmationCode?: string) => far.order(confirmationCode)
  beforeAll(async () => {
    far = await openFarSmdp('brainpool')
    certs = far.certs
  })
  afterAll(async () => {
    await far.close()
    here.remove()
  })

  const download = (matchingId: string, ...more: string[]) =>
    here.run(
      ...['card', 'download', '--smdp', far.host, '--matching-id', matchingId],
      ...['--connect-to', far.connectTo, '--curve', 'brainpool', '--json', '--yes', ...more],
    )

  it('card download installs a profile that the next process lists', async () => {
    const { iccid, matchingId } = await order()
    const ran = await download(matchingId, '--certs', certs)
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.json()).toMatchObject({ profile: { iccid, state: 'disabled' }, notificationSent: true })
    const listed = await here.run('card', 'list', '--certs', certs, '--curve', 'brainpool', '--json')
    expect(listed.json()).toMatchObject({ profiles: [{ iccid }] })
    // An order is for one download.
    const again = await download(matchingId, '--certs', certs)
    expect(again.exitCode).toBe(1)
    expect(again.err).toMatch(/ES9\+\.AuthenticateClient/)
  })

  it('card download needs the confirmation code and refuses an incorrect one', async () => {
    const { matchingId } = await order('1234')
    const without = await download(matchingId, '--certs', certs)
    expect(without).toMatchObject({ exitCode: 2, err: expect.stringContaining('--confirmation-code') })
    const wrong = await download(matchingId, '--certs', certs, '--confirmation-code', '4321')
    expect(wrong).toMatchObject({ exitCode: 1, err: expect.stringContaining('confirmation code') })
    expect(wrong.err).not.toContain('4321')
    expect((await download(matchingId, '--certs', certs, '--confirmation-code', '1234')).exitCode).toBe(0)
  })

  it('card download sends nothing to a server whose CI the card does not list', async () => {
    const { matchingId } = await order()
    const ran = await download(matchingId)
    expect(ran.exitCode).toBe(1)
    expect(ran.err).toMatch(/is not trusted/)
  })

  it('card download --ca replaces the CI list of the card for TLS', async () => {
    const { matchingId } = await order()
    const ca = join(here.folder, 'ca.pem')
    const der = readFileSync(join(certs, 'CertificateIssuer', 'CERT_CI_ECDSA_BRP.der'))
    writeFileSync(ca, new X509Certificate(der).toString())
    // TLS is then trusted; the card, which has another CI, is not fooled.
    const ran = await download(matchingId, '--ca', ca)
    expect(ran.exitCode).toBe(1)
    expect(ran.err).toMatch(/ES9\+\.InitiateAuthentication/)
    expect((await download(matchingId, '--ca', ca, '--certs', certs)).exitCode).toBe(0)
  })
})
