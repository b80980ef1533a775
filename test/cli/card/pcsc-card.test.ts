import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Card } from '../../../src/apdu/channel.ts'
import { classifyError } from '../../../src/bench/run/classify-error.ts'
import { PACKAGE_FOLDER } from '../../../src/host/version.ts'
import type { BindingName } from '../../../src/pcsc/binding.ts'
import { loadBinding } from '../../../src/pcsc/load-binding.ts'
import { knowCards } from '../../../src/rigs/card-knowledge.ts'
import {
  type InsertedCard,
  startReader,
  untilSeen,
  type VirtualReader,
  whyNoReader,
} from '../../pcsc/virtual-reader.ts'
import { readTs48, TS48_NAMES } from '../../profile/ts48.ts'
import { START } from '../../server/smdp/smdp-fixture.ts'
import {
  AFTER,
  createDownloadFixture,
  DOINGS,
  type Doings,
  type DownloadFixture,
  doingsOf,
  reach,
  stateOf,
  whyNoFixture,
} from './pcsc-fixture.ts'

const whyNot = (binding: BindingName): Promise<string | undefined> =>
  whyNoFixture(whyNoReader(), () => loadBinding(binding), binding)

let started: Promise<VirtualReader> | undefined
/** One pcscd for both bindings: libpcsclite reads where its socket is only once in a process. */
const shared = (): Promise<VirtualReader> => {
  started ??= startReader().then(reader => {
    process.env.PCSCLITE_CSOCK_NAME = reader.socket
    return reader
  })
  return started
}
afterAll(async () => {
  await (await started)?.stop()
})

for (const binding of ['smartcard', 'pcsclite'] as const) {
  const reason = await whyNot(binding)
  // pcscd looks at its readers every 400 ms, so each card that comes or goes takes its time.
  describe.skipIf(reason)(
    `what a person does with a card, through pcscd and ${binding}${reason ? ` (skipped: ${reason})` : ''}`,
    { timeout: 60_000 },
    () => {
      let reader: VirtualReader
      let counted: ReturnType<typeof countExchanges> | undefined
      beforeAll(async () => {
        reader = await shared()
      })
      const begin = async (protocol: 't0' | 't1') => {
        const fixture = await createDownloadFixture(readTs48(TS48_NAMES[0]), protocol)
        await fixture.order()
        const sizes: unknown[] = []
        const onLearned = (fact: object) => void ('segmentSize' in fact && sizes.push(fact))
        const isdrOptionsOf = () => ({ onLearned })
        const doings = doingsOf(fixture, () => reach({ reader: 'Virtual*Reader', binding }, { isdrOptionsOf }))
        return { fixture, doings, sizes }
      }
      const insert = async (fixture: DownloadFixture): Promise<InsertedCard> => {
        const inserted = await reader.insert(fixture.euicc)
        await untilSeen(binding, true)
        return inserted
      }
      const pull = async (inserted: InsertedCard): Promise<void> => {
        await inserted.pull()
        await untilSeen(binding, false)
      }

      it.each(['t1', 't0'] as const)('card commands work over %s', async protocol => {
        const { fixture, doings } = await begin(protocol)
        const inserted = await insert(fixture)
        for (const doing of DOINGS) {
          await doings[doing]()
          expect([doing, await stateOf(fixture.euicc)]).toEqual([doing, AFTER[doing]])
        }
        expect(fixture.defects).toEqual([])
        await pull(inserted)
      })

      it('a download through a reader that loses long commands succeeds, and the segment size is stored', async () => {
        const { fixture } = await begin('t1')
        const inserted = await reader.insert(losingLong(fixture.euicc, 130))
        await untilSeen(binding, true)
        const learned = mkdtempSync(join(tmpdir(), 'learned-'))
        const known = () => knowCards([join(PACKAGE_FOLDER, 'rigs')], learned, () => START)
        const noted: string[] = []
        const open = (isdrOptionsOf = known()) => reach({ reader: 'Virtual*Reader', binding }, { isdrOptionsOf, noted })
        await doingsOf(fixture, () => open()).download()
        expect(await stateOf(fixture.euicc)).toEqual(AFTER.download)
        expect(noted).toEqual(['the link loses segments of 255 bytes; segments of 120 bytes are used from now on'])
        // Somebody who starts the bench anew finds it known.
        const device = await open(known())
        expect(device.isdrOptions.segmentSize).toBe(120)
        expect(device.notes).toEqual([
          expect.stringMatching(/^The segment size is 120 bytes, because longer segments were lost on this rig on /),
        ])
        expect(device.facts).toEqual([
          `reader Virtual Test Reader 00 00, T=1, through npm ${binding}`,
          expect.stringMatching(/^ATR 3B9F/),
        ])
        await device.close()
        rmSync(learned, { recursive: true })
        await pull(inserted)
      })

      it('a download reads the install result from the card if the reader lost the last response', async () => {
        const { fixture } = await begin('t1')
        const inserted = await reader.insert(losingResult(fixture.euicc))
        await untilSeen(binding, true)
        const noted: string[] = []
        await doingsOf(fixture, () => reach({ reader: 'Virtual*Reader', binding }, { noted })).download()
        expect(await stateOf(fixture.euicc)).toEqual(AFTER.download)
        expect((await fixture.store.findOrder(fixture.iccid))?.state).toBe('Installed')
        expect(noted.at(-1)).toMatch(/^the card has executed the lost command/)
        await pull(inserted)
      })

      // Near the beginning, in the middle and before the last answer, behind which only the channel is closed.
      // The other binding differs in its errors alone.
      const points = binding === 'smartcard' ? [0.1, 0.5, 0.95] : [0.5]
      it.each(points)('a card removed at %d of each operation loses no profile', async point => {
        const { fixture, doings, sizes } = await begin('t1')
        counted ??= countExchanges(binding, reader)
        const counts = await counted
        let inserted = await insert(fixture)
        for (const doing of DOINGS) {
          const gone = inserted.pullAfter(Math.min(Math.floor(counts[doing] * point), counts[doing] - 2))
          const error = await doings[doing]().then(
            () => undefined,
            (reason: unknown) => reason,
          )
          expect([doing, error]).toEqual([doing, expect.objectContaining({ code: 'card-removed' })])
          expect(classifyError(error)).toMatchObject({ verdict: 'blocked', cause: 'rig', isForeseen: true })
          await gone
          await untilSeen(binding, false)
          inserted = await insert(fixture)
          await finish(fixture, doings, doing)
        }
        await pull(inserted)
        // A card that was pulled says nothing of what its reader can carry.
        expect(sizes).toEqual([])
        expect(fixture.defects).toEqual([])
      })
    },
  )
}

/** The card behind a reader that gives back half a status word for a command that is longer than `limit`. */
const losingLong = (card: Card, limit: number): Card => ({
  ...card,
  atr: card.atr,
  exclusive: procedure =>
    card.exclusive(channel =>
      procedure({
        transmit: async command => (command.length > limit ? Uint8Array.of(0) : channel.transmit(command)),
      }),
    ),
})

/** The card behind a reader that gives back half a status word for the first ProfileInstallationResult ('BF37'). */
const losingResult = (card: Card): Card => {
  let isLost = false
  return {
    ...card,
    atr: card.atr,
    exclusive: procedure =>
      card.exclusive(channel =>
        procedure({
          transmit: async command => {
            const response = await channel.transmit(command)
            if (isLost || response[0] !== 0xbf || response[1] !== 0x37) return response
            isLost = true
            return Uint8Array.of(0)
          },
        }),
      ),
  }
}

/** Commands that each takes when nobody pulls anything. */
const countExchanges = async (binding: BindingName, reader: VirtualReader): Promise<Record<keyof Doings, number>> => {
  const fixture = await createDownloadFixture(readTs48(TS48_NAMES[0]), 't1')
  await fixture.order()
  const inserted = await reader.insert(fixture.euicc)
  await untilSeen(binding, true)
  const doings = doingsOf(fixture, () => reach({ reader: 'Virtual*Reader', binding }))
  const counts: Partial<Record<keyof Doings, number>> = {}
  for (const doing of DOINGS) {
    const before = inserted.answered
    await doings[doing]()
    counts[doing] = inserted.answered - before
  }
  await inserted.pull()
  await untilSeen(binding, false)
  return counts as Record<keyof Doings, number>
}

/** The new try: what the card has done before it was pulled is done, and what it has not is done now. */
const finish = async (fixture: DownloadFixture, doings: Doings, doing: keyof Doings): Promise<void> => {
  await fixture.euicc.reset()
  const { profiles } = await stateOf(fixture.euicc)
  if (doing === 'info' || doing === 'notifications' || profiles.join() !== AFTER[doing].profiles.join())
    await doings[doing]()
  // A download that was cut off behind its last segment has left its result for the server to be told.
  else if (doing === 'download') await doings.notifications()
  expect([doing, await stateOf(fixture.euicc)]).toEqual([doing, AFTER[doing]])
}
