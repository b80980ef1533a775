import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isApduError } from '../../src/apdu/errors.ts'
import { openLogicalChannel, selectByAid } from '../../src/apdu/logical-channel.ts'
import { storeData } from '../../src/apdu/store-data.ts'
import type { ModemQuirks } from '../../src/euicc/emulator/at-modem-quirks.ts'
import type { IsdrOptions } from '../../src/lpa/card/isdr.ts'
import type { LpaEvent } from '../../src/lpa/report.ts'
import type { ModemCardOptions } from '../../src/modem/at-card.ts'
import type { OpenedRig } from '../../src/rigs/attach.ts'
import { readModemProfiles } from '../../src/rigs/links/modem-profiles.ts'
import { ISD_R_AID } from '../../src/rsp/isdr.ts'
import { bytes, hex } from '../apdu/scripted-channel.ts'
import { createDownloadFixture, doingsOf, stateOf } from '../cli/card/pcsc-fixture.ts'
import { createTestCard, testIdentity } from '../euicc/card.ts'
import { ROOT } from '../paths.ts'
import { readTs48, TS48_NAMES, ts48Missing } from '../profile/ts48.ts'
import { insert } from './modem-fixture.ts'

const ERROR = ['ERROR']
const EID = `bf3e125a10${hex(testIdentity().eid)}`

/** GET EID is one block; with blocks of 2 bytes it is a chain of three, and the modem loses one. */
const readInBlocks = async (quirks: ModemQuirks, options: Partial<ModemCardOptions> = {}) => {
  const { card: euicc } = await createTestCard()
  const begun = await insert(euicc, quirks, options)
  const answer = begun.time.until(
    begun.card.exclusive(async channel => {
      const number = await openLogicalChannel(channel)
      await selectByAid(channel, number, ISD_R_AID)
      return hex(await storeData(channel, number, bytes('bf3e035c015a'), { segmentSize: 2 }))
    }),
  )
  return { ...begun, answer }
}

describe('a path that fails during a STORE DATA chain', () => {
  // CGLA: SELECT, then three blocks. CSIM: MANAGE CHANNEL, SELECT, the blocks.
  it.each([
    ['ccho-cgla', 'CGLA', 1],
    ['ccho-cgla', 'CGLA', 2],
    ['csim', 'CSIM', 2],
    ['csim', 'CSIM', 3],
  ] as const)(
    'from %s: after %s fails at command %i, the blocks are repeated on the other path',
    async (firstPath, command, after) => {
      const other = firstPath === 'csim' ? 'ccho-cgla' : 'csim'
      const { answer, card, news, sentCommands } = await readInBlocks(
        { faults: [{ command, after, answer: ERROR }] },
        { firstPath },
      )
      expect(await answer).toBe(EID)
      expect(card.path).toBe(other)
      expect(news.at(-1)).toMatchObject({ path: other, text: expect.stringMatching(/ERROR; the card uses/) })
      // Block 0 reached the card on both paths.
      const blockZero = (name: string) => sentCommands(name).filter(text => /"8[0-3]E21100/.test(text)).length
      expect([blockZero('CGLA') > 0, blockZero('CSIM') > 0]).toEqual([true, true])
      if (firstPath === 'ccho-cgla') expect(sentCommands('CCHC')).toEqual(['AT+CCHC=1'])
    },
  )

  it.each([
    ['ccho-cgla', 'CGLA', 3],
    ['csim', 'CSIM', 4],
  ] as const)('from %s: the last block is not repeated', async (firstPath, command, after) => {
    for (const reachesCard of [true, false]) {
      const faults = [{ command, after, answer: ERROR, reachesCard }]
      const { answer, card, sentCommands } = await readInBlocks({ faults }, { firstPath })
      await expect(answer).rejects.toSatisfy(error => isApduError(error, 'exchange-lost'))
      const last = (name: string) => sentCommands(name).filter(text => /"8[0-3]E291/.test(text)).length
      expect(last('CGLA') + last('CSIM')).toBe(1)
      expect(card.path).toBe(firstPath === 'csim' ? 'ccho-cgla' : 'csim')
    }
  })

  it('the error is returned if both paths fail, or if only one is allowed', async () => {
    const faults = [
      { command: 'CGLA', after: 1, answer: ERROR },
      { command: 'CSIM', answer: ERROR },
    ]
    const both = await readInBlocks({ faults })
    await expect(both.answer).rejects.toSatisfy(error => isApduError(error, 'card-mute'))
    const only = await readInBlocks({ faults: faults.slice(0, 1) }, { apdu: 'ccho-cgla' })
    await expect(only.answer).rejects.toSatisfy(error => isApduError(error, 'card-mute'))
  })

  it('a late response does not switch the path, and the command is not repeated', async () => {
    const { answer } = await readInBlocks({ faults: [{ command: 'CGLA', after: 1, answer: 'silence' }] })
    await expect(answer).rejects.toSatisfy(error => isApduError(error, 'timed-out'))
  })
})

const profiles = readModemProfiles([join(ROOT, 'rigs', 'modems')])
const reason = ts48Missing ? 'no ../shared/ts48 with the GSMA TS.48 profiles' : undefined

describe.skipIf(reason)(`a download over a modem with quirks${reason ? ` (skipped: ${reason})` : ''}`, () => {
  const begin = async (quirks: ModemQuirks, options: Partial<ModemCardOptions> = {}, isdrOptions: IsdrOptions = {}) => {
    const fixture = await createDownloadFixture(readTs48(TS48_NAMES[0]), 't1')
    await fixture.order()
    const begun = await insert(fixture.euicc, quirks, options)
    const device = { card: begun.card, isdrOptions, close: async () => {} } as unknown as OpenedRig
    return { fixture, ...begun, doings: doingsOf(fixture, async () => device) }
  }

  /** Commands on the first path until the middle of the package. */
  it.each([
    ['CGLA', 'ccho-cgla', 40],
    ['CGLA', 'ccho-cgla', 28],
    ['CSIM', 'csim', 45],
  ] as const)(
    'the download continues after %s fails on path %s at command %i (EC20F, lpac#186)',
    async (command, firstPath, after) => {
      const { fixture, doings, time, card } = await begin(
        // The last blocks of chains pass, as they must not be repeated.
        { faults: [{ command, after, answer: ERROR, unlessMatches: '"8[0-3]E291' }] },
        { firstPath, profiles },
      )
      await time.until(doings.download())
      expect(await stateOf(fixture.euicc)).toEqual({ profiles: ['disabled'], notifications: 0 })
      expect(card.path).toBe(firstPath === 'csim' ? 'ccho-cgla' : 'csim')
      expect(fixture.defects).toEqual([])
    },
  )

  it('the profile is installed wherever a path fails, if necessary after reading the result from the card', async () => {
    const outcomes = new Set<string>()
    for (let after = 3; after <= 51; after += 6) {
      const faults = [{ command: 'CGLA', after, answer: ERROR }]
      let outcome = 'without a loss'
      const report = (event: LpaEvent): void => {
        if (event.kind === 'noted' && event.text.endsWith('the result is read from the card'))
          outcome = 'the card was asked'
      }
      const { fixture, doings, time } = await begin({ faults }, {}, { report })
      await time.until(doings.download())
      outcomes.add(outcome)
      expect([after, (await stateOf(fixture.euicc)).profiles]).toEqual([after, ['disabled']])
    }
    expect([...outcomes].sort()).toEqual(['the card was asked', 'without a loss'])
  })

  it('the segment size decreases if the modem rejects long commands (lpac#160)', async () => {
    const learned: unknown[] = []
    const { fixture, doings, time } = await begin({ longestApdu: 126 }, {}, { onLearned: fact => learned.push(fact) })
    await time.until(doings.download())
    expect(await stateOf(fixture.euicc)).toEqual({ profiles: ['disabled'], notifications: 0 })
    expect(learned).toContainEqual(expect.objectContaining({ segmentSize: 120 }))
  })
})
