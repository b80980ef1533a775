import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openThere, type There } from '../card/card-fixture.ts'

const SMDS = 'lpa.ds.gsma.com'

let there: There
beforeAll(async () => {
  there = await openThere()
})
afterAll(() => there.close())

const orderThere = () => there.order(undefined, { eid: there.eid, smdsAddress: SMDS })
const atSmds = (): string[] => ['--smds-at', there.placeOf(SMDS)]

describe('card discover and card download --discover', () => {
  it('card download --discover reports that the SM-DS has no events and contacts no other server', async () => {
    const found = await there.card('discover', ...atSmds(), '--json')
    expect(found).toMatchObject({ exitCode: 0, err: '' })
    expect(found.json()).toEqual({ smdsAddress: SMDS, events: [] })
    const ran = await there.card('download', '--discover', ...atSmds(), '--yes')
    expect(ran).toMatchObject({ exitCode: 0, out: `${SMDS} has no events for this card\n` })
  })

  it('card download --discover downloads the profile, and the SM-DS lists the event no longer', async () => {
    const { iccid } = await orderThere()
    const { events } = (await there.card('discover', ...atSmds(), '--json')).json<{ events: unknown[] }>()
    expect(events).toEqual([{ eventId: expect.any(String), rspServerAddress: there.smdpHost }])
    const asLpac = await there.card('discover', SMDS, ...atSmds(), '--lpac')
    expect(asLpac.json()).toEqual({ type: 'lpa', payload: { code: 0, message: 'success', data: [there.smdpHost] } })

    const ran = await there.card('download', '--discover', SMDS, ...atSmds(), ...there.toServer, '--yes')
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.out).toContain(`${SMDS} has an event for this card at ${there.smdpHost}`)
    expect(ran.out).toContain(`installed ${iccid}`)
  })

  it('several events need a choice: by the user on a terminal, by an option without one', {
    timeout: 120_000,
  }, async () => {
    const iccids: string[] = []
    for (let count = 0; count < 5; count++) iccids.push((await orderThere()).iccid)
    const eventsOf = async () =>
      (await there.card('discover', ...atSmds(), '--json')).json<{ events: { eventId: string }[] }>().events
    const download = [...['download', '--discover', ...atSmds()], ...there.toServer]
    const listed = await there.card('discover', ...atSmds())
    const [first, second] = await eventsOf()
    expect(listed.out).toContain(`1  ${there.smdpHost}  event ${first!.eventId}\n2  ${there.smdpHost}  event`)

    const unselected = await there.card(...download, '--yes')
    expect(unselected).toMatchObject({ exitCode: 2, out: '' })
    expect(unselected.err).toMatch(
      /has 5 events for this card \(1: \S+ at .*; 5: \S+ at .*\).*--event NUMBER, --event-id ID or --all/,
    )
    const quiet = await there.card(...download, '--yes', '--json')
    expect(quiet.exitCode).toBe(2)
    expect(quiet.json()).toMatchObject({ error: { code: 'usage' } })
    expect(await there.card(...download, '--yes', '--event', '6')).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('has no event 6 for this card; it has 1: '),
    })
    expect(await there.card(...download, '--yes', '--event-id', 'NONE')).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('has no event NONE for this card'),
    })

    const byId = await there.card(...download, '--yes', '--json', '--event-id', second!.eventId)
    expect(byId).toMatchObject({ exitCode: 0, err: '' })
    expect(iccids).toContain(byId.json<{ profile: { iccid: string } }>().profile.iccid)
    expect(await eventsOf()).not.toContainEqual(second)

    const which = 'which one? 1 to 4, [a]ll, [n]one: '
    const said = await there.type(
      {
        answers: [
          [which, '9\n'],
          [which, ' 1 \n'],
        ],
      },
      ...download,
      '--yes',
    )
    expect(said).toMatchObject({ exitCode: 0, err: '' })
    expect(said.out).toContain('there is no event 9\n')
    expect(await eventsOf()).toHaveLength(3)
    expect(await eventsOf()).not.toContainEqual(first)
    const none = await there.type({ answers: [['[n]one: ', 'n\n']] }, ...download, '--yes')
    expect(none).toMatchObject({ exitCode: 1, err: 'esim-bench: nothing was installed\n' })

    const byNumber = await there.card(...download, '--yes', '--event', '1')
    expect(byNumber).toMatchObject({ exitCode: 0, err: '' })
    const all = await there.card(...download, '--yes', '--all', '--json')
    expect(all).toMatchObject({ exitCode: 0, err: '' })
    const { downloads, failed } = all.json<{ downloads: { profile: { iccid: string } }[]; failed: unknown[] }>()
    expect(failed).toEqual([])
    expect(downloads.map(({ profile }) => iccids.includes(profile.iccid))).toEqual([true, true])
    expect(await eventsOf()).toEqual([])
  })

  it('--all reports refused downloads at the end and ends with exit code 1', async () => {
    await orderThere()
    await orderThere()
    const consent = 'Install the profile? [y]es, [n]o, [l]ater: '
    const args = [...['download', '--discover', '--all', ...atSmds()], ...there.toServer]
    const ran = await there.type(
      {
        answers: [
          [consent, 'n\n'],
          [consent, 'y\n'],
        ],
      },
      ...args,
    )
    expect(ran).toMatchObject({ exitCode: 1, err: '' })
    expect(ran.out).toMatch(
      /event \S+: nothing was installed; card and server were notified with the reason endUserRejection$/m,
    )
    expect(ran.out).toMatch(/^1 of 2 installed$/m)
  })

  it('--all downloads the other profiles if a confirmation code is missing', async () => {
    const { iccid } = await there.order('1234', { eid: there.eid, smdsAddress: SMDS })
    const { iccid: free } = await orderThere()
    const args = [...['download', '--discover', '--all', '--yes', '--json', ...atSmds()], ...there.toServer]
    const ran = await there.card(...args)
    expect(ran).toMatchObject({ exitCode: 1, err: '' })
    const { downloads, failed } = ran.json<{ downloads: { profile: { iccid: string } }[]; failed: unknown[] }>()
    expect(downloads.map(({ profile }) => profile.iccid)).toContain(free)
    expect(downloads.map(({ profile }) => profile.iccid)).not.toContain(iccid)
    expect(failed).toContainEqual(expect.objectContaining({ error: expect.stringContaining('--confirmation-code') }))
    // The event still exists.
    expect(await there.card(...args, '--confirmation-code', '1234')).toMatchObject({ exitCode: 0, err: '' })
  })

  it.each([
    [['--discover', '--event', '1', '--all'], /--event and --all exclude each other/],
    [['1$a.example$X', '--event-id', 'E'], /--event-id selects an event of an SM-DS; add --discover/],
    [['--discover', '--event', '0'], /it must be a number from 1/],
  ])('card download refuses %j', async (args, words) => {
    const ran = await there.card('download', ...args, '--yes')
    expect(ran).toMatchObject({ exitCode: 2, out: '', err: expect.stringMatching(words) })
  })

  it('an SM-DP+ is refused as an SM-DS, and an SM-DS as an SM-DP+', async () => {
    const wrong = await there.card('discover', there.smdpHost, '--smds-at', there.placeOf(there.smdpHost))
    expect(wrong).toMatchObject({ exitCode: 1, err: expect.stringContaining('ES11') })
    const other = await there.card('download', `1$${SMDS}$X`, '--connect-to', there.placeOf(SMDS), '--yes')
    expect(other).toMatchObject({ exitCode: 1, err: expect.stringContaining('not trusted') })
  })
})
