import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/asn1/bytes.ts'
import { ES2p } from '../../src/rsp/interfaces/es2p.ts'
import { ES9p } from '../../src/rsp/interfaces/es9p.ts'
import { ResponseHeader } from '../../src/rsp/interfaces/http-function.ts'
import { type Json, JsonError } from '../../src/rsp/json.ts'

const faultOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof JsonError) return `${error.code} ${error.member}`
    throw error
  }
  return 'accepted'
}
const euiccInfo1 = 'vyAPggMCAgKpBAQCAQKqBAQCAQI='

describe('the JSON binding', () => {
  const request = ES9p.InitiateAuthentication.request
  const good = {
    euiccChallenge: 'AAECAwQFBgcICQoLDA0ODw==',
    euiccInfo1: 'vyARggMCAgKpBAQCAQKqBAQCAQI=',
    smdpAddress: 'smdp.example.com',
  }
  it('the JSON binding reads what it writes', () => {
    const json = {
      ...good,
      euiccInfo1: Buffer.from(fromHex('bf2011 8203020202 a90404020102 aa0404020102')).toString('base64'),
    }
    const value = request.fromJson(json)
    expect(toHex(value.euiccInfo1.value.svn)).toBe('020202')
    expect(request.toJson(value)).toEqual(json)
    expect(
      request.fromJson({ ...json, euiccChallenge: 'AAEC AwQF\r\nBgcICQoLDA0ODw==', more: 1 }).euiccChallenge,
    ).toHaveLength(16)
  })
  it.each<[string, Json, string]>([
    ['no object', [], 'malformed (body)'],
    ['null', null, 'malformed (body)'],
    ['a member absent', { ...good, smdpAddress: null }, 'missing smdpAddress'],
    ['a number for a string', { ...good, euiccChallenge: 7 }, 'malformed euiccChallenge'],
    ['no base64', { ...good, euiccChallenge: '%%%' }, 'malformed euiccChallenge'],
    ['a challenge of 15 bytes', { ...good, euiccChallenge: 'AAECAwQFBgcICQoLDA0O' }, 'malformed euiccChallenge'],
    ['a message whose length lies', { ...good, euiccInfo1 }, 'malformed euiccInfo1'],
    ['a member inherited from Object', { ...good, smdpAddress: null, constructor: 'x' }, 'missing smdpAddress'],
  ])('the JSON binding rejects %s', (_name, json, fault) => {
    expect(faultOf(() => request.fromJson(json))).toBe(fault)
  })
  it('transactionId writes upper case and reads either case', () => {
    const message = ES9p.CancelSession.request
    expect(faultOf(() => message.fromJson({ transactionId: 'xyz', cancelSessionResponse: '' }))).toBe(
      'malformed transactionId',
    )
    const response = {
      transactionId: 'ab0c',
      cancelSessionResponse: Buffer.from(fromHex('bf4103810105')).toString('base64'),
    }
    expect(message.toJson(message.fromJson(response))).toMatchObject({ transactionId: 'AB0C' })
  })
  it('JsonError contains the path of a nested member', () => {
    expect(faultOf(() => ResponseHeader.fromJson({ header: { functionExecutionStatus: { status: 'Perhaps' } } }))).toBe(
      'malformed header.functionExecutionStatus.status',
    )
    expect(faultOf(() => ResponseHeader.fromJson({}))).toBe('missing header')
  })
  it('the members of ES2+ have patterns', () => {
    expect(faultOf(() => ES2p.ReleaseProfile.request.fromJson({ iccid: '89' }))).toBe('malformed iccid')
    expect(ES2p.DownloadOrder.request.fromJson({ iccid: '8988247000101867183F', profileType: 'T' })).toEqual({
      iccid: '8988247000101867183F',
      profileType: 'T',
    })
  })
})
