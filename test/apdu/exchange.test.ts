import { describe, expect, it } from 'vitest'
import { transceive, transceiveOk } from '../../src/apdu/exchange.ts'
import { bytes, hex, scripted } from './scripted-channel.ts'

const getData = { cla: 0x81, ins: 0xca, p1: 0, p2: 0x5a, le: 0x100 }

describe('transceive', () => {
  it('transceive collects the response by GET RESPONSE in the class of the command', async () => {
    const channel = scripted('81ca005a00 > 6102', '81c0000002 > aabb6101', '81c0000001 > cc9000')
    const { data, status } = await transceive(channel, getData)
    expect([hex(data), status]).toEqual(['aabbcc', 0x9000])
    expect(channel.left).toBe(0)
  })

  it('transceive requests 256 bytes after SW 6100', async () => {
    const part = '11'.repeat(256)
    const channel = scripted('81ca005a00 > 6100', `81c0000000 > ${part}9000`)
    expect((await transceive(channel, getData)).data.length).toBe(256)
  })

  it('transceive repeats the command once with the Le of SW 6Cxx', async () => {
    const channel = scripted('81ca005a00 > 6c03', '81ca005a03 > 0102039000')
    expect(hex((await transceive(channel, bytes('81ca005a00'))).data)).toBe('010203')
  })

  it('transceive repeats GET RESPONSE with the Le of SW 6Cxx', async () => {
    const channel = scripted('81ca005a00 > 6105', '81c0000005 > 6c02', '81c0000002 > 01029000')
    expect(hex((await transceive(channel, getData)).data)).toBe('0102')
  })

  it('transceive does not repeat a command after a second SW 6Cxx', async () => {
    const channel = scripted('81ca005a00 > 6c03', '81ca005a03 > 6c03')
    expect((await transceive(channel, getData)).status).toBe(0x6c03)
  })

  it('transceive rejects a response that is announced but empty', async () => {
    const channel = scripted('81ca005a00 > 6105', '81c0000005 > 6105')
    await expect(transceive(channel, getData)).rejects.toMatchObject({ code: 'bad-response' })
  })

  it('transceive rejects a response without an end', async () => {
    const part = Uint8Array.from([...new Uint8Array(255), 0x61, 0xff])
    let count = 0
    const endless = {
      transmit: async () => {
        if (++count > 10_000) throw new Error('it was asked on and on')
        return part
      },
    }
    await expect(transceive(endless, getData)).rejects.toMatchObject({
      code: 'bad-response',
      message: expect.stringContaining('is longer than'),
    })
  })

  it('transceive reports a pending proactive command after the complete response', async () => {
    const told: number[] = []
    const channel = scripted('81ca005a00 > 6101', '81c0000001 > 01910b')
    const { status } = await transceive(channel, getData, { onProactive: length => void told.push(length) })
    expect([status, told, channel.left]).toEqual([0x910b, [11], 0])
  })

  it('transceive returns an error status word, and transceiveOk throws it', async () => {
    expect((await transceive(scripted('81ca005a00 > 6a88'), getData)).status).toBe(0x6a88)
    await expect(transceiveOk(scripted('81ca005a00 > 6a88'), 'GET DATA', getData)).rejects.toMatchObject({
      code: 'refused',
      status: 0x6a88,
      message: 'GET DATA: the card answered 6A88 (referenced data not found)',
    })
  })
})
