import { describe, expect, it } from 'vitest'
import { fromHex, toBase64 } from '../../src/asn1/bytes.ts'
import { encode, keep } from '../../src/asn1/schema.ts'
import { EUICCInfo1 } from '../../src/rsp/euicc-info.ts'
import { ES11, toEs11Path } from '../../src/rsp/interfaces/es11.ts'
import { ES12, ES15 } from '../../src/rsp/interfaces/es12.ts'
import type { Json } from '../../src/rsp/json.ts'

const info = keep(EUICCInfo1, {
  svn: Uint8Array.of(2, 2, 2),
  euiccCiPKIdListForVerification: [fromHex('f54172bdf98a95d65cbeb88a38a1c11d800a85c3')],
  euiccCiPKIdListForSigning: [fromHex('f54172bdf98a95d65cbeb88a38a1c11d800a85c3')],
})
const request = { euiccChallenge: toBase64(new Uint8Array(16)), euiccInfo1: toBase64(encode(EUICCInfo1, info.value)) }

describe('ES11 (SGP.22 §5.8)', () => {
  it.each(['smdsAddress', 'smdpAddress'])('ES11 reads the SM-DS address from %s, as LPAs send either', member => {
    const { fromJson, toJson } = ES11.InitiateAuthentication.request
    const read = fromJson({ ...request, [member]: 'smds.example.com' })
    expect(read.smdpAddress).toBe('smds.example.com')
    expect(toJson(read)).toEqual({ ...request, smdpAddress: 'smds.example.com' })
  })

  it.each<[Json]>([[request], [null], [[]], ['text']])('ES11 rejects a request without an address: %j', json => {
    expect(() => ES11.InitiateAuthentication.request.fromJson(json)).toThrow()
  })

  it('ES11 reads zero or more event entries and names the malformed entry', () => {
    const response = ES11.AuthenticateClient.response!
    const transactionId = 'AB'.repeat(16)
    const entry = { eventId: 'E-1', rspServerAddress: 'smdp.example.com' }
    expect(response.fromJson({ transactionId, eventEntries: [entry] }).eventEntries).toEqual([entry])
    expect(response.fromJson({ transactionId, eventEntries: [] }).eventEntries).toEqual([])
    expect(() => response.fromJson({ transactionId, eventEntries: [entry, { eventId: 'E-2' }] })).toThrow(
      'eventEntries[1].rspServerAddress',
    )
    expect(() => response.fromJson({ transactionId, eventEntries: entry })).toThrow('a list is expected')
  })

  it('toEs11Path returns a path that differs from that of ES9+', () => {
    expect(toEs11Path(ES11.AuthenticateClient)).toBe('/gsma/rsp2/es11/authenticateClient')
    expect(toEs11Path(ES11.InitiateAuthentication)).toBe('/gsma/rsp2/es11/initiateAuthentication')
  })
})

describe('ES12 and ES15 (SGP.22 §5.9, §5.10)', () => {
  it.each([
    ['an EID of 31 digits', { eid: '8'.repeat(31) }],
    ['an event id in lower case', { eventId: 'event' }],
    ['an empty event id', { eventId: '' }],
    ['an address with a path', { rspServerAddress: 'smdp.example.com/x' }],
    ['no forwardingIndicator', { forwardingIndicator: null }],
  ])('ES12 and ES15 reject %s', (_, change) => {
    const good = {
      eid: '8'.repeat(32),
      eventId: 'E-1',
      rspServerAddress: 'smdp.example.com',
      forwardingIndicator: true,
    }
    expect(ES12.RegisterEvent.request.fromJson(good)).toEqual(good)
    expect(() => ES15.RegisterEvent.request.fromJson({ ...good, ...change })).toThrow()
  })
})
