import { describe, expect, it } from 'vitest'
import type { Channel } from '../../../src/apdu/channel.ts'
import { ApduError } from '../../../src/apdu/errors.ts'
import { recordChannel } from '../../../src/apdu/layers/record.ts'
import {
  createEntryEncoder,
  encodeRecording,
  type RecordingEntry,
  readRecording,
  replay,
} from '../../../src/apdu/recording/recording.ts'
import { bytes, hex, scripted } from '../scripted-channel.ts'

const header = { card: 'none', date: '2026-11-22T22:00:00.000Z', rig: 'test', bench: '0.1.0' }
const recordAll = async (channel: Channel, ...commands: readonly string[]): Promise<string> => {
  const exchanges: RecordingEntry[] = []
  const encode = createEntryEncoder()
  const recorded = recordChannel(channel, {
    stopwatch: () => 0,
    onEvent: event => exchanges.push(...[encode(event)].filter(entry => entry !== undefined)),
  })
  for (const command of commands) await recorded.transmit(bytes(command)).catch(() => {})
  return encodeRecording({ header, exchanges }).join('\n')
}

describe('recordings', () => {
  it('replay returns the recorded responses and errors', async () => {
    const told = scripted('00a40000023f00 > 6105', '00c0000005 > 62030102039000')
    const card: Channel = {
      transmit: async command => {
        if (told.left === 0) throw new ApduError('card-removed', 'pulled')
        return told.transmit(command)
      },
    }
    const tape = readRecording(await recordAll(card, '00a40000023f00', '00c0000005', '00b0000001'))
    expect(tape.header).toMatchObject(header)
    const played = replay(tape)
    expect(hex(await played.transmit(bytes('00a40000023f00')))).toBe('6105')
    expect(hex(await played.transmit(bytes('00c0000005')))).toBe('62030102039000')
    await expect(played.transmit(bytes('00b0000001'))).rejects.toMatchObject({ code: 'card-removed' })
    expect(played.left).toBe(0)
  })

  it('replay rejects an unexpected command and a command after the last exchange', async () => {
    const played = replay(readRecording(await recordAll(scripted('00b0000001 > 9000'), '00b0000001')))
    await expect(played.transmit(bytes('00b0000002'))).rejects.toMatchObject({ code: 'recording-exhausted' })
    await played.transmit(bytes('00b0000001'))
    await expect(played.transmit(bytes('00b0000001'))).rejects.toMatchObject({ code: 'recording-exhausted' })
  })

  it('a recording contains no PIN and no keys, and can be replayed', async () => {
    const answer = 'db 04 a1a2a3a4 10 c0c1c2c3c4c5c6c7c8c9cacbcccdcecf 10 d0d1d2d3d4d5d6d7d8d9dadbdcdddedf'
    const text = await recordAll(
      scripted('0020000108 31323334ffffffff > 9000', '0088008103 021122 > 6128', `00c0000028 > ${answer} 9000`),
      '002000010831323334ffffffff',
      '0088008103021122',
      '00c0000028',
    )
    expect(text).not.toContain('31323334')
    expect(text).not.toContain('c0c1c2')
    expect(text).not.toContain('d0d1d2')
    expect(text).toContain('db04a1a2a3a4')
    const played = replay(readRecording(text))
    expect(hex(await played.transmit(bytes('0020000108 31323334ffffffff')))).toBe('9000')
  })

  it.each([
    ['no header', '{"command":"00b00000","response":"9000"}'],
    ['a header without a rig', '{"tape":1,"card":"x","date":"y","bench":"z"}'],
    ['a line that is not JSON', `${JSON.stringify({ tape: 1, ...header })}\nxx`],
    ['an exchange without an outcome', `${JSON.stringify({ tape: 1, ...header })}\n{"command":"00b00000"}`],
    ['odd digits', `${JSON.stringify({ tape: 1, ...header })}\n{"command":"00b00000","response":"900"}`],
  ])('cannot be read with %s', (_name, text) => {
    expect(() => readRecording(text)).toThrow(expect.objectContaining({ code: 'invalid-recording' }))
  })
})
