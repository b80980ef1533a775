import { describe, expect, it } from 'vitest'
import {
  createApduRedactor,
  createRedactor,
  redactBody,
  redactDecoded,
  redactHeaders,
  redactUrl,
} from '../../src/evidence/redact.ts'

const RES = 'a1a2a3a4a5a6a7a8'
const CK = 'c0'.repeat(16)
const IK = 'd0'.repeat(16)
const AUTHENTICATE = `0088008122${'10'.repeat(34)}00`

describe('what is taken out of APDUs', () => {
  it('are CK and IK, while RES, lengths and status word stay', () => {
    const redact = createApduRedactor()
    const { response } = redact(AUTHENTICATE, `db08${RES}10${CK}10${IK}9000`)
    expect(response).toBe(`db08${RES}${'00'.repeat(34)}9000`)
  })

  it('are CK and IK also where GET RESPONSE brings them, in parts', () => {
    const redact = createApduRedactor()
    expect(redact(AUTHENTICATE, '612c').response).toBe('612c')
    expect(redact('00c000002c', `db08${RES}10${CK}6110`).response).toBe(`db08${RES}${'00'.repeat(17)}6110`)
    expect(redact('00c0000010', `${IK}9000`).response).toBe(`${'00'.repeat(16)}9000`)
  })

  it('is not AUTS, nor a refusal', () => {
    const redact = createApduRedactor()
    const auts = `dc0e${'11'.repeat(14)}9000`
    expect(redact(AUTHENTICATE, auts).response).toBe(auts)
    expect(redact(AUTHENTICATE, '9862').response).toBe('9862')
    expect(redact(AUTHENTICATE, null).response).toBeNull()
  })

  it.each(['20', '24', '26', '28', '2c'])('are the PINs in a command of INS %s', ins => {
    const redact = createApduRedactor()
    expect(redact(`00${ins}00010831323334ffffffff`, '9000').command).toBe(`00${ins}000108${'00'.repeat(8)}`)
    expect(redact(`00${ins}0001`, '63c3').command).toBe(`00${ins}0001`)
  })
})

describe('what is taken out of HTTP', () => {
  it('are the headers that carry a session or a credential', () => {
    expect(
      redactHeaders([
        ['Cookie', 'a=b'],
        ['set-cookie', 'a=b'],
        ['AUTHORIZATION', 'Bearer x'],
        ['content-type', 'text/html'],
      ]),
    ).toEqual({
      Cookie: '[redacted]',
      'set-cookie': '[redacted]',
      AUTHORIZATION: '[redacted]',
      'content-type': 'text/html',
    })
  })

  it('are JSON members named for a secret, at any depth; a body without one keeps its bytes', () => {
    const body = '{ "iccid": "89",  "confirmationCode": "1234", "inner": [{"OPc": "ff", "k": {"a": 1}}] }'
    expect(JSON.parse(redactBody(body, 'application/json; charset=utf-8'))).toEqual({
      iccid: '89',
      confirmationCode: '[redacted]',
      inner: [{ OPc: '[redacted]', k: '[redacted]' }],
    })
    const harmless = '{ "iccid" : "89" }'
    expect(redactBody(harmless, 'application/json')).toBe(harmless)
    expect(redactBody('{"pin": ', 'application/json')).toBe('{"pin": ')
  })

  it('are form fields and queries named for a secret, and the values of such fields in a page', () => {
    expect(redactBody('plan=week&card_number=4111&cvc=123', 'application/x-www-form-urlencoded')).toBe(
      'plan=week&card_number=%5Bredacted%5D&cvc=%5Bredacted%5D',
    )
    expect(redactUrl('https://portal.example/start?location=x&token=abc')).toBe(
      'https://portal.example/start?location=x&token=%5Bredacted%5D',
    )
    expect(
      redactBody('<input type="hidden" name="csrf-token" value="abc"><input name="plan" value="1">', 'text/html'),
    ).toBe('<input type="hidden" name="csrf-token" value="[redacted]"><input name="plan" value="1">')
  })

  it('are decoded members named for a secret', () => {
    expect(redactDecoded({ smdpSigned2: { ccRequiredFlag: true }, hashCc: 'aa', ck: null })).toEqual({
      smdpSigned2: { ccRequiredFlag: true },
      hashCc: '[redacted]',
      ck: null,
    })
  })
})

it('every kind of observation passes through', () => {
  const redact = createRedactor()
  const http = redact({
    kind: 'http',
    from: 'lpa',
    to: 'smdp',
    label: 'x',
    method: 'POST',
    url: 'https://a/?pin=1',
    request: { headers: { Cookie: 'a=b', 'content-type': 'application/json' }, body: '{"pin":"1234"}' },
    response: { status: 200, headers: { 'Content-Type': 'application/json' }, body: '{"puk":"5678"}' },
    took: 1,
    decoded: { request: { pin: '1234' }, response: { deep: { ck: '99' } } },
  })
  expect(JSON.stringify(http)).not.toMatch(/1234|5678|a=b|"99"|pin=1/)
  expect(JSON.stringify(redact({ kind: 'note', part: 'app', text: 't', data: { pin: '1234' } }))).not.toContain('1234')
})
