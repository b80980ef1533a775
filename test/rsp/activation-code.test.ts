import { describe, expect, it } from 'vitest'
import { ActivationCodeError, formatActivationCode, parseActivationCode } from '../../src/rsp/activation-code.ts'

const partOf = (text: string): string => {
  try {
    parseActivationCode(text)
  } catch (error) {
    if (error instanceof ActivationCodeError) return error.part
    throw error
  }
  return 'accepted'
}

// The examples of SGP.22 §4.1 with our host names.
describe('activation code', () => {
  it.each([
    [
      '1$SMDP.EXAMPLE.COM$04386-AGYFT-A74Y8-3F815',
      { smdpAddress: 'SMDP.EXAMPLE.COM', matchingId: '04386-AGYFT-A74Y8-3F815', confirmationCodeRequired: false },
    ],
    [
      '1$SMDP.EXAMPLE.COM$04386-AGYFT-A74Y8-3F815$$1',
      { smdpAddress: 'SMDP.EXAMPLE.COM', matchingId: '04386-AGYFT-A74Y8-3F815', confirmationCodeRequired: true },
    ],
    [
      '1$SMDP.EXAMPLE.COM$04386-AGYFT-A74Y8-3F815$1.3.6.1.4.1.31746$1',
      {
        smdpAddress: 'SMDP.EXAMPLE.COM',
        matchingId: '04386-AGYFT-A74Y8-3F815',
        smdpOid: '1.3.6.1.4.1.31746',
        confirmationCodeRequired: true,
      },
    ],
    ['1$SMDP.EXAMPLE.COM$', { smdpAddress: 'SMDP.EXAMPLE.COM', matchingId: '', confirmationCodeRequired: false }],
  ])('%s', (text, code) => {
    expect(parseActivationCode(text)).toEqual(code)
    expect(parseActivationCode(`LPA:${text}`)).toEqual(code)
    expect(parseActivationCode(` ${text}\n`)).toEqual(code)
    expect(formatActivationCode(code)).toBe(text)
  })
  it.each([
    ['1$smdp.example.com$token', { matchingId: 'token', confirmationCodeRequired: false }],
    ['1$smdp.example.com$A$$0', { matchingId: 'A', confirmationCodeRequired: false }],
    ['1$smdp.example.com$A$$1$F54172BD$1', { matchingId: 'A', confirmationCodeRequired: true }],
  ])('parseActivationCode reads %s', (text, code) => {
    expect(parseActivationCode(text)).toEqual({ smdpAddress: 'smdp.example.com', ...code })
  })
  it.each([
    ['', 'format'],
    ['2$smdp.example.com$A', 'format'],
    ['smdp.example.com', 'format'],
    ['LPA:LPA:1$smdp.example.com$A', 'format'],
    ['1$', 'smdpAddress'],
    ['1$https://smdp.example.com$A', 'smdpAddress'],
    ['1$smdp.example.com:443$A', 'smdpAddress'],
    ['1$smdp example.com$A', 'smdpAddress'],
    ['1$smdp.example.com', 'matchingId'],
    ['1$smdp.example.com$a b', 'matchingId'],
    ['1$smdp.example.com$A_B', 'matchingId'],
    ['1$smdp.example.com$A$x.y', 'smdpOid'],
    ['1$smdp.example.com$A$$2', 'confirmationCodeRequiredFlag'],
    ['1$smdp.example.com$A$1234', 'confirmationCode'],
    ['1$smdp.example.com$A$$1234', 'confirmationCode'],
    ['1$smdp.example.com$A$$1$AB$1$more', 'format'],
    [`1$smdp.example.com$${'A'.repeat(250)}`, 'length'],
  ])('parseActivationCode rejects %j and names the invalid part', (text, part) => {
    expect(partOf(text)).toBe(part)
  })
})
