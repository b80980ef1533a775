import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorkplace, type Workplace } from '../../src/bench/cli/workplace.ts'
import { openFetch } from '../../src/bench/net/open-fetch.ts'
import { checkWebServer, openWebPki, serverIdentity } from '../../src/bench/pki/web-pki.ts'
import { type Bench, openBench } from '../../src/bench/run/bench.ts'
import { HOSTS } from '../../src/bench/services/hosts.ts'
import { makeSupply, stockProfile } from '../../src/bench/services/stock.ts'
import { ES2p } from '../../src/rsp/es2p.ts'
import { callEs2 } from '../../src/server/operator/es2p-client.ts'
import { createPlace } from './world.ts'

describe('card download from the SM-DP+ of another bench', () => {
  const there = createPlace()
  const here = createPlace()
  const { world } = there.worldOf(new AbortController().signal)
  let workplace: Workplace
  let bench: Bench
  let connectTo: string
  let certs: string
  /** Orders a profile over ES2+ as the operator does, and gives its ICCID and matching id. */
  let order: (confirmationCode?: string) => Promise<{ iccid: string; matchingId: string }>
  const opened: (() => unknown)[] = []

  beforeAll(async () => {
    workplace = openWorkplace(world, { curve: 'brainpool' })
    bench = await openBench({ ...world, workplace, signal: world.interrupt })
    const { services } = bench
    connectTo = `127.0.0.1:${services.addresses.find(services.smdpHost)!.port}`
    certs = join(there.home, 'pki', 'brainpool')
    const web = openWebPki(workplace.home.pki, { random: world.random, now: world.clock() })
    const operator = openFetch({
      addresses: services.addresses,
      check: checkWebServer(web.ca, world.clock),
      identity: serverIdentity(web.issue(HOSTS.operator)),
    })
    const smdp = {
      fetch: operator.fetch,
      url: `https://${HOSTS.smdpOrders}`,
      functionRequesterIdentifier: 'test',
      random: world.random,
    }
    order = async confirmationCode => {
      const { iccid } = await stockProfile({ ...services, clock: world.clock }, makeSupply(world.random))
      await callEs2(smdp, ES2p.DownloadOrder, { iccid: `${iccid}F` })
      const code = confirmationCode === undefined ? {} : { confirmationCode }
      const { matchingId } = await callEs2(smdp, ES2p.ConfirmOrder, { iccid: `${iccid}F`, releaseFlag: true, ...code })
      return { iccid, matchingId }
    }
    opened.push(
      () => there.remove(),
      () => here.remove(),
      () => workplace.close(),
      () => bench.close(),
      () => operator.close(),
    )
  })
  afterAll(async () => {
    for (const close of opened.reverse()) await close()
  })

  const download = (matchingId: string, ...more: string[]) =>
    here.run(
      ...['card', 'download', '--smdp', bench.services.smdpHost, '--matching-id', matchingId],
      ...['--connect-to', connectTo, '--curve', 'brainpool', '--json', '--yes', ...more],
    )

  it('installs, and keeps the profile between two invocations', async () => {
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

  it('asks for the confirmation code, refuses a wrong one, and takes the right one', async () => {
    const { matchingId } = await order('1234')
    const without = await download(matchingId, '--certs', certs)
    expect(without).toMatchObject({ exitCode: 2, err: expect.stringContaining('--confirmation-code') })
    const wrong = await download(matchingId, '--certs', certs, '--confirmation-code', '4321')
    expect(wrong).toMatchObject({ exitCode: 1, err: expect.stringContaining('confirmation code') })
    expect(wrong.err).not.toContain('4321')
    expect((await download(matchingId, '--certs', certs, '--confirmation-code', '1234')).exitCode).toBe(0)
  })

  it('sends nothing to a server whose CI is not on the card', async () => {
    const { matchingId } = await order()
    const ran = await download(matchingId)
    expect(ran.exitCode).toBe(1)
    expect(ran.err).toMatch(/is not trusted/)
  })

  it('takes the CA of --ca instead of the list of the card', async () => {
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
