import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ActivationCodeError, formatActivationCode, parseActivationCode } from '../../src/rsp/activation-code.ts'
import { findActivationCode } from '../../src/rsp/activation-code-text.ts'

const partOf = (text: string): string => {
  try {
    findActivationCode(text)
  } catch (error) {
    if (error instanceof ActivationCodeError) return error.part
    throw error
  }
  return 'accepted'
}

const HOST = 'rsp.lab.example'
const TOKEN = 'QX7-4K2P'
const CODE = `LPA:1$${HOST}$${TOKEN}`
const ENCODED = CODE.replaceAll('$', '%24')
const APPLE = 'https://esimsetup.apple.com/esim_qrcode_provisioning'
const ANDROID = 'https://esimsetup.android.com/esim_qrcode_provisioning'

describe('text with an activation code', () => {
  it.each<[string, string]>([
    ['the code', CODE],
    ['the code without its prefix', CODE.slice(4)],
    ['a link of iOS', `${APPLE}?carddata=${CODE}`],
    ['a link of iOS with a separator at its end', `${APPLE}?carddata=${CODE}$`],
    ['a link of iOS with an encoded code', `${APPLE}?carddata=${ENCODED}`],
    ['a link of iOS that encodes the colon', `${APPLE}?carddata=${encodeURIComponent(CODE)}`],
    ['a link that is encoded twice', `${APPLE}?carddata=${encodeURIComponent(encodeURIComponent(CODE))}`],
    ['a link of Android', `${ANDROID}?carddata=${CODE}`],
    ['a link of Android with an encoded code', `${ANDROID}?carddata=${ENCODED}`],
    ['a link with other parameters', `${ANDROID}?utm=mail&carddata=${ENCODED}&lang=en`],
    ['a link copied from HTML', `${APPLE}?a=1&amp;carddata=${CODE}`],
    ['a link among words', `Tap this link to install: <${APPLE}?carddata=${CODE}>\nThank you`],
    ['a link with the code without prefix', `${APPLE}?carddata=${CODE.slice(4)}`],
    ['an encoded code without link', ENCODED],
    ['host and token', `${HOST}$${TOKEN}`],
    ['host and token behind LPA:', `LPA:${HOST}$${TOKEN}`],
    ['host and token with empty parts', `${HOST}$${TOKEN}$$`],
    ['two lines', `${HOST}\n${TOKEN}`],
    ['two lines with a separator', `${HOST}$\r\n${TOKEN}\r\n`],
    ['two lines, the code first', `${TOKEN}\n\n${HOST}`],
    ['labels with a whole code', `SM-DP+ Address: ${HOST}$\nActivation Code: ${CODE}$`],
    ['labels with address and token', `SM-DP+ Address: ${HOST}\nActivation Code: ${TOKEN}`],
    ['labels in lines of their own', `SM-DP+ address\n${HOST}\n\nActivation code\n${TOKEN}\n`],
    ['labels with other names', `SMDP: ${HOST}\r\nMatching ID = ${TOKEN}`],
    ['labels in the other order', `Activation code:\t${TOKEN}\nSM-DP+ server:\t${HOST}`],
    [
      'a mail with more lines',
      `Your order 4711\nSM-DP+ Address: ${HOST}\nActivation Code: ${TOKEN}\nConfirmation Code: 9876\nICCID: 8900`,
    ],
    ['labels in bold type', `*SM-DP+ Address:* ${HOST}\n*Activation Code:* ${TOKEN}`],
    ['labels with remarks', `SM-DP+ Address (manual): 1$${HOST}$\nActivation Code (manual): ${TOKEN}`],
    ['a label with an address that begins with LPA:', `SM-DP+: LPA:1$${HOST}\nActivation code: ${TOKEN}`],
    ['a code in a sentence', `Your code is ${CODE}. Do not share it.`],
    ['a code in quotes', `"${CODE}"`],
    ['a code with escapes of a shell', CODE.replaceAll('$', '\\$')],
    ['zero-width characters', `\ufeff\u200b${CODE.replace('$', '\u200d$\u2060')}\u200b`],
    ['blanks beside the separators', `LPA: 1 $ ${HOST}\u00a0$ ${TOKEN} `],
    ['a line break behind a separator', `LPA:1$${HOST}$\n${TOKEN}`],
    ['the prefix twice', `LPA:${CODE}`],
    ['the flag 0', `${CODE}$$0`],
    ['six parts', `${CODE}$$$${'AB'.repeat(20)}`],
    ['seven parts', `${CODE}$$$${'AB'.repeat(20)}$1`],
    ['the same code twice', `${CODE}\n${APPLE}?carddata=${ENCODED}`],
  ])('findActivationCode reads %s', (_name, text) => {
    expect(findActivationCode(text)).toEqual({
      smdpAddress: HOST,
      matchingId: TOKEN,
      confirmationCodeRequired: false,
    })
  })

  it.each([
    [`${APPLE}?carddata=${ENCODED}%24%241`, { confirmationCodeRequired: true }],
    [`${HOST}$${TOKEN}$2.999.4$1`, { smdpOid: '2.999.4', confirmationCodeRequired: true }],
    [`${CODE}$2.999.4$0$ABCD$1`, { smdpOid: '2.999.4', confirmationCodeRequired: false }],
    [`LPA:1$${HOST}$qx7-ab`, { matchingId: 'qx7-ab' }],
    [`${APPLE}?carddata=lpa:1$${HOST}$qx7-ab`, { matchingId: 'qx7-ab' }],
    [`SM-DP+ Address: ${HOST}\nActivation Code: qx7-ab`, { matchingId: 'qx7-ab' }],
    [`LPA:1$${HOST}$`, { matchingId: '' }],
  ])('findActivationCode keeps the other parts of %j', (text, expected) => {
    expect(findActivationCode(text)).toMatchObject({ smdpAddress: HOST, ...expected })
  })

  it.each([
    ['', 'format'],
    ['hello', 'format'],
    [HOST, 'format'],
    [`${HOST}\nother.lab.example`, 'format'],
    [APPLE, 'format'],
    [`${APPLE}?carddata=`, 'format'],
    [`${APPLE}?carddata=hello`, 'format'],
    [`${APPLE}?carddata=1$%`, 'smdpAddress'],
    [`${CODE}\n${CODE}9`, 'format'],
    [`SM-DP+: ${HOST}\nSM-DP+: other.lab.example\nActivation code: ${TOKEN}`, 'format'],
    [`1$rsp lab.example$A`, 'smdpAddress'],
    [`1$${HOST}`, 'matchingId'],
    [`1$${HOST}$A b`, 'matchingId'],
    [`1$${HOST}$A_B`, 'matchingId'],
    [`${CODE}$2.x`, 'smdpOid'],
    [`${CODE}$4321`, 'confirmationCode'],
    [`${APPLE}?carddata=${ENCODED}%24ab12cd`, 'confirmationCode'],
    [`${HOST}$${TOKEN}$4321$1`, 'confirmationCode'],
    [`${CODE}$$4321`, 'confirmationCode'],
    [`${CODE}$$2`, 'confirmationCodeRequiredFlag'],
    [`${CODE}$$1$A$1$more`, 'format'],
    ['x'.repeat(20_000), 'length'],
  ])('findActivationCode rejects %j and names the invalid part', (text, part) => {
    expect(partOf(text)).toBe(part)
  })

  it('the error of a confirmation code does not contain it', () => {
    for (const text of [`${CODE}$4321`, `${CODE}$$4321`]) {
      expect(() => findActivationCode(text)).toThrow(/seems to contain/)
      expect(() => findActivationCode(text)).not.toThrow(/4321/)
    }
  })

  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/)
  const codes = fc.record(
    {
      smdpAddress: fc.array(label, { minLength: 2, maxLength: 4 }).map(labels => labels.join('.')),
      matchingId: fc.stringMatching(/^[0-9A-Za-z-]{0,30}$/),
      confirmationCodeRequired: fc.boolean(),
      smdpOid: fc.array(fc.nat(9999), { minLength: 2, maxLength: 6 }).map(arcs => arcs.join('.')),
    },
    { requiredKeys: ['smdpAddress', 'matchingId', 'confirmationCodeRequired'] },
  )
  it('a code that is formatted and parsed again has the same value in each form', () => {
    fc.assert(
      fc.property(codes, code => {
        const text = formatActivationCode(code)
        expect(parseActivationCode(text)).toEqual(code)
        const forms = [text, `LPA:${text}`, `${APPLE}?carddata=LPA:${text}`, text.slice(2)]
        forms.push(`${ANDROID}?carddata=${encodeURIComponent(`LPA:${text}`)}`, `Your eSIM:\n${text}\n`)
        for (const form of forms) expect(findActivationCode(form)).toEqual(code)
      }),
    )
  })

  it('any text is parsed or rejected with an ActivationCodeError', () => {
    const piece = fc.constantFrom(
      'LPA:',
      '1$',
      '$',
      '\n',
      ' ',
      HOST,
      TOKEN,
      'carddata=',
      '?',
      '%24',
      '%',
      'SM-DP+:',
      ':',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 5 }))), pieces => {
        const text = pieces.join('')
        if (partOf(text) !== 'accepted') return
        const code = findActivationCode(text)
        expect(parseActivationCode(formatActivationCode(code))).toEqual(code)
      }),
    )
  })
})
