import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/asn1/bytes.ts'
import { UNKNOWN } from '../../src/asn1/constructed.ts'
import { decode, encode } from '../../src/asn1/schema.ts'
import { EUICCInfo2 } from '../../src/rsp/euicc-info.ts'
import { iccidFromDigits } from '../../src/rsp/identifiers.ts'
import { ES10a } from '../../src/rsp/interfaces/es10a.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { ES10c } from '../../src/rsp/interfaces/es10c.ts'

const iccid = iccidFromDigits('8988247000101867183')

/**
 * Messages of a real card from the documentation of Microsoft (MicrosoftDocs/windows-driver-docs,
 * network/mb-esim-operations.md, sample log of "enable profile"), with synthetic identities.
 */
describe('messages of a real card', () => {
  it('ES10c.EnableProfile by ICCID with refreshFlag', () => {
    const request = encode(ES10c.EnableProfile.request, { profileIdentifier: { iccid }, refreshFlag: true })
    expect(toHex(request)).toBe(`bf3111a00c5a0a${toHex(iccid)}8101ff`)
    expect(decode(ES10c.EnableProfile.response, fromHex('bf3103800100'))).toEqual({ enableResult: 'ok' })
  })
  it('ES10c.GetProfilesInfo with a tag list', () => {
    const request = encode(ES10c.GetProfilesInfo.request, { tagList: fromHex('5a4f9f7090919293949599') })
    expect(toHex(request)).toBe('bf2d0d5c0b5a4f9f7090919293949599')
  })
  it('ES10c.GetEID', () => {
    expect(toHex(encode(ES10c.GetEID.request, { tagList: fromHex('5a') }))).toBe('bf3e035c015a')
    const response = decode(ES10c.GetEID.response, fromHex('bf3e125a1089049032123451234512345678901235'))
    expect(toHex(response.eidValue)).toBe('89049032123451234512345678901235')
  })
  it('ES10a.GetEuiccConfiguredAddresses with a root SM-DS only', () => {
    expect(toHex(encode(ES10a.GetEuiccConfiguredAddresses.request, {}))).toBe('bf3c00')
    expect(
      decode(ES10a.GetEuiccConfiguredAddresses.response, fromHex('bf3c11810f6c70612e64732e67736d612e636f6d')),
    ).toEqual({
      rootDsAddress: 'lpa.ds.gsma.com',
    })
  })
  it('ES10b.RemoveNotificationFromList and an empty list', () => {
    expect(toHex(encode(ES10b.RemoveNotificationFromList.request, { seqNumber: 0x35 }))).toBe('bf3003800135')
    expect(decode(ES10b.RemoveNotificationFromList.response, fromHex('bf3003800100'))).toEqual({
      deleteNotificationStatus: 'ok',
    })
    expect(toHex(encode(ES10b.RetrieveNotificationsList.request, {}))).toBe('bf2b00')
    expect(decode(ES10b.RetrieveNotificationsList.response, fromHex('bf2b02a000'))).toEqual({ notificationList: [] })
  })
  it('sequence number 0 of a notification is valid', () => {
    expect(toHex(encode(ES10b.RetrieveNotificationsList.request, { searchCriteria: { seqNumber: 0 } }))).toBe(
      'bf2b05a003800100',
    )
  })
})

describe('choices under AUTOMATIC TAGS', () => {
  it('ES10c.DeleteProfile wraps only the identifier', () => {
    expect(toHex(encode(ES10c.DeleteProfile.request, { iccid }))).toBe(`bf330c5a0a${toHex(iccid)}`)
    expect(decode(ES10c.DeleteProfile.response, fromHex('bf330380017f'))).toEqual({ deleteResult: 'undefinedError' })
  })
  it('decode retains an error value of a later version', () => {
    expect(decode(ES10c.DeleteProfile.response, fromHex('bf330380010a'))).toEqual({ deleteResult: 10 })
  })
})

describe('the additions of version 3', () => {
  const base =
    'bf22 58 8103020301 8203020500 8303010203 840d810100820400080000830200ff 8503017f36 8603090200 8703020300 880203f8 a90404020102 aa0404020102 990206c0 0403010000 0c0548492d3031'
  const content = fromHex(base.slice(8))
  const later = fromHex('b003800101')
  const bytes = new Uint8Array([0xbf, 0x22, content.length + later.length, ...content, ...later])
  it('decode retains additions of version 3 in the raw bytes and as unknown elements', () => {
    const info = decode(EUICCInfo2, bytes)
    expect(info.rspCapability).toEqual([
      'additionalProfile',
      'crlSupport',
      'rpmSupport',
      'testProfileSupport',
      'deviceInfoExtensibilitySupport',
    ])
    expect(info[UNKNOWN]?.map(toHex)).toEqual(['b003800101'])
    expect(toHex(decode(ES10b.GetEUICCInfo2.response, bytes).bytes)).toBe(toHex(bytes))
    expect(toHex(encode(EUICCInfo2, info))).toBe(toHex(bytes))
  })
})

describe('each row of ES10', () => {
  const rows = [...Object.values(ES10a), ...Object.values(ES10b), ...Object.values(ES10c)]
  it('a row contains its interface, clause and name', () => {
    expect(rows.map(row => row.name)).toHaveLength(new Set(rows.map(row => row.name)).size)
    for (const row of rows) expect(row.clause).toMatch(/^5\.7\.\d+$/)
    for (const [table, entries] of Object.entries({ ES10a, ES10b, ES10c }))
      for (const [name, row] of Object.entries(entries)) expect(row).toMatchObject({ interface: table, name })
  })
})
