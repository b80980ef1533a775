import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openThere, type There, type Typed } from './card-fixture.ts'

let there: There
beforeAll(async () => {
  there = await openThere()
})
afterAll(() => there.close())

const QUESTION = 'Install the profile? [y]es, [n]o, [l]ater: '
const download = (matchingId: string, typed: Typed, ...more: string[]) =>
  there.type(typed, 'download', `1$${there.smdpHost}$${matchingId}`, ...there.toServer, ...more)
const profiles = async (): Promise<string[]> =>
  (await there.card('list', '--json')).json<{ profiles: { iccid: string }[] }>().profiles.map(({ iccid }) => iccid)

describe('a person is shown the profile and asked', () => {
  it('yes: it comes, with its steps and how far it is', async () => {
    const { iccid, matchingId } = await there.order()
    const ran = await download(matchingId, { answers: [[QUESTION, 'y\n']] })
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.out).toContain('profile: ')
    expect(ran.out).toContain(`ICCID: ${iccid}, operational`)
    // The output is no terminal here: a line each quarter and no bar.
    const told = ran.out.match(/^bytes installed \d+ of \d+$/gm)!
    expect(told.length).toBeLessThanOrEqual(4)
    expect(told.at(-1)).toMatch(/ (\d+) of \1$/)
    expect(ran.out).toContain(`to enable it: esim-bench card enable ${iccid}`)
    expect(await profiles()).toContain(iccid)
  })

  it.each([
    ['no', 'n\n', 'endUserRejection'],
    ['nothing', '\n', 'endUserRejection'],
    ['later', 'later\n', 'postponed'],
  ])('%s: nothing comes, and the server hears why', async (_name, answer, reason) => {
    const before = await profiles()
    const { iccid, matchingId } = await there.order()
    const ran = await download(matchingId, { answers: [[QUESTION, answer]] })
    expect(ran).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining(`card and server were notified with the reason ${reason}`),
    })
    expect(await profiles()).toEqual(before)
    // What was put off can still be had; what was refused cannot (SGP.22 §3.0.2).
    const again = await there.card('download', `1$${there.smdpHost}$${matchingId}`, ...there.toServer, '--yes')
    if (reason === 'postponed') expect(await profiles()).toContain(iccid)
    else expect(again.err).toMatch(/ES9\+\.AuthenticateClient/)
  })

  it('no answer in time: told as timeout', async () => {
    const { matchingId } = await there.order()
    const ran = await download(matchingId, { answers: [] }, '--consent-timeout', '1')
    expect(ran).toMatchObject({ exitCode: 1, err: expect.stringContaining('were notified with the reason timeout') })
  })

  it('asks for the confirmation code where one is needed, and shows none of it', async () => {
    const { iccid, matchingId } = await there.order('SECRET-77')
    const ran = await download(matchingId, {
      answers: [
        [QUESTION, 'y\n'],
        ['Confirmation code of the operator: ', 'SECRET-77\n'],
      ],
    })
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.out).not.toContain('SECRET-77')
    expect(await profiles()).toContain(iccid)
  })

  it('an empty code is none: the order waits for the right one', async () => {
    const { matchingId } = await there.order('1234')
    const none = await download(matchingId, { answers: [['operator: ', '\n']] }, '--yes')
    expect(none).toMatchObject({ exitCode: 2, err: expect.stringContaining('--confirmation-code') })
    const right = await download(matchingId, {}, '--yes', '--confirmation-code', '1234')
    expect(right.exitCode).toBe(0)
  })
})
