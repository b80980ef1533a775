import { describe, expect, it } from 'vitest'
import type { Card, Channel } from '../../../src/apdu/channel.ts'
import { pullCardAfter } from '../../../src/apdu/layers/faults.ts'
import { PcscError } from '../../../src/pcsc/errors.ts'
import { withSubject } from '../../../src/rigs/device-under-test.ts'
import { hardwareLink } from '../../../src/rigs/links/hardware-link.ts'
import { type Rig, summarizeRig } from '../../../src/rigs/rig.ts'
import { scripted } from '../../apdu/scripted-channel.ts'
import { createTestCard } from '../../euicc/card.ts'

const RIG: Rig = { name: 'desk', link: { pcsc: { reader: 'ACR39U' } } }

/** A card that opens no logical channel, as a bank's may. */
const bankCard = (): Card => ({
  atr: new Uint8Array(0),
  reset: async () => new Uint8Array(0),
  exclusive: procedure => procedure(scripted('80aa000005a9038301 07 > 6e00', '0070000001 > 6881')),
  close: async () => {},
})

/** The channel, in whose responses one text stands in the place of another of its length. */
const replacing = (channel: Channel, text: string, other: string): Channel => ({
  transmit: async command =>
    Buffer.from(
      Buffer.from(await channel.transmit(command))
        .toString('latin1')
        .replace(text, other),
      'latin1',
    ),
})

describe('hardwareLink', () => {
  it('look() reports a card with an ISD-R as attached, and does not open a card in use', async () => {
    let reached = 0
    const link = hardwareLink(async () => {
      reached++
      return (await createTestCard()).card
    })
    expect(await link.look(RIG)).toEqual({ attached: true })
    const { card } = await link.open(RIG)
    expect(await link.look(RIG)).toEqual({ attached: true })
    expect(reached).toBe(2)
    await card.close()
    expect(await link.look(RIG)).toEqual({ attached: true })
    expect(reached).toBe(3)
  })

  it('open() marks a card as software if the card states it', async () => {
    const silent = async (): Promise<Card> => {
      const { card } = await createTestCard()
      return { ...card, atr: new Uint8Array(0) }
    }
    const summary = summarizeRig({ name: 'desk', link: { tcp: '127.0.0.1:1' } }, 'test')
    const subjectOf = async (reach: () => Promise<Card>): Promise<string> => {
      const opened = await hardwareLink(reach, undefined, { probeCardType: true }).open(RIG)
      return withSubject(summary, { ...opened, ...(await opened.prepare?.(opened.card)) }).subject
    }
    expect(await subjectOf(silent)).toBe('software')
    // It is the card's word, not its EID: the test cards of SGP.26 share one.
    const other = async (): Promise<Card> => {
      const card = await silent()
      return {
        ...card,
        exclusive: work => card.exclusive(channel => work(replacing(channel, 'ESIM-BENCH-SW-', 'ZZ-SAS-UP-0042'))),
      }
    }
    expect(await subjectOf(other)).toBe('hardware')
    expect(await subjectOf(async () => bankCard())).toBe('hardware')
  })

  it('look() reports a card without an ISD-R as not attached', async () => {
    const found = await hardwareLink(async () => bankCard()).look(RIG)
    expect(found).toMatchObject({ attached: false, reason: expect.stringContaining('no eUICC') })
  })

  it('look() reports only the removal if the card is removed during the probe', async () => {
    const pulled: Card = {
      ...bankCard(),
      exclusive: procedure => procedure(pullCardAfter(1)(scripted('80aa000007a9058100830107 > 9000'))),
    }
    expect(await hardwareLink(async () => pulled).look(RIG)).toEqual({
      attached: false,
      reason: 'the card was removed from the reader',
    })
  })

  it('look() closes the card after each result', async () => {
    const closed: string[] = []
    const closing = (name: string, card: Card): Card => ({
      ...card,
      atr: card.atr,
      close: async () => void closed.push(name),
    })
    const cards = [
      closing('eUICC', (await createTestCard()).card),
      closing('bank', bankCard()),
      closing('broken', { ...bankCard(), exclusive: () => Promise.reject(new TypeError('a fault')) }),
    ]
    for (const card of cards)
      await hardwareLink(async () => card)
        .look(RIG)
        .catch(() => {})
    expect(closed).toEqual(['eUICC', 'bank', 'broken'])
  })

  it('look() reports the missing reader in one sentence', async () => {
    const link = hardwareLink(() => Promise.reject(new PcscError('no-reader', 'no reader is called "ACR39U"')))
    expect(await link.look(RIG)).toEqual({ attached: false, reason: 'no reader is called "ACR39U"' })
    await expect(link.open(RIG)).rejects.toMatchObject({
      code: 'rig-not-attached',
      message: 'the rig desk is not attached: no reader is called "ACR39U"',
    })
  })

  it('look() rethrows an unexpected error', async () => {
    await expect(hardwareLink(() => Promise.reject(new TypeError('a fault'))).look(RIG)).rejects.toThrow(TypeError)
  })
})
