import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openThere, type There } from './card-there.ts'

const SMDS = 'lpa.ds.gsma.com'

let there: There
let eid: string
beforeAll(async () => {
  there = await openThere()
  eid = (await there.card('info', '--json')).json<{ eid: string }>().eid
})
afterAll(() => there.close())

const atSmds = (): string[] => ['--smds-at', there.placeOf(SMDS)]

describe('what waits for a card at an SM-DS', () => {
  it('nothing: said, and nothing else is asked in its place', async () => {
    const found = await there.card('discover', ...atSmds(), '--json')
    expect(found).toMatchObject({ exitCode: 0, err: '' })
    expect(found.json()).toEqual({ smdsAddress: SMDS, events: [] })
    const ran = await there.card('download', '--discover', ...atSmds(), '--yes')
    expect(ran).toMatchObject({ exitCode: 0, out: `${SMDS} has nothing for this card\n` })
  })

  it('a profile: found, downloaded, and gone from the list', async () => {
    const { iccid } = await there.order(undefined, { eid, smdsAddress: SMDS })
    const { events } = (await there.card('discover', ...atSmds(), '--json')).json<{ events: unknown[] }>()
    expect(events).toEqual([{ eventId: expect.any(String), rspServerAddress: there.smdpHost }])
    const asLpac = await there.card('discover', SMDS, ...atSmds(), '--lpac')
    expect(asLpac.json()).toEqual({ type: 'lpa', payload: { code: 0, message: 'success', data: [there.smdpHost] } })

    const ran = await there.card('download', '--discover', SMDS, ...atSmds(), ...there.toServer, '--yes')
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.out).toContain(`${SMDS} says that a profile waits at ${there.smdpHost}`)
    expect(ran.out).toContain(`installed ${iccid}`)
  })

  it('an SM-DP+ asked as an SM-DS, and an SM-DS as an SM-DP+: each is refused for what it is', async () => {
    const wrong = await there.card('discover', there.smdpHost, '--smds-at', there.placeOf(there.smdpHost))
    expect(wrong).toMatchObject({ exitCode: 1, err: expect.stringContaining('ES11') })
    const other = await there.card('download', `1$${SMDS}$X`, '--connect-to', there.placeOf(SMDS), '--yes')
    expect(other).toMatchObject({ exitCode: 1, err: expect.stringContaining('not trusted') })
  })
})
