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

describe('consent of the user', () => {
  it('the answer yes installs the profile and prints steps and progress', async () => {
    const { iccid, matchingId } = await there.order()
    const ran = await download(matchingId, { answers: [[QUESTION, 'y\n']] })
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.out).toContain('profile: ')
    expect(ran.out).toContain(`ICCID: ${iccid}, operational`)
    // The output is no terminal here: a line each quarter and no bar.
    const progress = ran.out.match(/^bytes installed \d+ of \d+$/gm)!
    expect(progress.length).toBeLessThanOrEqual(4)
    expect(progress.at(-1)).toMatch(/ (\d+) of \1$/)
    expect(ran.out).toContain(`to enable it: esim-bench card enable ${iccid}`)
    expect(await profiles()).toContain(iccid)
  })

  it.each([
    ['no', 'n\n', 'endUserRejection'],
    ['nothing', '\n', 'endUserRejection'],
    ['later', 'later\n', 'postponed'],
  ])('the answer %s installs nothing, and the server receives the reason', async (_name, answer, reason) => {
    const before = await profiles()
    const { iccid, matchingId } = await there.order()
    const ran = await download(matchingId, { answers: [[QUESTION, answer]] })
    expect(ran).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining(`card and server were notified with the reason ${reason}`),
    })
    expect(await profiles()).toEqual(before)
    // A postponed profile can be downloaded later, a refused one cannot (SGP.22 §3.0.2).
    const again = await there.card('download', `1$${there.smdpHost}$${matchingId}`, ...there.toServer, '--yes')
    if (reason === 'postponed') expect(await profiles()).toContain(iccid)
    else expect(again.err).toMatch(/ES9\+\.AuthenticateClient/)
  })

  it('a missing answer cancels the download with the reason timeout', async () => {
    const { matchingId } = await there.order()
    const ran = await download(matchingId, { answers: [] }, '--consent-timeout', '1')
    expect(ran).toMatchObject({ exitCode: 1, err: expect.stringContaining('were notified with the reason timeout') })
  })

  it('card download asks for a required confirmation code and does not print it', async () => {
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

  it('an empty confirmation code is refused, and the order stays valid', async () => {
    const { matchingId } = await there.order('1234')
    const none = await download(matchingId, { answers: [['operator: ', '\n']] }, '--yes')
    expect(none).toMatchObject({ exitCode: 2, err: expect.stringContaining('--confirmation-code') })
    const right = await download(matchingId, {}, '--yes', '--confirmation-code', '1234')
    expect(right.exitCode).toBe(0)
  })
})
