import { describe, expect, it } from 'vitest'
import type { Channel } from '../../src/apdu/channel.ts'
import { ApduError, type ApduErrorCode } from '../../src/apdu/errors.ts'
import { type LearnedSize, withSegmentSizeFallback } from '../../src/apdu/segment-size-fallback.ts'
import { respond } from '../../src/apdu/status.ts'

/** What the way does to a block: nothing, a status word of the card, or an error of the way itself. */
type Choke = (block: { length: number; isLast: boolean }) => number | ApduErrorCode | undefined

/** A card that collects blocks and answers the last with what it has got; the way to it chokes as told. */
const createWay = (choke: Choke) => {
  const sent: string[] = []
  let collected: number[] = []
  const channel: Channel = {
    transmit: async command => {
      const [, , p1, p2, length] = command as unknown as [number, number, number, number, number]
      const isLast = p1 === 0x91
      sent.push(`${p2}:${length}${isLast ? '!' : ''}`)
      const trouble = choke({ length, isLast })
      if (typeof trouble === 'string') throw new ApduError(trouble, 'the reader chokes')
      if (trouble !== undefined) return respond(trouble)
      if (p2 === 0) collected = []
      collected.push(...command.subarray(5, 5 + length))
      return isLast ? respond(0x9000, Uint8Array.of(collected.length >> 8, collected.length & 0xff)) : respond(0x9000)
    },
  }
  const learned: LearnedSize[] = []
  return { sent, learned, send: withSegmentSizeFallback(channel, 1, { onLearned: size => learned.push(size) }) }
}
const longerThan = (limit: number, trouble: number | ApduErrorCode): Choke =>
  (({ length }) => (length > limit ? trouble : undefined)) as Choke
const onlyInside = (limit: number, trouble: number | ApduErrorCode): Choke =>
  (({ length, isLast }) => (length > limit && !isLast ? trouble : undefined)) as Choke
const whole = (length: number) => [length >> 8, length & 0xff]

describe('the segment size fallback', () => {
  it.each<[string, Choke, number]>([
    ['a broken exchange', longerThan(120, 'exchange-lost'), 120],
    ['a broken exchange beyond 63', longerThan(63, 'exchange-lost'), 63],
    ['a mute card', longerThan(200, 'card-mute'), 120],
    ['half a response', longerThan(200, 'bad-response'), 120],
    ['6700, which says that nothing was done', longerThan(120, 0x6700), 120],
    // lpac #160, #185: 6601 and 6A80 in the middle of a package, because the block had been cut on its way.
    ['6F00 in mid chain', onlyInside(120, 0x6f00), 120],
    ['6A80 in mid chain', onlyInside(63, 0x6a80), 63],
    ['6601 in mid chain', onlyInside(120, 0x6601), 120],
  ])('is given shorter ones after %s, and the size is kept', async (_name, choke, size) => {
    const { send, sent, learned } = createWay(choke)
    expect([...(await send(new Uint8Array(600)))]).toEqual(whole(600))
    expect(learned).toEqual([{ segmentSize: size, tooLong: 255, isConfirmed: true }])
    const before = sent.length
    expect([...(await send(new Uint8Array(size + 1)))]).toEqual(whole(size + 1))
    expect(sent.slice(before)).toEqual([`0:${size}`, '1:1!'])
  })

  it('the fallback does not repeat a last segment that the card may have received, and reduces the next session', async () => {
    const { send, sent, learned } = createWay(({ isLast }) => (isLast ? 'exchange-lost' : undefined))
    await expect(send(new Uint8Array(255 + 200))).rejects.toMatchObject({ code: 'exchange-lost' })
    expect(sent).toEqual(['0:255', '1:200!'])
    expect(learned).toEqual([{ segmentSize: 120, tooLong: 255, isConfirmed: false }])
    await expect(send(new Uint8Array(200))).rejects.toMatchObject({ code: 'exchange-lost' })
    expect(sent.slice(2)).toEqual(['0:120', '1:80!'])
  })

  it.each<[string, Choke, number]>([
    ['a card that was pulled', () => 'card-removed', 600],
    ['a reader that was unplugged', () => 'port-gone', 600],
    ['a card that takes its time', () => 'timed-out', 600],
    ['a short block that breaks', ({ isLast }) => (isLast ? 'exchange-lost' : undefined), 255 + 20],
    ['a mute card after the last block', ({ isLast }) => (isLast ? 'card-mute' : undefined), 255 + 200],
    ['a refusal of the last block', ({ isLast }) => (isLast ? 0x6a80 : undefined), 600],
    ['a refusal for a reason of its own', () => 0x6985, 600],
  ])('is not to blame for %s', async (_name, choke, length) => {
    const { send, sent, learned } = createWay(choke)
    await expect(send(new Uint8Array(length))).rejects.toThrow()
    expect(sent.length).toBeLessThanOrEqual(Math.ceil(length / 255))
    expect(learned).toEqual([])
  })

  it('the fallback tries each size once if the card rejects the command, and then stops', async () => {
    const { send, sent, learned } = createWay(({ isLast }) => (isLast ? undefined : 0x6a80))
    await expect(send(new Uint8Array(600))).rejects.toMatchObject({ code: 'refused', status: 0x6a80 })
    expect(sent).toEqual(['0:255', '0:120', '0:63'])
    await expect(send(new Uint8Array(600))).rejects.toMatchObject({ status: 0x6a80 })
    expect(sent).toHaveLength(4)
    expect(learned).toEqual([])
  })

  it('the fallback throws the error of the reader if the card rejects the restarted chain', async () => {
    let isFirst = true
    const { send } = createWay(() => {
      if (!isFirst) return 0x6985
      isFirst = false
      return 'exchange-lost'
    })
    await expect(send(new Uint8Array(600))).rejects.toMatchObject({ code: 'exchange-lost' })
  })

  it('the fallback learns no size if the card rejects the last segment of the restarted chain', async () => {
    let isFirst = true
    const { send, sent, learned } = createWay(({ isLast }) => {
      if (!isFirst) return isLast ? 0x6985 : undefined
      isFirst = false
      return 'exchange-lost'
    })
    await expect(send(new Uint8Array(200 + 255))).rejects.toMatchObject({ code: 'exchange-lost' })
    expect(sent).toEqual(['0:255', '0:120', '1:120', '2:120', '3:95!'])
    expect(learned).toEqual([])
  })

  it('the fallback rejects with card-removed if the card is removed during a retry', async () => {
    let count = 0
    const { send } = createWay(() => (count++ === 0 ? 'exchange-lost' : 'card-removed'))
    await expect(send(new Uint8Array(600))).rejects.toMatchObject({ code: 'card-removed' })
    expect(count).toBe(2)
  })

  it('the fallback does not use a size that needs more than 256 segments', async () => {
    const { send, sent } = createWay(longerThan(120, 'exchange-lost'))
    await expect(send(new Uint8Array(256 * 120 + 1))).rejects.toMatchObject({ code: 'exchange-lost' })
    expect(sent).toEqual(['0:255'])
  })
})
