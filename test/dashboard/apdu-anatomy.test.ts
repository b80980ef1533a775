import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeStatusWord, splitCommand, splitResponse } from '../../dashboard/src/exchange/apdu-anatomy.ts'
import { parseBerTree } from '../../dashboard/src/exchange/ber-tree.ts'

const named = (hex: string): Record<string, string> =>
  Object.fromEntries(splitCommand(hex).map(part => [part.name, part.hex]))

describe('splitCommand (ISO/IEC 7816-4 §5.1)', () => {
  it.each([
    ['case 1', '00700180', { CLA: '00', INS: '70', P1: '01', P2: '80' }],
    ['case 2', '0070000001', { CLA: '00', INS: '70', P1: '00', P2: '00', Le: '01' }],
    ['case 3', '80E2910003BF2000', { CLA: '80', INS: 'E2', P1: '91', P2: '00', Lc: '03', data: 'BF2000' }],
    ['case 4', '80E2910003BF200000', { CLA: '80', INS: 'E2', P1: '91', P2: '00', Lc: '03', data: 'BF2000', Le: '00' }],
    [
      'case 4 extended',
      '00A4040000000201020000',
      { CLA: '00', INS: 'A4', P1: '04', P2: '00', Lc: '000002', data: '0102', Le: '0000' },
    ],
  ])('splitCommand returns the parts of a command of %s', (_case, hex, parts) => expect(named(hex)).toEqual(parts))

  it('splitCommand names the instruction and the logical channel', () => {
    const meanings = (hex: string) => splitCommand(hex).flatMap(part => part.meaning ?? [])
    expect(meanings('01A4040000')).toEqual(['channel 1', 'SELECT'])
    expect(meanings('C2E2910000')).toEqual(['channel 6', 'STORE DATA'])
  })

  it('splitCommand preserves all digits of any command', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 300 }), bytes => {
        const hex = Buffer.from(bytes).toString('hex')
        expect(
          splitCommand(hex)
            .map(part => part.hex)
            .join(''),
        ).toBe(hex)
      }),
    )
  })
})

describe('splitResponse', () => {
  it('splitResponse returns data and status word', () => {
    expect(splitResponse('BF2E9000').map(part => [part.name, part.hex])).toEqual([
      ['data', 'BF2E'],
      ['SW', '9000'],
    ])
    expect(splitResponse('6A82')).toEqual([{ name: 'SW', hex: '6A82', meaning: 'file or application not found' }])
  })

  it.each([
    ['9000', 'done'],
    ['6110', 'done, 16 bytes waiting'],
    ['6100', 'done, 256 bytes waiting'],
    ['6C20', 'wrong Le, 32 is right'],
    ['910F', 'done, proactive command of 15 bytes waiting'],
    ['63C2', 'verification failed, 2 tries left'],
  ])('describeStatusWord(%s) returns %j', (word, meaning) => expect(describeStatusWord(word)).toBe(meaning))
})

describe('parseBerTree (ISO/IEC 8825-1 §8.1)', () => {
  it('parseBerTree reads nested elements, long tags and long lengths', () => {
    expect(parseBerTree('BF2E128010000102030405060708090A0B0C0D0E0F')).toEqual([
      { BF2E: [{ '80': '000102030405060708090A0B0C0D0E0F' }] },
    ])
    expect(parseBerTree(`80820100${'AA'.repeat(256)}`)).toEqual([{ '80': 'AA'.repeat(256) }])
  })

  it.each(['80', '8002AA', '800180FF', 'BF2E038002', '0000', 'ABC'])('parseBerTree(%s) returns null', hex =>
    expect(parseBerTree(hex)).toBeNull(),
  )
})
