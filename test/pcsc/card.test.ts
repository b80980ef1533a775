import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isApduError } from '../../src/apdu/errors.ts'
import { transceive } from '../../src/apdu/exchange.ts'
import { classFor, closeLogicalChannel, openLogicalChannel, selectByAid } from '../../src/apdu/logical-channel.ts'
import { storeData } from '../../src/apdu/store-data.ts'
import { toHex } from '../../src/asn1/bytes.ts'
import type { BindingName } from '../../src/pcsc/binding.ts'
import { openPcscCard, type PcscCard } from '../../src/pcsc/card.ts'
import { loadBinding } from '../../src/pcsc/load-binding.ts'
import { listReaders } from '../../src/pcsc/readers.ts'
import { watchReaders } from '../../src/pcsc/watch.ts'
import { ISD_R_AID } from '../../src/rsp/isdr.ts'
import { bytes } from '../apdu/scripted-channel.ts'
import { createTestCard, testIdentity } from '../euicc/card.ts'
import { startReader, untilSeen, type VirtualReader, whyNoReader } from './virtual-reader.ts'

const NAME = 'virtual test reader'
const GET_EID = bytes('bf3e035c015a')

const whyNot = async (binding: BindingName): Promise<string | undefined> => {
  const noReader = whyNoReader()
  if (noReader) return noReader
  try {
    await loadBinding(binding)
    return undefined
  } catch {
    return `npm ${binding} is not installed or does not load`
  }
}

for (const binding of ['smartcard', 'pcsclite'] as const) {
  const reason = await whyNot(binding)
  // pcscd polls its readers every 400 ms, so an inserted or removed card is reported late.
  describe.skipIf(reason)(
    `a card through pcscd and ${binding}${reason ? ` (skipped: ${reason})` : ''}`,
    { timeout: 30_000 },
    () => {
      let reader: VirtualReader
      beforeAll(async () => {
        reader = await shared()
      })
      const held: PcscCard[] = []
      const open = async (): Promise<PcscCard> => {
        const card = await openPcscCard({ reader: NAME, binding })
        held.push(card)
        return card
      }
      afterEach(async () => {
        for (const card of held.splice(0)) await card.close()
      })
      const seen = (present: boolean) => untilSeen(binding, present)

      it('listReaders lists the reader with its empty slots, and openPcscCard reports that no card is inserted', async () => {
        const readers = await listReaders({ binding })
        expect(readers.map(({ name, hasCard }) => ({ name, hasCard }))).toEqual([
          { name: 'Virtual Test Reader 00 00', hasCard: false },
          { name: 'Virtual Test Reader 00 01', hasCard: false },
        ])
        await expect(open()).rejects.toMatchObject({ code: 'no-card' })
        await expect(openPcscCard({ reader: 'Omnikey', binding })).rejects.toMatchObject({
          code: 'no-reader',
          message: expect.stringContaining('Virtual Test Reader 00 00'),
        })
      })

      it.each(['t1', 't0'] as const)('the card returns the EID with %s, also after a reset', async protocol => {
        const { card: euicc } = await createTestCard({ protocol })
        const inserted = await reader.insert(euicc)
        await seen(true)
        const card = await open()
        expect(card).toMatchObject({ binding, protocol: protocol === 't0' ? 'T=0' : 'T=1' })
        expect(toHex(card.atr)).toBe(toHex(euicc.atr))
        const eid = () =>
          card.exclusive(async channel => {
            const number = await openLogicalChannel(channel)
            await selectByAid(channel, number, ISD_R_AID)
            const answer = toHex(await storeData(channel, number, GET_EID))
            await closeLogicalChannel(channel, number)
            return answer
          })
        const expected = `bf3e125a10${toHex(testIdentity().eid)}`
        expect(await eid()).toBe(expected)
        // A response longer than one APDU: GET RESPONSE with T=0, EUICCInfo2.
        const info = await card.exclusive(async channel => {
          const number = await openLogicalChannel(channel)
          await selectByAid(channel, number, ISD_R_AID)
          return storeData(channel, number, bytes('bf2200'))
        })
        expect(toHex(info)).toMatch(/^bf22/)
        expect(toHex(await card.reset())).toBe(toHex(euicc.atr))
        // The reset closed the logical channel.
        const stale = await card.exclusive(channel =>
          transceive(channel, { cla: classFor(1, 0x80), ins: 0xe2, p1: 0x91, p2: 0, data: GET_EID }),
        )
        expect(stale.status).toBe(0x6881)
        expect(await eid()).toBe(expected)
        await card.close()
        await inserted.pull()
        await seen(false)
      })

      it('a second openPcscCard fails with reader-busy', async () => {
        const inserted = await reader.insert((await createTestCard()).card)
        await seen(true)
        const card = await open()
        await expect(openPcscCard({ reader: NAME, binding })).rejects.toMatchObject({
          code: 'reader-busy',
          scard: 0x8010000b,
          message: expect.stringContaining('another program holds the card'),
        })
        await card.close()
        await (await open()).close()
        await inserted.pull()
        await seen(false)
      })

      it('the channel reports a removed card, and a reset opens it again after reinsertion', async () => {
        const { card: euicc } = await createTestCard()
        const inserted = await reader.insert(euicc)
        await seen(true)
        const card = await open()
        const manage = () => card.exclusive(channel => channel.transmit(bytes('0070000001')))
        expect(toHex(await manage())).toBe('019000')
        await inserted.pull()
        await seen(false)
        await expect(manage()).rejects.toSatisfy(error => isApduError(error, 'card-removed'))
        await expect(card.reset()).rejects.toSatisfy(error => isApduError(error, 'card-removed'))
        const again = await reader.insert(euicc)
        await seen(true)
        expect(toHex(await card.reset())).toBe(toHex(euicc.atr))
        expect(toHex(await manage())).toBe('019000')
        await card.close()
        await again.pull()
        await seen(false)
      })

      it('watchReaders reports insertion and removal while another connection holds the card', async () => {
        const seenChanges: string[] = []
        let wanted: { readonly kind: string; readonly resolve: () => void } | undefined
        const stop = watchReaders({
          binding,
          onChange(change) {
            seenChanges.push('reader' in change ? `${change.kind} ${change.reader.slice(-2)}` : change.kind)
            if (change.kind === wanted?.kind) wanted.resolve()
          },
          later: look => {
            const turn = setImmediate(look)
            return () => clearImmediate(turn)
          },
        })
        const until = (kind: string) =>
          new Promise<void>(resolve => {
            wanted = { kind, resolve }
          })
        const came = until('card-came')
        const inserted = await reader.insert((await createTestCard()).card)
        await came
        const card = await open()
        const left = until('card-left')
        await inserted.pull()
        await left
        await card.close()
        stop()
        expect(seenChanges).toEqual([
          'service-came',
          'reader-came 00',
          'reader-came 01',
          'card-came 00',
          'card-left 00',
        ])
      })
    },
  )
}

let started: Promise<VirtualReader> | undefined
/** One pcscd for both bindings: libpcsclite reads the path of its socket only once in a process. */
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
