import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerVpcd, createVpcdFraming, frameVpcd, type VpcdMessage } from '../../../src/euicc/emulator/vpcd.ts'
import { bytes, hex } from '../../apdu/scripted-channel.ts'

const messagesOf = (...chunks: readonly string[]): VpcdMessage[] => {
  const read = createVpcdFraming()
  return chunks.flatMap(chunk => read(bytes(chunk)))
}

describe('the vpcd protocol', () => {
  it.each([
    ['000100', { kind: 'power-off' }],
    ['000101', { kind: 'power-on' }],
    ['000102', { kind: 'reset' }],
    ['000104', { kind: 'atr' }],
    ['000109', { kind: 'unknown', control: 9 }],
    ['000400a40000', { kind: 'apdu', command: bytes('00a40000') }],
  ])('createVpcdFraming parses %s', (wire, message) => {
    expect(messagesOf(wire)).toEqual([message])
  })

  it('createVpcdFraming ignores an empty message', () => {
    expect(messagesOf('0000000104')).toEqual([{ kind: 'atr' }])
  })

  it('createVpcdFraming parses chunks of any size', () => {
    const commands = fc.array(fc.uint8Array({ minLength: 2, maxLength: 300 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(commands, fc.infiniteStream(fc.integer({ min: 1, max: 200 })), (sent, cuts) => {
        const wire = Buffer.concat(sent.map(frameVpcd))
        const read = createVpcdFraming()
        const received: VpcdMessage[] = []
        for (let at = 0; at < wire.length; ) {
          const end = at + cuts.next().value!
          received.push(...read(wire.subarray(at, end)))
          at = end
        }
        expect(received).toEqual(sent.map(command => ({ kind: 'apdu', command: Uint8Array.from(command) })))
      }),
    )
  })

  it('answerVpcd returns the ATR and response APDUs, and nothing for other controls', async () => {
    let resets = 0
    const card = {
      atr: bytes('3b00'),
      reset: async () => {
        resets++
        return bytes('3b00')
      },
      exclusive: <T>(work: (channel: { transmit(command: Uint8Array): Promise<Uint8Array> }) => Promise<T>) =>
        work({ transmit: async command => bytes(`${hex(command)}9000`) }),
    }
    const answerHex = async (message: VpcdMessage) => {
      const answer = await answerVpcd(card, message)
      return answer && hex(answer)
    }
    expect(await answerHex({ kind: 'atr' })).toBe('00023b00')
    expect(await answerHex({ kind: 'apdu', command: bytes('00a4') })).toBe('000400a49000')
    expect(await answerHex({ kind: 'power-off' })).toBeUndefined()
    expect(await answerHex({ kind: 'power-on' })).toBeUndefined()
    expect(await answerHex({ kind: 'reset' })).toBeUndefined()
    expect(resets).toBe(2)
  })
})
