import { expect, it } from 'vitest'
import { counted } from '../../../src/apdu/layers/count.ts'
import { bytes, scripted } from '../scripted-channel.ts'

it('counted() counts commands and responses, and a command without a response as sent', async () => {
  const seen = counted(scripted('00a40400023f00 > 9000', '00c0000002 > 01029000'))
  await seen.channel.transmit(bytes('00a40400023f00'))
  await seen.channel.transmit(bytes('00c0000002'))
  await expect(seen.channel.transmit(bytes('80f20000'))).rejects.toThrow()
  expect([seen.exchanges, seen.bytesSent, seen.bytesReceived]).toEqual([3, 7 + 5 + 4, 2 + 4])
})
