import { describe, expect, it } from 'vitest'
import { type NetworkAccess, registerOnNetwork } from '../../../src/modem/radio/registration.ts'
import { parseImsi } from '../../../src/modem/radio/usim.ts'
import { bytes, hex, scripted } from '../../apdu/scripted-channel.ts'
import { DIR, ICCID, MF, READ, select } from './scripted-usim.ts'

const [RAND, AUTN] = ['11'.repeat(16), '22'.repeat(16)]
const authenticate = (answer: string, rand = RAND) => `0088008122 10${rand}10${AUTN}00 > ${answer}`
const KEYS = `10${'c0'.repeat(16)}10${'d0'.repeat(16)}08${'e0'.repeat(8)}`
const RES = `db08a1a2a3a4a5a6a7a8${KEYS}9000`
const AUTS = `dc0e${'33'.repeat(14)}9000`

const accepted = { accepted: true, registration: 'home', operator: 'Test', plmn: '00101' } as const
const network = (parts: Partial<NetworkAccess> = {}): NetworkAccess & { heard: string[] } => {
  const heard: string[] = []
  return {
    heard,
    challenge: async imsi => {
      heard.push(imsi)
      return { rand: bytes(RAND), autn: bytes(AUTN) }
    },
    answer: async (_imsi, answer) => {
      heard.push('res' in answer ? `res ${hex(answer.res)}` : `auts ${hex(answer.auts)}`)
      return 'res' in answer ? accepted : { challenge: { rand: bytes('44'.repeat(16)), autn: bytes(AUTN) } }
    },
    ...parts,
  }
}

describe('registerOnNetwork', () => {
  it('the USIM is read and authenticated, and CK and IK are not returned', async () => {
    const channel = scripted(...READ, authenticate(RES))
    const access = network()
    const registration = await registerOnNetwork(channel, access)
    expect(registration).toEqual({
      iccid: '8944401201234567892',
      imsi: '001012345678901',
      registration: 'home',
      operator: 'Test',
      plmn: '00101',
      resynchronised: false,
    })
    expect(access.heard).toEqual(['001012345678901', 'res a1a2a3a4a5a6a7a8'])
    expect(channel.left).toBe(0)
  })

  it('the service provider name is returned if the profile has one', async () => {
    const named = [
      ...READ.slice(0, -1),
      select('6f46', '8202412180020011'),
      `00b0000011 > 0154657374${'ff'.repeat(12)}9000`,
    ]
    expect((await registerOnNetwork(scripted(...named, authenticate(RES)), network())).serviceProviderName).toBe('Test')
  })

  it('the USIM is resynchronized once', async () => {
    const channel = scripted(...READ, authenticate(AUTS), authenticate(RES, '44'.repeat(16)))
    const access = network()
    expect(await registerOnNetwork(channel, access)).toMatchObject({ resynchronised: true })
    expect(access.heard[1]).toBe(`auts ${'33'.repeat(14)}`)
  })

  it('a second resynchronization is an error', async () => {
    const channel = scripted(...READ, authenticate(AUTS), authenticate(AUTS, '44'.repeat(16)))
    await expect(registerOnNetwork(channel, network())).rejects.toMatchObject({ code: 'out-of-step', fault: 'network' })
  })

  it.each([
    ['a wrong MAC', [...READ, authenticate('9862')], { code: 'network-not-genuine', fault: 'network', status: 0x9862 }],
    ['no file system', ['00a40004023f0000 > 6a82'], { code: 'no-usim', fault: 'card' }],
    ['no EF.DIR', [MF, ...ICCID, '00a40004022f0000 > 6a82'], { code: 'no-usim', fault: 'card' }],
    [
      'no USIM in EF.DIR',
      [MF, ...ICCID, ...DIR.slice(0, 2), `00b2020420 > ${'ff'.repeat(32)}9000`],
      { code: 'no-usim' },
    ],
    ['a PIN to verify', [...READ.slice(0, -2), '00b0000009 > 6982'], { code: 'pin-required', fault: 'user' }],
    ['a blocked PIN', [...READ.slice(0, -2), '00b0000009 > 6983'], { code: 'pin-blocked', fault: 'user' }],
    ['an IMSI that is none', [...READ.slice(0, -2), `00b0000009 > ${'ff'.repeat(9)}9000`], { code: 'bad-card-data' }],
    [
      'an answer without CK',
      [...READ, authenticate('db08a1a2a3a4a5a6a7a89000')],
      { code: 'bad-card-data', fault: 'card' },
    ],
    ['a RES cut short', [...READ, authenticate(`db09a1a29000`)], { code: 'bad-card-data', fault: 'card' }],
  ])('a card or network error is reported: %s', async (_name, lines, error) => {
    await expect(registerOnNetwork(scripted(...lines), network())).rejects.toMatchObject(error)
  })

  it('a rejection by the network is reported, before and after authentication', async () => {
    const stranger = network({ challenge: async () => ({ refused: 'unknown-subscriber' }) })
    await expect(registerOnNetwork(scripted(...READ), stranger)).rejects.toMatchObject({
      code: 'refused',
      fault: 'network',
      reason: 'unknown-subscriber',
    })
    const strict = network({ answer: async () => ({ refused: 'wrong-response' }) })
    await expect(registerOnNetwork(scripted(...READ, authenticate(RES)), strict)).rejects.toMatchObject({
      code: 'refused',
      reason: 'wrong-response',
    })
  })

  it('a network that does not authenticate, or repeats the challenge, is rejected', async () => {
    const lax = network({ answer: async () => accepted })
    await expect(registerOnNetwork(scripted(...READ, authenticate(AUTS)), lax)).rejects.toMatchObject({
      code: 'bad-network-data',
    })
    const again = network({ answer: async () => ({ challenge: { rand: bytes(RAND), autn: bytes(AUTN) } }) })
    await expect(registerOnNetwork(scripted(...READ, authenticate(RES)), again)).rejects.toMatchObject({
      code: 'bad-network-data',
    })
    const short = network({ challenge: async () => ({ rand: bytes('11'), autn: bytes(AUTN) }) })
    await expect(registerOnNetwork(scripted(...READ), short)).rejects.toMatchObject({ code: 'bad-network-data' })
  })
})

describe('EF.IMSI (TS 31.102 §4.2.2)', () => {
  it.each([
    ['080910103254769810', '001012345678901'],
    ['08 09 10 10 10 32 54 76 98', '001010123456789'],
    ['07 01 10 10 32 54 76 98 ff', undefined],
    ['08 01 10 10 32 54 76 98 10', undefined],
    ['09 09 10 10 32 54 76 98 10', undefined],
    ['08 01 10 10 32 54 76 98 f1', '00101234567891'],
  ])('%s', (wire, imsi) => {
    if (imsi === undefined)
      expect(() => parseImsi(bytes(wire))).toThrow(expect.objectContaining({ code: 'bad-card-data' }))
    else expect(parseImsi(bytes(wire))).toBe(imsi)
  })
})
