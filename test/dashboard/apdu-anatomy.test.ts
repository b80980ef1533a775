import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anatomyOfCommand, anatomyOfResponse, describeStatusWord } from '../../dashboard/src/exchange/apdu-anatomy.ts'
import { berTreeOf } from '../../dashboard/src/exchange/ber-tree.ts'

const named = (hex: string): Record<string, string> =>
  Object.fromEntries(anatomyOfCommand(hex).map(part => [part.name, part.hex]))

describe('a command cut into its parts (ISO/IEC 7816-4 §5.1)', () => {
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
  ])('%s', (_case, hex, parts) => expect(named(hex)).toEqual(parts))

  it('names the instruction and the logical channel', () => {
    const meanings = (hex: string) => anatomyOfCommand(hex).flatMap(part => part.meaning ?? [])
    expect(meanings('01A4040000')).toEqual(['channel 1', 'SELECT'])
    expect(meanings('C2E2910000')).toEqual(['channel 6', 'STORE DATA'])
  })

  it('loses and invents no digit, whatever the command', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 300 }), bytes => {
        const hex = Buffer.from(bytes).toString('hex')
        expect(
          anatomyOfCommand(hex)
            .map(part => part.hex)
            .join(''),
        ).toBe(hex)
      }),
    )
  })
})

describe('a response', () => {
  it('is data and a status word', () => {
    expect(anatomyOfResponse('BF2E9000').map(part => [part.name, part.hex])).toEqual([
      ['data', 'BF2E'],
      ['SW', '9000'],
    ])
    expect(anatomyOfResponse('6A82')).toEqual([{ name: 'SW', hex: '6A82', meaning: 'file or application not found' }])
  })

  it.each([
    ['9000', 'done'],
    ['6110', 'done, 16 bytes waiting'],
    ['6100', 'done, 256 bytes waiting'],
    ['6C20', 'wrong Le, 32 is right'],
    ['910F', 'done, proactive command of 15 bytes waiting'],
    ['63C2', 'verification failed, 2 tries left'],
  ])('%s: %s', (word, meaning) => expect(describeStatusWord(word)).toBe(meaning))
})

describe('bytes as tags and lengths (ISO/IEC 8825-1 §8.1)', () => {
  it('reads nested elements, long tags and long lengths', () => {
    expect(berTreeOf('BF2E128010000102030405060708090A0B0C0D0E0F')).toEqual([
      { BF2E: [{ '80': '000102030405060708090A0B0C0D0E0F' }] },
    ])
    expect(berTreeOf(`80820100${'AA'.repeat(256)}`)).toEqual([{ '80': 'AA'.repeat(256) }])
  })

  it.each(['80', '8002AA', '800180FF', 'BF2E038002', '0000', 'ABC'])('%s is not that', hex =>
    expect(berTreeOf(hex)).toBeNull(),
  )
})
