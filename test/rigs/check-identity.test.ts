import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createCliFixture } from '../cli/runtime.ts'

describe('the EID of a rig file', () => {
  const place = createCliFixture()
  afterAll(() => place.remove())
  const rig = (eid: string): void => {
    mkdirSync(join(place.folder, 'rigs'), { recursive: true })
    writeFileSync(join(place.folder, 'rigs', 'mine.yaml'), `name: mine\nlink: software\ncard: { eid: '${eid}' }\n`)
  }
  const OTHER = '89049032123451234512345678901299'

  it.each([
    ['list'],
    ['info'],
    ['delete', '8949001000000000017', '--yes'],
    ['reset', '--operational', '--yes'],
    ['apdu', '00A40004023F00'],
    ['download', '1$a.example$X', '--yes'],
  ])('is the only one that is worked on: card %s', async (...command) => {
    rig(OTHER)
    const ran = await place.run('card', ...command, '--rig', 'mine')
    expect(ran).toMatchObject({ exitCode: 1, out: '' })
    expect(ran.err).toMatch(
      /the rig mine is not attached: its file requires the card 89049032123451234512345678901299, but the inserted card is \d{32}\. Insert that card, or correct card\.eid/,
    )
  })

  it('a command runs if the card has the EID of the rig file', async () => {
    rig(OTHER)
    const [, eid] = /the inserted card is (\d{32})/.exec((await place.run('card', 'list', '--rig', 'mine')).err)!
    rig(eid!)
    expect(await place.run('card', 'list', '--rig', 'mine')).toMatchObject({ exitCode: 0, err: '' })
  })
})
