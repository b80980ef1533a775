import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BenchError } from '../../src/host/error.ts'
import { parseYaml } from '../../src/host/yaml/yaml-file.ts'
import { type Availability, chooseRig, Rig, readRigs, SOFTWARE_RIG } from '../../src/rigs/rig.ts'
import { ROOT } from '../paths.ts'

const complaint = (text: string): string => {
  try {
    parseYaml(Rig, text, 'rigs/desk.yaml')
  } catch (error) {
    expect(error).toBeInstanceOf(BenchError)
    return (error as BenchError).message
  }
  throw new Error('accepted')
}

describe('a rig file', () => {
  it.each([
    [
      'an unknown key, with the right one',
      'name: desk\nlnik: software\n',
      'line 2, column 1: there is no key `lnik` here; did you mean `link`?',
    ],
    [
      'an unknown key inside a link',
      'name: desk\nlink:\n  pcsc:\n    raeder: ACR39U\n',
      'line 4, column 5: there is no key `raeder` here; did you mean `reader`?',
    ],
    [
      'an unknown link',
      'name: desk\nlink:\n  pscs:\n    reader: ACR39U\n',
      'line 3, column 3: there is no key `pscs` here; did you mean `pcsc`?',
    ],
    [
      'a key like no other',
      'name: desk\nlink: software\nzzzzzzzzz: 1\n',
      'line 3, column 1: there is no key `zzzzzzzzz` here; known keys are name, description, link, card',
    ],
    ['a name with a blank', 'name: my desk\nlink: software\n', 'line 1, column 7: name: a name is lower-case letters'],
    ['an EID without quotes', 'name: desk\nlink: software\ncard:\n  eid: 123\n', 'line 4, column 8: card.eid:'],
    ['a missing key', '# desk\nname: desk\n', 'line 2, column 1: link:'],
    [
      'a key twice',
      'name: desk\nname: desk\n',
      'line 2, column 1: this key occurs twice in one group; remove one of them',
    ],
    ['a text that is not YAML', 'name: "desk\nlink: software\n', 'line 3'],
    ['an empty file', '', 'line 1, column 1: the file:'],
  ])('with %s is refused with its place', (_name, text, expected) => {
    expect(complaint(text)).toContain(`rigs/desk.yaml, ${expected}`)
  })

  it('the rig schema accepts a rig with a modem', () => {
    expect(parseYaml(Rig, 'name: desk\nlink: {modem: {port: /dev/serial/by-id/x}}\n', 'f')).toEqual({
      name: 'desk',
      link: { modem: { port: '/dev/serial/by-id/x' } },
    })
  })

  it.each(['recording', 'tape'])('the rig schema accepts a recorded session with the link key %s', key => {
    const rig = parseYaml(Rig, `name: replay\nlink: {${key}: session.jsonl}\n`, 'f')
    expect(rig.link).toEqual({ tape: 'session.jsonl' })
  })
})

describe('readRigs', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'esim-bench-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('readRigs includes the rigs of the bench', () => {
    expect(readRigs([join(ROOT, 'rigs')])).toContainEqual(
      expect.objectContaining({ name: 'software', link: 'software' }),
    )
  })

  it('readRigs rejects two files with the same rig name', () => {
    for (const file of ['a.yaml', 'b.yml']) writeFileSync(join(folder, file), 'name: desk\nlink: software\n')
    expect(() => readRigs([folder])).toThrow(/the rig desk is already defined in .*a\.yaml/)
  })
})

describe('chooseRig', () => {
  const reader: Rig = { name: 'desk', link: { pcsc: { reader: 'ACR39U' } } }
  const modem: Rig = { name: 'shelf', link: { modem: { port: '/dev/ttyUSB2' } } }
  const only =
    (...names: string[]) =>
    async (rig: Rig): Promise<Availability> =>
      names.includes(rig.name) ? { attached: true } : { attached: false, reason: `no ${rig.name} here` }

  it('chooseRig chooses the first attached hardware rig', async () => {
    const chosen = await chooseRig([SOFTWARE_RIG, reader, modem], undefined, only('software', 'shelf'))
    expect(chosen.rig).toBe(modem)
    expect(chosen.why).toBe('Using the rig shelf (modem at /dev/ttyUSB2): the first configured rig that is attached.')
  })

  it('chooseRig chooses the software eUICC and states the reason', async () => {
    const chosen = await chooseRig([SOFTWARE_RIG, reader], undefined, only('software'))
    expect(chosen).toEqual({
      rig: SOFTWARE_RIG,
      why: 'Using the software eUICC: no rig with a card is attached (desk: no desk here).',
    })
    expect((await chooseRig([SOFTWARE_RIG], undefined, only())).why).toContain('rigs/ contains no reader or modem')
  })

  it('chooseRig does not replace a named rig that is not attached', async () => {
    await expect(chooseRig([SOFTWARE_RIG, reader], 'desk', only('software'))).rejects.toMatchObject({
      code: 'rig-not-attached',
      message: 'the rig desk is not attached: no desk here',
    })
    await expect(chooseRig([SOFTWARE_RIG, reader], 'dekc', only())).rejects.toMatchObject({
      code: 'no-such-rig',
      message: 'There is no rig "dekc". Did you mean desk? The rigs are: software, desk',
    })
  })
})
