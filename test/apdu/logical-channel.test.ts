import { describe, expect, it } from 'vitest'
import {
  classFor,
  closeLogicalChannel,
  decodeClass,
  getLogicalChannel,
  openLogicalChannel,
  selectByAid,
} from '../../src/apdu/logical-channel.ts'
import { bytes, hex, scripted } from './scripted-channel.ts'

describe('class bytes (TS 102 221 §10.1.1)', () => {
  it.each([
    [0, 0x00, 0x00],
    [3, 0x00, 0x03],
    [4, 0x00, 0x40],
    [19, 0x00, 0x4f],
    [1, 0x80, 0x81],
    [4, 0x80, 0xc0],
    [19, 0x80, 0xcf],
    [2, 0x10, 0x12],
    [5, 0x10, 0x51],
    [5, 0x0c, 0x61],
    [1, 0x84, 0x85],
  ])('channel %i, class %i', (channel, cla, coded) => {
    expect(classFor(channel, cla)).toBe(coded)
    expect(getLogicalChannel(coded)).toBe(channel)
  })

  it('classFor encodes each channel from 0 to 19 in both codings', () => {
    for (let channel = 0; channel < 20; channel++)
      for (const cla of [0x00, 0x80]) {
        const coded = classFor(channel, cla)
        expect(decodeClass(coded)).toEqual({
          proprietary: cla === 0x80,
          channel,
          chaining: false,
          secureMessaging: false,
        })
        expect(classFor(0, coded)).toBe(cla)
      }
  })

  it('classFor and getLogicalChannel reject invalid channels and class bytes', () => {
    expect(() => classFor(20, 0x00)).toThrow(expect.objectContaining({ code: 'bad-command' }))
    expect(() => classFor(-1, 0x00)).toThrow(expect.objectContaining({ code: 'bad-command' }))
    for (const cla of [0x20, 0x3f, 0xff])
      expect(() => getLogicalChannel(cla)).toThrow(expect.objectContaining({ code: 'bad-command' }))
  })
})

describe('MANAGE CHANNEL and SELECT', () => {
  it('openLogicalChannel, SELECT and close send the commands of TS 102 221', async () => {
    const channel = scripted('0070000001 > 059000', '41a4040003a0000000 > 6f009000', '00708005 > 9000')
    expect(await openLogicalChannel(channel)).toBe(5)
    expect(hex(await selectByAid(channel, 5, bytes('a00000')))).toBe('6f00')
    await closeLogicalChannel(channel, 5)
    expect(channel.left).toBe(0)
  })

  it('openLogicalChannel rejects with the status word if no channel is available', async () => {
    await expect(openLogicalChannel(scripted('0070000001 > 6a81'))).rejects.toMatchObject({
      code: 'no-channel',
      status: 0x6a81,
    })
  })

  it.each(['9000', '009000', '149000', '01029000'])(
    'openLogicalChannel rejects %s as a channel number',
    async answer => {
      await expect(openLogicalChannel(scripted(`0070000001 > ${answer}`))).rejects.toMatchObject({
        code: 'bad-response',
      })
    },
  )
})
