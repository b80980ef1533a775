import { beforeEach, describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { buildProfilePackage } from '../../../src/profile/build.ts'
import { NO_CHANGES } from '../../../src/profile/card/card-files.ts'
import { decodeCardChanges, encodeCardChanges } from '../../../src/profile/card/saved-changes.ts'
import type { ElementValue } from '../../../src/profile/elements/profile-element.ts'
import { installProfile, SUPPORTED_SERVICES } from '../../../src/profile/install.ts'
import { createElement } from '../../../src/profile/package.ts'
import { startTerminal } from './terminal.ts'

const USIM = 'a0000000871002'
const PIN1 = '31323334ffffffff'
/** Our profile with PIN 1234, all PUKs 00000000 and ADM 00..00, and an additional directory of test files. */
const built = buildProfilePackage({
  iccid: '89999011234567890123',
  imsi: '999010000000123',
  algorithm: { name: 'milenage', k: new Uint8Array(16).fill(1), opc: new Uint8Array(16).fill(2) },
  serviceProviderName: 'Example Mobile',
  pin1: '1234',
  random: length => new Uint8Array(length),
})
const arr = fromHex('2f0607')
const extraFiles = createElement('genericFileManagement', {
  'gfm-header': { identification: 99 },
  fileManagementCMD: [
    [
      {
        createFCP: {
          fileDescriptor: fromHex('7821'),
          fileID: fromHex('7f66'),
          securityAttributesReferenced: fromHex('2f060e'),
          pinStatusTemplateDO: fromHex('01'),
        },
      },
      {
        createFCP: {
          fileDescriptor: fromHex('46210003'),
          fileID: fromHex('6f39'),
          efFileSize: fromHex('0f'),
          securityAttributesReferenced: arr,
          proprietaryEFInfo: { fillPattern: fromHex('00') },
        },
      },
      {
        createFCP: {
          fileDescriptor: fromHex('7921'),
          fileID: fromHex('6f11'),
          securityAttributesReferenced: fromHex('2f0605'),
          proprietaryEFInfo: { maximumFileSize: fromHex('0200') },
        },
      },
      { fillFileContent: fromHex('8003aabbcc') },
    ],
  ],
} as unknown as ElementValue<'genericFileManagement'>)
const pkg = { elements: built.elements.toSpliced(-1, 0, extraFiles) }
const profile = installProfile(pkg, { services: new Set(SUPPORTED_SERVICES), freeMemory: 100_000 }).profile!

let terminal: ReturnType<typeof startTerminal>
beforeEach(() => {
  terminal = startTerminal(profile)
})
const verify = (reference: number, pin = '') => terminal.send(0x20, 0, reference, pin)

describe('PINs (TS 102 221 §9.5, §11.1.9 to §11.1.13)', () => {
  it('VERIFY PIN decrements the tries, blocks the PIN, and restores all tries on success', () => {
    expect(verify(1)).toBe('63c3')
    expect(verify(1, '30303030ffffffff')).toBe('63c2')
    expect(verify(1, PIN1)).toBe('9000')
    expect(verify(1)).toBe('63c3')
    for (const tries of ['63c2', '63c1', '63c0']) expect(verify(1, '30303030ffffffff')).toBe(tries)
    expect(verify(1, PIN1)).toBe('6983')
  })

  it('UNBLOCK PIN requires the PUK and a new PIN and has its own tries', () => {
    for (let i = 0; i < 3; i++) verify(1, '30303030ffffffff')
    expect(terminal.send(0x2c, 0, 1)).toBe('63ca')
    expect(terminal.send(0x2c, 0, 1, '3939393939393939' + '35363738ffffffff')).toBe('63c9')
    expect(terminal.send(0x2c, 0, 1, '3030303030303030' + '35363738ffffffff')).toBe('9000')
    expect(terminal.send(0x2c, 0, 1)).toBe('63ca')
    expect(verify(1, '35363738ffffffff')).toBe('9000')
  })

  it('CHANGE PIN requires the old PIN', () => {
    expect(terminal.send(0x24, 0, 1, '30303030ffffffff' + '35363738ffffffff')).toBe('63c2')
    expect(terminal.send(0x24, 0, 1, `${PIN1}35363738ffffffff`)).toBe('9000')
    expect(verify(1, PIN1)).toBe('63c2')
    expect(verify(1, '35363738ffffffff')).toBe('9000')
  })

  it('DISABLE PIN removes the PIN condition, and ENABLE PIN restores it at the next reset', () => {
    terminal.selectAid(USIM)
    terminal.select('6f07')
    expect(terminal.send(0xb0, 0, 0, '', 9)).toBe('6982')
    expect(terminal.send(0x26, 0, 1, PIN1)).toBe('9000')
    expect(terminal.send(0x26, 0, 1, PIN1)).toBe('6985')
    expect(verify(1, PIN1)).toBe('6984')
    expect(terminal.send(0xb0, 0, 0, '', 9)).toMatch(/9000$/)
    expect(terminal.send(0x28, 0, 1, PIN1)).toBe('9000')

    terminal = startTerminal(profile, decodeCardChanges(profile, encodeCardChanges(terminal.changes())))
    terminal.selectAid(USIM)
    terminal.select('6f07')
    expect(terminal.send(0xb0, 0, 0, '', 9)).toBe('6982')
  })

  it('VERIFY PIN uses the PINs of the directory: PIN2 exists only in the application', () => {
    expect(verify(0x81)).toBe('6a88')
    terminal.selectAid(USIM)
    expect(verify(0x81)).toBe('63c3')
    expect(verify(0x81, '30303030ffffffff')).toBe('9000')
    expect(verify(0x82)).toBe('6a88')
    expect(terminal.send(0x20, 1, 0x81)).toBe('6a86')
    expect(verify(0x81, '3030')).toBe('6700')
  })

  it('the FCP shows which PINs are enabled', () => {
    expect(terminal.selectAid(USIM)).toMatch(/c60c9001e083010183018183010a/)
    terminal.send(0x26, 0, 1, PIN1)
    expect(terminal.selectAid(USIM)).toMatch(/c60c90016083010183018183010a/)
  })

  it('AUTHENTICATE requires the PIN', () => {
    terminal.selectAid(USIM)
    const challenge = `10${'00'.repeat(16)}10${'00'.repeat(16)}`
    expect(terminal.send(0x88, 0, 0x81, challenge, 256)).toBe('6982')
    verify(1, PIN1)
    expect(terminal.send(0x88, 0, 0x81, challenge, 256)).toBe('9862')
    expect(terminal.send(0x88, 0, 0x80, `10${'00'.repeat(16)}`, 256)).toMatch(/^04.{8}08.{16}9000$/)
  })
})

describe('a cyclic file (TS 102 221 §8.2.2.3, §11.1.6, §11.1.8)', () => {
  beforeEach(() => {
    verify(1, PIN1)
    terminal.select('7f666f39')
  })

  it('UPDATE RECORD of a cyclic file inserts the record at the front', () => {
    expect(terminal.send(0xdc, 0, 3, '000001')).toBe('9000')
    expect(terminal.send(0xdc, 0, 3, '000002')).toBe('9000')
    expect(terminal.send(0xb2, 1, 4, '', 3)).toBe('0000029000')
    expect(terminal.send(0xb2, 2, 4, '', 3)).toBe('0000019000')
    expect(terminal.send(0xdc, 1, 4, '000003')).toBe('6a86')
    expect(terminal.send(0xdc, 0, 3, '0003')).toBe('6700')
  })

  it('INCREASE adds to the newest record up to its maximum', () => {
    expect(terminal.send(0x32, 0, 0, '0000ff', 256)).toBe('0000ff0000ff9000')
    expect(terminal.send(0x32, 0, 0, '000002', 256)).toBe('0001010000029000')
    expect(terminal.send(0x32, 0, 0, 'ffffff', 256)).toBe('9850')
    expect(terminal.send(0xb2, 1, 4, '', 3)).toBe('0001019000')
    expect(terminal.send(0xb2, 2, 4, '', 3)).toBe('0000ff9000')
  })
})

describe('a BER-TLV file (TS 102 221 §11.3)', () => {
  beforeEach(() => {
    verify(1, PIN1)
    terminal.select('7f666f11')
  })

  it('RETRIEVE DATA returns objects by tag and the list of tags', () => {
    expect(terminal.send(0xcb, 0, 0x80, '80', 256)).toBe('8003aabbcc9000')
    expect(terminal.send(0xcb, 0, 0x80, '5c', 256)).toBe('5c01809000')
    expect(terminal.send(0xcb, 0, 0x80, '81', 256)).toBe('6a88')
    expect(terminal.send(0xb0, 0, 0, '', 4)).toBe('6981')
  })

  it('SET DATA writes, replaces and removes objects, and RETRIEVE DATA returns large objects in blocks', () => {
    const value = 'ab'.repeat(300)
    expect(terminal.send(0xdb, 0, 0x80, `5f2182012c${value.slice(0, 400)}`)).toBe('63f1')
    expect(terminal.send(0xdb, 0, 0x00, value.slice(400))).toBe('9000')
    const first = terminal.send(0xcb, 0, 0x80, '5f21', 256)
    const second = terminal.send(0xcb, 0, 0x00, '', 256)
    expect(first).toMatch(/62f1$/)
    expect(first.slice(0, -4) + second.slice(0, -4)).toBe(`5f2182012c${value}`)
    expect(terminal.send(0xdb, 0, 0x80, '8001ee')).toBe('9000')
    expect(terminal.send(0xcb, 0, 0x80, '80', 256)).toBe('8001ee9000')
    expect(terminal.send(0xdb, 0, 0x80, '5f21')).toBe('9000')
    expect(terminal.send(0xcb, 0, 0x80, '5c', 256)).toBe('5c01809000')
    expect(terminal.send(0xdb, 0, 0x00, '00')).toBe('6a86')
  })

  it('SET DATA rejects more data than the file can contain', () => {
    expect(terminal.send(0xdb, 0, 0x80, `8281f0${'00'.repeat(240)}`)).toBe('9000')
    expect(terminal.send(0xdb, 0, 0x80, `8381f0${'00'.repeat(240)}`)).toBe('9000')
    expect(terminal.send(0xdb, 0, 0x80, `8481f0${'00'.repeat(240)}`)).toBe('6a84')
    expect(terminal.send(0xcb, 0, 0x80, '5c', 256)).toBe('5c038082839000')
  })
})

describe('deactivation (TS 102 221 §11.1.14)', () => {
  it('DEACTIVATE FILE blocks a file until ACTIVATE FILE', () => {
    expect(verify(0x0a, '0000000000000000')).toBe('9000')
    terminal.selectAid(USIM)
    terminal.select('6f46')
    expect(terminal.send(0x04, 0, 0)).toBe('9000')
    expect(terminal.send(0xb0, 0, 0, '', 17)).toBe('6985')
    expect(terminal.select('6f46')).toMatch(/8a0104.*6283$/)
    expect(terminal.send(0x44, 0, 0)).toBe('9000')
    expect(terminal.send(0xb0, 0, 0, '', 17)).toMatch(/9000$/)
  })
})

describe('the saved state of a card', () => {
  it('encodeCardChanges saves only the changes, and decodeCardChanges restores them', () => {
    expect(terminal.changes()).toBe(NO_CHANGES)
    terminal.select('2fe2')
    terminal.send(0xb0, 0, 0, '', 10)
    expect(terminal.changes()).toBe(NO_CHANGES)
    verify(1, PIN1)
    expect(terminal.changes()).toBe(NO_CHANGES)
    terminal.selectAid(USIM)
    terminal.select('6f7e')
    terminal.send(0xd6, 0, 0, '0102030405060708090a0b')
    verify(1, '30303030ffffffff')
    const saved = encodeCardChanges(terminal.changes())
    const again = decodeCardChanges(profile, saved)
    expect(again).toEqual(terminal.changes())
    expect([...again.contents].map(([key, content]) => [key, toHex(content)])).toEqual([
      ['3f00/7fd0/6f7e', '0102030405060708090a0b'],
    ])
    expect(again.pins.get('3f00#1')?.tries).toBe(2)
  })

  it.each([
    ['cut off', (saved: Uint8Array) => saved.subarray(0, -1)],
    ['empty', () => new Uint8Array(0)],
    [
      'of another profile',
      () => encodeCardChanges({ ...NO_CHANGES, contents: new Map([['3f00/9999', new Uint8Array(1)]]) }),
    ],
    [
      'with a file of another size',
      () => encodeCardChanges({ ...NO_CHANGES, contents: new Map([['3f00/2fe2', new Uint8Array(9)]]) }),
    ],
  ])('decodeCardChanges rejects a saved state that is %s', (_name, spoil) => {
    const spoilt = spoil(encodeCardChanges(NO_CHANGES))
    expect(() => decodeCardChanges(profile, spoilt)).toThrow(expect.objectContaining({ code: 'bad-state' }))
  })

  it('answerCardCommand returns 6D00 for an unknown command', () => {
    expect(terminal.send(0xee, 0, 0)).toBe('6d00')
  })
})
