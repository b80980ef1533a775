import { describe, expect, it } from 'vitest'
import { belongsTo, composeLaunch, type LaunchInput } from '../../src/app/launch.ts'
import { DEVICE } from './operator-fixture.ts'

const provider = {
  id: 'northwind',
  brandName: 'Northwind Mobile',
  portalUri: 'https://portal.northwind.example/mobile',
  notificationUri: 'https://calls.northwind.example/x',
  iccidRanges: [{ start: '8988247000101867100', end: '8988247000103824899' }],
}
const compose = (change: Partial<LaunchInput> = {}) => {
  const launch = composeLaunch({
    provider,
    device: DEVICE,
    country: 'DE',
    profiles: [],
    failures: [],
    transactionId: 'waoigFfX00yGH3Vb/+.1',
    ...change,
  })
  return { ...launch, query: new URL(launch.url).searchParams }
}

describe('composeLaunch', () => {
  it('PRT-003 A launch without a profile of the operator has no iccids, and an eSIM device sends no iccid', () => {
    const { query } = compose()
    expect([...query.keys()].sort()).toEqual(['eid', 'imei', 'location', 'market', 'transactionId'])
  })
  it.each([
    ['PRT-004 one', ['8988247000101867183'], '8988247000101867183'],
    ['PRT-005 two', ['8988247000101867183', '8988247000103824828'], '8988247000101867183,8988247000103824828'],
    ['PRT-006 only foreign', ['8949000000000000015'], null],
    ['PRT-007 mixed', ['8949000000000000015', '8988247000103824828'], '8988247000103824828'],
    ['PRT-009 with the filler', ['8988247000101867183F'], '8988247000101867183'],
    ['PRT-010 of 20 digits', ['89882470001018671839'], '89882470001018671839'],
  ])('%s', (_what, profiles, iccids) => {
    expect(compose({ profiles }).query.get('iccids')).toBe(iccids)
  })
  it('PRT-012 The encoded transaction id decodes to itself', () => {
    const { url, query } = compose()
    expect(url).toContain('transactionId=waoigFfX00yGH3Vb%2F%2B.1')
    expect(query.get('transactionId')).toBe('waoigFfX00yGH3Vb/+.1')
  })
  it('PRT-014, PRT-016 A launch sends location, market and language', () => {
    const { query, headers } = compose({ device: { ...DEVICE, market: 'us' } })
    expect([query.get('location'), query.get('market')]).toEqual(['DE', 'US'])
    expect(headers).toEqual({ 'Accept-Language': 'en-us' })
  })
  it('A launch uses the path of the portal and the bridge host of the notification URI', () => {
    expect(compose().url).toMatch(/^https:\/\/portal\.northwind\.example\/mobile\?/)
    expect(compose().bridgeHost).toBe('calls.northwind.example')
  })
  it('belongsTo compares ICCID ranges inclusively and without the check digit', () => {
    expect(belongsTo(provider, '8988247000101867109')).toBe(true)
    expect(belongsTo(provider, '8988247000103824899')).toBe(true)
    expect(belongsTo(provider, '8988247000103824900')).toBe(false)
    expect(belongsTo(provider, '8988247000101867099')).toBe(false)
  })
})

describe('headers after failed downloads (reference §3.2)', () => {
  const first = {
    status: 'ServerFailure',
    at: new Date('2018-05-18T23:17:23Z'),
    iccid: '8988247000101867183F',
  } as const
  const second = { status: 'ServerNotReachable', at: new Date('2018-05-19T00:07:03Z') } as const

  it('ERR-001..ERR-007 The headers contain codes, times in the form of the contract, and one ICCID', () => {
    expect(compose({ failures: [first, second] }).headers).toMatchObject({
      'X-MP-LPAError-Codes': 'ServerFailure,ServerNotReachable',
      'X-MP-LPAError-TimeStamps': '5/18/2018 11:17:23 PM,5/19/2018 12:07:03 AM',
      'X-MP-LPAError-ICCIDs': '8988247000101867183',
    })
  })
  it('ERR-010 The headers contain no ICCID if none is known', () => {
    expect(compose({ failures: [second] }).headers).not.toHaveProperty('X-MP-LPAError-ICCIDs')
  })
})
