import { describe, expect, it } from 'vitest'
import { encodeCommand } from '../../src/apdu/command.ts'
import { toTpdu } from '../../src/pcsc/tpdu.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const header = { cla: 0x80, ins: 0xe2, p1: 0x91, p2: 0 }
const data = (length: number): Uint8Array => new Uint8Array(length).fill(0xda)

describe('toTpdu', () => {
  it.each([
    ['case 1', { ...header }, '80e2910000'],
    ['case 2', { ...header, le: 0x10 }, '80e2910010'],
    ['case 3', { ...header, data: data(2) }, '80e2910002dada'],
    ['case 4, whose Le is left away', { ...header, data: data(2), le: 0x100 }, '80e2910002dada'],
    // ISO 7816-3 §12.2: short coding if the data fits; the card reports more data by 61xx.
    ['case 2 extended', { ...header, le: 0x10, extended: true }, '80e2910010'],
    ['case 2 extended, for more than 256 bytes', { ...header, le: 0x10000, extended: true }, '80e2910000'],
    ['case 3 extended', { ...header, data: data(2), extended: true }, '80e2910002dada'],
    ['case 4 extended', { ...header, data: data(2), le: 0x10000, extended: true }, '80e2910002dada'],
  ])('%s', (_name, command, expected) => {
    expect(hex(toTpdu(encodeCommand(command)))).toBe(expected)
  })

  it('toTpdu accepts 255 bytes of data and suggests segments for more', () => {
    expect(toTpdu(encodeCommand({ ...header, data: data(255), extended: true })).length).toBe(260)
    expect(() => toTpdu(encodeCommand({ ...header, data: data(256), extended: true }))).toThrow(
      expect.objectContaining({
        code: 'bad-command',
        message:
          'the command has 256 bytes of data, but T=0 transfers at most 255. Send the data in segments, ' +
          'for example as STORE DATA blocks, or use a card and a reader with T=1',
      }),
    )
  })
})
