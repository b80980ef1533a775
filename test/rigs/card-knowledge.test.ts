import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/asn1/bytes.ts'
import { PACKAGE_FOLDER } from '../../src/host/version.ts'
import { knowCards } from '../../src/rigs/card-knowledge.ts'
import { openLearnedFacts } from '../../src/rigs/learned.ts'
import type { Rig } from '../../src/rigs/rig.ts'

const GSMA = 'a0000005591010ffffffff8900000100'
const RIG: Rig = { name: 'desk', link: { pcsc: { reader: 'ACR39U' } } }

describe('knowCards', () => {
  let folder: string
  let learned: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'knowledge-'))
    learned = join(folder, 'learned')
    now = new Date('2026-11-20T12:00:00Z')
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  let now = new Date('2026-11-20T12:00:00Z')
  const clock = () => now
  const own = join(PACKAGE_FOLDER, 'rigs')
  const aidsOf = (rig: Rig, folders = [own]) => knowCards(folders, learned, clock)(rig).aids!.map(aid => toHex(aid))
  const writeList = (text: string): string => {
    mkdirSync(join(folder, 'rigs', 'cards'), { recursive: true })
    writeFileSync(join(folder, 'rigs', 'cards', 'isd-r.yaml'), text)
    return join(folder, 'rigs')
  }

  it('knowCards lists the AID of the GSMA before those of the manufacturers', () => {
    const aids = aidsOf(RIG)
    expect(aids[0]).toBe(GSMA)
    expect(aids).toHaveLength(8)
    expect(aids).toContain('a000000559104c696e6b736669656c64')
  })

  it('knowCards orders AIDs: rig file, learned AID, list of the user, list of the bench', () => {
    const mine = writeList('- { aid: "A0000000010203", of: a card of mine }\n')
    knowCards([own, mine], learned, clock)(RIG).onLearned!({ aid: fromHex('a00000000777') })
    const rig: Rig = { ...RIG, card: { aids: ['A00000000999', GSMA] } }
    expect(aidsOf(rig, [own, mine]).slice(0, 5)).toEqual([
      'a00000000999',
      GSMA,
      'a00000000777',
      'a0000000010203',
      'a0000005591010000000008900000300',
    ])
    // Another rig has learnt nothing.
    expect(aidsOf({ ...RIG, name: 'other' }, [own, mine])[0]).toBe('a0000000010203')
  })

  it('knowCards rejects an invalid list with file and line', () => {
    const mine = writeList('- aid: A0000005591010FFFFFFFF8900000100\n  for: me\n')
    expect(() => knowCards([own, mine], learned, clock)).toThrow(
      /isd-r\.yaml, line 2, column 3: there is no key `for` here/,
    )
  })

  it('knowCards stores the learned segment size, and the rig file has priority', () => {
    const known = knowCards([own], learned, clock)
    expect(known(RIG).segmentSize).toBe(255)
    known(RIG).onLearned!({ segmentSize: 120, tooLong: 255, isConfirmed: true })
    expect(knowCards([own], learned, clock)(RIG).segmentSize).toBe(120)
    expect(known(RIG, { segmentSize: 63 }).segmentSize).toBe(63)
    expect(known({ ...RIG, segmentSize: 200 }).segmentSize).toBe(200)
    expect(JSON.parse(readFileSync(join(learned, 'desk.json'), 'utf8'))).toEqual({
      segmentSize: 120,
      segmentSizeOf: { at: '2026-11-20T12:00:00.000Z', way: '', atr: '' },
    })
  })

  it('knowCards allows longer segments after a week, and notes the date', () => {
    const card = () => knowCards([own], learned, clock)(RIG)
    expect(card().sizeNote).toBeUndefined()
    card().onLearned!({ segmentSize: 63, tooLong: 255, isConfirmed: false })
    expect(card().sizeNote).toBe(
      'The segment size is 63 bytes, because longer segments were lost on this rig on 2026-11-20. ' +
        'Longer segments are tried again from 2026-11-27, or with another reader, firmware or card.',
    )
    expect(knowCards([own], learned, clock)({ ...RIG, segmentSize: 63 }).sizeNote).toBeUndefined()
    expect(knowCards([own], learned, clock)(RIG, { segmentSize: 63 }).sizeNote).toBeUndefined()
    const sizes: unknown[] = []
    for (const day of ['2026-11-27T11:59:59Z', '2026-11-27T12:00:00Z', '2026-11-19T00:00:00Z']) {
      now = new Date(day)
      sizes.push(card().segmentSize)
    }
    expect(sizes).toEqual([63, 255, 255])
  })

  it('knowCards ignores a size learned with another reader, firmware or card', () => {
    const known = knowCards([own], learned, clock)
    const [here, there] = ['ACS ACR39U', 'OMNIKEY 3x21'].map(way => ({ way, card: { atr: fromHex('3b9f') } }))
    known(RIG, here).onLearned!({ segmentSize: 120, tooLong: 255, isConfirmed: true })
    const sizes = [here, there, { ...here!, card: { atr: fromHex('3b9e') } }, { ...here!, way: '' }]
    expect(sizes.map(each => known(RIG, each).segmentSize)).toEqual([120, 255, 255, 255])
  })

  it('forget() deletes the learned facts of a rig', () => {
    const facts = openLearnedFacts(learned)
    expect(facts.forget('desk')).toBe(false)
    facts.learn('desk', { apdu: 'csim' })
    expect(facts.forget('desk')).toBe(true)
    expect(facts.of('desk')).toEqual({})
  })

  it('a failed write of learned facts does not interrupt the session', () => {
    writeFileSync(learned, 'no folder')
    const { onLearned, segmentSize } = knowCards([own], learned, clock)(RIG)
    onLearned!({ aid: fromHex(GSMA) })
    expect(segmentSize).toBe(255)
  })

  it('knowCards learns facts again after a lost or damaged file', () => {
    mkdirSync(learned)
    for (const damage of ['', '{', '[]', '{"segmentSize":"long"}']) {
      writeFileSync(join(learned, 'desk.json'), damage)
      expect(openLearnedFacts(learned).of('desk')).toEqual({})
    }
    openLearnedFacts(learned).learn('desk', { apdu: 'csim' })
    expect(openLearnedFacts(learned).of('desk')).toEqual({ apdu: 'csim' })
  })
})
