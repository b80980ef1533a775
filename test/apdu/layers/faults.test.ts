import { describe, expect, it } from 'vitest'
import type { Channel } from '../../../src/apdu/channel.ts'
import {
  answerInstead,
  corruptResponse,
  loseResponse,
  muteAfter,
  pullCardAfter,
} from '../../../src/apdu/layers/faults.ts'
import { recordChannel } from '../../../src/apdu/layers/record.ts'
import { createMutex } from '../../../src/apdu/mutex.ts'
import { bytes, hex } from '../scripted-channel.ts'

const counting = (): Channel & { heard: number } => {
  const card = {
    heard: 0,
    transmit: async () => {
      card.heard++
      return bytes('019000')
    },
  }
  return card
}
const command = bytes('00b0000001')

describe('faults', () => {
  it.each([
    ['card-removed', pullCardAfter],
    ['card-mute', muteAfter],
  ] as const)('%s: nothing reaches the card after n exchanges', async (code, fault) => {
    const card = counting()
    const faulty = fault(2)(card)
    await faulty.transmit(command)
    await faulty.transmit(command)
    for (let i = 0; i < 3; i++) await expect(faulty.transmit(command)).rejects.toMatchObject({ code })
    expect(card.heard).toBe(2)
  })

  it('the fault layer drops the response to a command that the card executed', async () => {
    const card = counting()
    const faulty = loseResponse(1)(card)
    await faulty.transmit(command)
    await expect(faulty.transmit(command)).rejects.toMatchObject({ code: 'card-removed' })
    await expect(faulty.transmit(command)).rejects.toMatchObject({ code: 'card-removed' })
    expect(card.heard).toBe(2)
  })

  it('the fault layer changes one response or replaces the answer of the card', async () => {
    const card = counting()
    const faulty = answerInstead(0, bytes('6f00'))(corruptResponse(0, response => response.with(0, 0xff))(card))
    expect(hex(await faulty.transmit(command))).toBe('6f00')
    expect(hex(await faulty.transmit(command))).toBe('ff9000')
    expect(hex(await faulty.transmit(command))).toBe('019000')
    expect(card.heard).toBe(2)
  })
})

describe('recordChannel', () => {
  it('recordChannel reports each exchange, also a failed one', async () => {
    const seen: unknown[] = []
    let ms = 0
    const channel = recordChannel(pullCardAfter(1)(counting()), {
      stopwatch: () => ms++,
      onEvent: ({ response, error, tookMs }) => seen.push([response && hex(response), error && 'failed', tookMs]),
    })
    await channel.transmit(command)
    await channel.transmit(command).catch(() => {})
    expect(seen).toEqual([
      ['019000', undefined, 1],
      [undefined, 'failed', 1],
    ])
  })
})

describe('createMutex', () => {
  it('createMutex runs operations in order and one at a time, also after an error', async () => {
    const turns = createMutex()
    const log: string[] = []
    const slow = turns(async () => {
      log.push('a')
      await Promise.resolve()
      log.push('b')
    })
    const failing = turns(async () => {
      log.push('c')
      throw new Error('no')
    })
    const last = turns(async () => log.push('d'))
    await slow
    await expect(failing).rejects.toThrow('no')
    await last
    expect(log).toEqual(['a', 'b', 'c', 'd'])
  })
})
