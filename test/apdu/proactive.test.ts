import { describe, expect, it } from 'vitest'
import { decodeProactive, serveProactive } from '../../src/apdu/proactive.ts'
import { bytes, scripted } from './scripted-channel.ts'

describe('proactive commands (TS 102 223)', () => {
  it('answers REFRESH as performed and what it cannot do as beyond its capabilities', async () => {
    const channel = scripted(
      '801200000b > d0098103010109 82028182 910b',
      '801400000c 8103010109 82028281 830100 > 910b',
      '801200000b > d0098103020300 82028182 9000',
      '801400000c 8103020300 82028281 830130 > 9000',
    )
    const asked = await serveProactive(channel, 11)
    expect(asked.map(({ type, refresh }) => [type, refresh])).toEqual([
      [1, 'euicc-profile-state-change'],
      [3, undefined],
    ])
    expect(channel.left).toBe(0)
  })

  it('does not answer a REFRESH that wants a UICC reset: the reset is the answer', async () => {
    const channel = scripted('801200000b > d0098103010104 82028182 9000')
    expect((await serveProactive(channel, 11)).map(command => command.refresh)).toEqual(['uicc-reset'])
    expect(channel.left).toBe(0)
  })

  it('reads comprehension tags with bit 8 clear too', () => {
    expect(decodeProactive(bytes('d009 0103010100 02028182')).refresh).toBe('naa-initialisation-and-full-file-change')
  })

  it.each(['', 'd000', 'd00481020101', 'd0098103010109820281'])('refuses %s', wire => {
    expect(() => decodeProactive(bytes(wire))).toThrow(expect.objectContaining({ code: 'bad-response' }))
  })

  it('does not serve a card that never stops', async () => {
    const channel = {
      transmit: async (command: Uint8Array) => bytes(command[1] === 0x12 ? 'd0098103010300820281829000' : '910b'),
    }
    await expect(serveProactive(channel, 11)).rejects.toMatchObject({ code: 'bad-response' })
  })
})
