import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/asn1/bytes.ts'
import { packText, unpackText } from '../../src/profile/gsm-alphabet.ts'

describe('packText and unpackText', () => {
  it.each([
    ['GSMA_TEST', '47534d411154455354'],
    ['@£$Δß ¿à', '000102101e20607f'],
    ['Ünï', '8000dc006e00ef'],
    ['Оператор', '80041e043f04350440043004420' + '43e0440'],
  ])('packText encodes %s as %s', (text, hex) => {
    expect(toHex(packText(text))).toBe(hex)
    expect(unpackText(fromHex(`${hex}ffff`))).toBe(text)
  })

  it('unpackText returns the packed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), text => {
        if (!text.includes('\uffff')) expect(unpackText(packText(text))).toBe(text)
      }),
      { seed: 23038 },
    )
  })
})
