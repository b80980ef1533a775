import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCommand, encodeCommand } from '../../src/apdu/command.ts'
import { bytes, hex } from './scripted-channel.ts'

const header = { cla: 0x80, ins: 0xe2, p1: 0x91, p2: 0x00 }

describe('command APDUs, the codings of ISO 7816-3 §12.1.3', () => {
  it.each([
    ['case 1', '80e29100', { ...header, case: 1, extended: false }],
    ['case 2 short', '80e2910005', { ...header, case: 2, le: 5, extended: false }],
    ['case 2 short, Le 00 is 256', '80e2910000', { ...header, case: 2, le: 256, extended: false }],
    ['case 3 short', '80e29100020102', { ...header, case: 3, data: '0102', extended: false }],
    ['case 4 short', '80e2910002010200', { ...header, case: 4, data: '0102', le: 256, extended: false }],
    ['case 2 extended', '80e29100000101', { ...header, case: 2, le: 257, extended: true }],
    ['case 2 extended, Le 0000 is 65536', '80e29100000000', { ...header, case: 2, le: 65536, extended: true }],
    ['case 3 extended', '80e291000000020102', { ...header, case: 3, data: '0102', extended: true }],
    ['case 4 extended', '80e2910000000201020100', { ...header, case: 4, data: '0102', le: 256, extended: true }],
  ])('%s', (_name, wire, parts) => {
    const { data, ...rest } = decodeCommand(bytes(wire))
    const { data: expected = '', ...expectedRest } = parts as { data?: string }
    expect(rest).toEqual(expectedRest)
    expect(hex(data)).toBe(expected)
    expect(hex(encodeCommand({ ...rest, data }))).toBe(wire)
  })

  it.each([
    ['less than a header', '80e291'],
    ['Lc beyond the end', '80e291000501'],
    ['bytes behind Le', '80e2910001010000'],
    ['an extended length cut short', '80e291000000'],
    ['an extended Lc of zero with data', '80e29100000000aa'],
    ['an extended Lc beyond the end', '80e2910000000501'],
  ])('refuses %s', (_name, wire) => {
    expect(() => decodeCommand(bytes(wire))).toThrow(expect.objectContaining({ code: 'bad-command' }))
  })

  it('refuses to code what short lengths cannot hold unless extended is asked for', () => {
    const data = new Uint8Array(256)
    expect(() => encodeCommand({ ...header, data })).toThrow(expect.objectContaining({ code: 'bad-command' }))
    expect(() => encodeCommand({ ...header, le: 257 })).toThrow(expect.objectContaining({ code: 'bad-command' }))
    expect(() => encodeCommand({ ...header, le: 0 })).toThrow(expect.objectContaining({ code: 'bad-command' }))
    expect(encodeCommand({ ...header, data, extended: true }).length).toBe(4 + 3 + 256)
  })

  it('reads back every command it writes', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(
        octet,
        octet,
        fc.uint8Array({ maxLength: 600 }),
        fc.option(fc.integer({ min: 1, max: 65536 })),
        fc.boolean(),
        (p1, p2, data, le, extended) => {
          fc.pre(extended || (data.length < 256 && (le ?? 0) <= 256))
          const command = { cla: 0, ins: 0xb0, p1, p2, data, le: le ?? undefined, extended }
          const back = decodeCommand(encodeCommand(command))
          expect(hex(back.data)).toBe(hex(data))
          expect(back).toMatchObject({ cla: 0, ins: 0xb0, p1, p2 })
          expect(back.le).toBe(le ?? undefined)
        },
      ),
    )
  })
})
