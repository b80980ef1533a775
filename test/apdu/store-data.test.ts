import { describe, expect, it } from 'vitest'
import { storeData } from '../../src/apdu/store-data.ts'
import { bytes, hex, scripted } from './scripted-channel.ts'

describe('STORE DATA in segments (SGP.22 §5.7.2)', () => {
  it('storeData sends one segment with P1 91 and Le', async () => {
    expect(hex(await storeData(scripted('81e2910003bf2e0000 > bf2e009000'), 1, bytes('bf2e00')))).toBe('bf2e00')
  })

  it('storeData numbers the segments in P2 on a channel of the further coding', async () => {
    const channel = scripted(
      'c1e211000201 0200 > 9000',
      'c1e21101020304 00 > 9000',
      'c1e291020105 00 > 6102',
      'c1c0000002 > aabb9000',
    )
    expect(hex(await storeData(channel, 5, bytes('0102030405'), { segmentSize: 2 }))).toBe('aabb')
    expect(channel.left).toBe(0)
  })

  it('storeData sends 256 segments, and rejects longer data before the first segment', async () => {
    let sent = 0
    const channel = {
      transmit: async () => {
        sent++
        return bytes('9000')
      },
    }
    await storeData(channel, 1, new Uint8Array(256), { segmentSize: 1 })
    expect(sent).toBe(256)
    await expect(storeData(channel, 1, new Uint8Array(257), { segmentSize: 1 })).rejects.toMatchObject({
      code: 'bad-command',
    })
    expect(sent).toBe(256)
  })

  it('storeData stops at a segment that the card rejects', async () => {
    const channel = scripted('81e2110001 01 00 > 6a80')
    await expect(storeData(channel, 1, bytes('0102'), { segmentSize: 1 })).rejects.toMatchObject({
      code: 'refused',
      status: 0x6a80,
      message: expect.stringContaining('block 1 of 2'),
    })
  })

  it('storeData stops at an early response of the card', async () => {
    const channel = scripted('81e2110001 01 00 > bf37009000')
    expect(hex(await storeData(channel, 1, bytes('0102'), { segmentSize: 1 }))).toBe('bf3700')
  })

  it('storeData stops between segments after an abort', async () => {
    const stop = new AbortController()
    const channel = {
      transmit: async () => {
        stop.abort(new Error('enough'))
        return bytes('9000')
      },
    }
    await expect(storeData(channel, 1, bytes('0102'), { segmentSize: 1, signal: stop.signal })).rejects.toThrow(
      'enough',
    )
  })
})
