import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openContext } from '../../../src/bench/context.ts'
import { openBench } from '../../../src/bench/run/bench.ts'
import { HOSTS } from '../../../src/services/hosts.ts'
import { makeSupply, stockProfile } from '../../../src/services/stock.ts'
import { createCliFixture, type Place } from '../../cli/runtime.ts'
import { type Serving, serveSmdp } from './serving.ts'

const EID = '89049032123451234512345678901235'

let there: Place
let here: Place
let server: Serving | undefined
beforeEach(() => {
  there = createCliFixture()
  here = createCliFixture()
})
afterEach(async () => {
  await server?.end()
  there.remove()
  here.remove()
})

it('an order confirmed with the SM-DS raises an event, and a download by discovery consumes it', async () => {
  await there.run('smdp', 'stock', 'import', 'own', '--template', '--type', 'gold', '--count', '2')
  server = await serveSmdp(there, '--es2-port', '0', '--es11-port', '0', '--es12-port', '0')
  const ordered = await there.run(
    ...['smdp', 'order', 'create', '--type', 'gold', '--eid', EID, '--confirm', '--smds', 'lpa.ds.gsma.com', '--json'],
    ...['--url', 'https://smdp.bench.example', '--connect-to', `127.0.0.1:${server.port('ES2+')}`],
  )
  expect(ordered).toMatchObject({ exitCode: 0, err: '' })
  // One place for SM-DS and SM-DP+: on the port of ES9+ both answer to their names.
  const discover = () =>
    here.run(
      ...['card', 'download', '--discover', '--json', '--yes', '--connect-to', `127.0.0.1:${server!.port('ES9+')}`],
      ...['--certs', join(there.home, 'pki', 'nist')],
    )
  const ran = await discover()
  expect(ran).toMatchObject({ exitCode: 0, err: '' })
  const { iccid } = ordered.json<{ iccid: string }>()
  expect(ran.out).toContain(iccid)
  const shown = await there.run('smdp', 'order', 'show', iccid, '--json')
  expect(shown.json()).toMatchObject({ state: 'Installed', smdsAddress: 'lpa.ds.gsma.com' })
  const again = await discover()
  expect(again.out).not.toContain(iccid)
  expect(server.err()).toBe('')
})

it('an inventory order with an event id registers one event at the SM-DS', async () => {
  const inventory = join(there.folder, 'inventory.yaml')
  writeFileSync(
    inventory,
    `types: {own: {template: own}}\norders: [{matchingId: QUIET, eventId: EVENT-1, eid: "${EID}", profile: own}]\n`,
  )
  const serve = () => serveSmdp(there, '--inventory', inventory, '--es11-port', '0')
  server = await serve()
  await server.end()
  server = await serve()
  const discover = () =>
    here.run(
      ...['card', 'download', '--discover', '--json', '--yes', '--connect-to', `127.0.0.1:${server!.port('ES9+')}`],
      ...['--certs', join(there.home, 'pki', 'nist')],
    )
  const ran = await discover()
  expect(ran).toMatchObject({ exitCode: 0, err: '' })
  const shown = await there.run('smdp', 'order', 'show', 'QUIET', '--json')
  expect(shown.json()).toMatchObject({ state: 'Installed', eventId: 'EVENT-1' })
  expect(ran.out).toContain(shown.json<{ iccid: string }>().iccid)
  expect(server.err()).toBe('')
})

it('the servers of the bench also register and delete events', async () => {
  const { runtime } = there.runtimeOf(new AbortController().signal)
  const workplace = openContext(runtime, { curve: 'nist' })
  const bench = await openBench({ ...runtime, workplace, signal: runtime.interrupt })
  try {
    const { services } = bench
    const portOf = (host: string): string => `127.0.0.1:${services.addresses.find(host)?.port}`
    const { iccid } = await stockProfile({ ...services, clock: runtime.clock }, makeSupply(runtime.random))
    const ordered = await there.run(
      ...[
        'smdp',
        'order',
        'create',
        '--iccid',
        iccid,
        '--eid',
        EID,
        '--confirm',
        '--smds',
        'lpa.ds.gsma.com',
        '--json',
      ],
      ...['--url', `https://${HOSTS.smdpOrders}`, '--connect-to', portOf(HOSTS.smdpOrders)],
    )
    expect(ordered).toMatchObject({ exitCode: 0, err: '' })
    const ran = await here.run(
      ...['card', 'download', '--discover', '--json', '--yes', '--connect-to', portOf(services.smdpHost)],
      ...['--certs', join(there.home, 'pki', 'nist')],
    )
    expect(ran).toMatchObject({ exitCode: 0, err: '', out: expect.stringContaining(iccid) })
    expect(await services.store.findOrder(iccid)).toMatchObject({ state: 'Installed' })
  } finally {
    await bench.close()
    workplace.close()
  }
})
