import { describe, expect, it } from 'vitest'
import { fromHex } from '../../../src/asn1/bytes.ts'
import { encode } from '../../../src/asn1/schema.ts'
import { createCardReader } from '../../../src/evidence/decode/card-reader.ts'
import { toDecoded } from '../../../src/evidence/decode/decoded.ts'
import { ES10b } from '../../../src/rsp/interfaces/es10b.ts'
import { ES10c } from '../../../src/rsp/interfaces/es10c.ts'

const OK = Uint8Array.of(0x90, 0x00)
const bytes = (...parts: (string | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? fromHex(part) : part)))
const storeData = (cla: string, p1: string, p2: string, data: Uint8Array): Uint8Array =>
  bytes(cla, 'e2', p1, p2, Uint8Array.of(data.length), data, '00')

describe('what a reader of exchanges makes of them', () => {
  it.each([
    ['SELECT ISD-R [1]', '01a4040010a0000005591010ffffffff890000010000'],
    ['SELECT ADF.USIM', '00a404040ca0000000871002ffffffff8900'],
    ['SELECT AID A000000151', '00a4040005a000000151'],
    ['SELECT EF.IMSI', '00a40004026f07'],
    ['SELECT 6F99', '00a40004026f99'],
    ['MANAGE CHANNEL open', '0070000001'],
    ['MANAGE CHANNEL close 2', '00708002'],
    ['AUTHENTICATE', '0088008100'],
    ['READ BINARY', '00b0000009'],
    ['TERMINAL RESPONSE', '8014000000'],
    ['INS 99', '0099000000'],
  ])('is called %s', (label, command) => {
    expect(createCardReader()(fromHex(command), OK).label).toBe(label)
  })

  it('decodes a function and its answer', () => {
    const read = createCardReader()
    const request = encode(ES10b.GetEUICCChallenge.request, {})
    const answer = encode(ES10b.GetEUICCChallenge.response, { euiccChallenge: new Uint8Array(16).fill(0xab) })
    expect(read(storeData('81', '91', '00', request), bytes(answer, OK))).toEqual({
      label: 'ES10b.GetEUICCChallenge [1]',
      decoded: { request: {}, response: { euiccChallenge: 'ab'.repeat(16) } },
    })
  })

  it('puts together what comes in blocks and goes in parts, and decodes where it is whole', () => {
    const read = createCardReader()
    const request = encode(ES10c.SetNickname.request, {
      iccid: new Uint8Array(10).fill(0x98),
      profileNickname: 'a name that needs more than one block',
    })
    expect(read(storeData('80', '11', '00', request.subarray(0, 20)), OK)).toEqual({
      label: 'ES10c.SetNickname, block 1',
    })
    expect(read(storeData('80', '91', '01', request.subarray(20)), fromHex('6105'))).toEqual({
      label: 'ES10c.SetNickname, block 2',
    })
    const answer = encode(ES10c.SetNickname.response, { setNicknameResult: 'ok' })
    expect(read(fromHex('80c0000005'), bytes(answer.subarray(0, 3), '6103'))).not.toHaveProperty('decoded')
    expect(read(fromHex('80c0000003'), bytes(answer.subarray(3), OK))).toMatchObject({
      label: 'GET RESPONSE ES10c.SetNickname',
      decoded: {
        request: { profileNickname: 'a name that needs more than one block' },
        response: { setNicknameResult: 'ok' },
      },
    })
  })

  it('keeps conversations on two channels apart', () => {
    const read = createCardReader()
    const request = encode(ES10b.GetEUICCChallenge.request, {})
    expect(read(storeData('81', '91', '00', request), fromHex('6110')).label).toContain('[1]')
    expect(read(fromHex('00c0000010'), OK).label).toBe('GET RESPONSE')
  })

  it('takes a part of a bound package for one, and nonsense for nothing', () => {
    const read = createCardReader()
    expect(read(storeData('80', '91', '00', fromHex('8602abcd')), OK).label).toBe('ES10b.LoadBoundProfilePackage')
    expect(read(storeData('80', '91', '00', fromHex('bf2e7f')), OK)).toEqual({ label: 'ES10b.GetEUICCChallenge' })
    expect(read(Uint8Array.of(0xff, 0xa4), undefined).label).toContain('SELECT')
    expect(read(new Uint8Array(0), undefined)).toHaveProperty('label')
    expect(read(fromHex('80e2910000'), OK)).toHaveProperty('label')
  })
})

it('what is decoded is JSON: bytes as hexadecimal, kept values without their bytes, absent members left out', () => {
  expect(
    toDecoded({
      a: Uint8Array.of(1, 255),
      b: { value: { c: ['x', undefined] }, bytes: Uint8Array.of(1) },
      d: undefined,
      e: new Date('2026-11-22T00:00:00Z'),
      f: 12n,
    }),
  ).toEqual({ a: '01ff', b: { c: ['x', null] }, e: '2026-11-22T00:00:00.000Z', f: '12' })
})
