import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes, fromHex, toHex } from '../../src/asn1/bytes.ts'
import { generateVector } from '../../src/profile/aka/auc.ts'
import { buildProfilePackage, type ProfileAlgorithm, type ProfileParameters } from '../../src/profile/build.ts'
import { luhnDigit } from '../../src/profile/digits.ts'
import { ProfileError } from '../../src/profile/error.ts'
import { installProfile, SUPPORTED_SERVICES } from '../../src/profile/install.ts'
import { decodeProfilePackage, encodeProfilePackage } from '../../src/profile/package.ts'
import { getProfileSubscriber } from '../../src/profile/subscriber.ts'
import { startTerminal } from './card/terminal.ts'

const capabilities = { services: new Set(SUPPORTED_SERVICES), freeMemory: 100_000 }
const milenage: ProfileAlgorithm = {
  name: 'milenage',
  k: fromHex('465b5ce8b199b49faa5f0a2ee238a6bc'),
  opc: fromHex('cd63cb71954a9f4e48a5994e37a02baf'),
}
const parameters: ProfileParameters = {
  iccid: '89999011234567890123',
  imsi: '999010000000123',
  algorithm: milenage,
  serviceProviderName: 'Example Mobile',
  msisdn: '+99901555123',
  serviceCenter: '+99901000001',
  random: length => new Uint8Array(length).fill(0x5a),
}
const install = (given: ProfileParameters) => installProfile(buildProfilePackage(given), capabilities)

describe('buildProfilePackage', () => {
  it('buildProfilePackage returns a package that decodes to itself', () => {
    const pkg = buildProfilePackage(parameters)
    const bytes = encodeProfilePackage(pkg)
    const again = decodeProfilePackage(bytes)
    expect(again.elements.map(({ kind, offset }) => [kind, offset])).toEqual(
      pkg.elements.map(({ kind, offset }) => [kind, offset]),
    )
    expect(toHex(encodeProfilePackage(again))).toBe(toHex(bytes))
  })

  it('buildProfilePackage returns a profile that a card with only the required services installs', () => {
    const outcome = installProfile(buildProfilePackage(parameters), {
      services: new Set(['usim', 'milenage']),
      freeMemory: 20_000,
    })
    expect(outcome).not.toHaveProperty('reason')
    expect(outcome.response).toEqual({ peStatus: [{ status: 'ok' }] })
  })

  it('buildProfilePackage returns a profile from which the operator data can be read', () => {
    const subscriber = getProfileSubscriber(buildProfilePackage(parameters))
    expect(subscriber).toMatchObject({
      iccid: parameters.iccid,
      imsi: parameters.imsi,
      mcc: '999',
      mnc: '01',
      serviceProviderName: 'Example Mobile',
      msisdn: '+99901555123',
    })
    expect(toHex(subscriber.algorithm.f2(fromHex('23553cbe9637a89d218ae64dae47bf35')))).toBe('a54211d5e3ba50bf')
  })

  const tuak128: ProfileAlgorithm = { name: 'tuak', k: new Uint8Array(16).fill(3), topc: new Uint8Array(32).fill(4) }
  const tuak256: ProfileAlgorithm = { ...tuak128, k: new Uint8Array(32).fill(3), numberOfKeccak: 2 }
  const test: ProfileAlgorithm = { name: 'usim-test-algorithm', k: new Uint8Array(16).fill(9) }
  it.each([
    ['Milenage', milenage],
    ['TUAK', tuak128],
    ['TUAK, 256-bit key, 2 Keccaks', tuak256],
    ['the test algorithm', test],
  ])('buildProfilePackage returns a profile that authenticates with %s', (_name, algorithm) => {
    const given = { ...parameters, algorithm }
    const { algorithm: auc, sqn } = getProfileSubscriber(buildProfilePackage(given))
    expect(toHex(sqn)).toBe('000000000000')
    const terminal = startTerminal(install(given).profile!)
    expect(terminal.selectAid('a0000000871002')).toMatch(/9000$/)
    const vector = generateVector(auc, { rand: new Uint8Array(16).fill(0xa5), sqn: fromHex('000000000021') })
    const answer = terminal.send(0x88, 0, 0x81, `10${toHex(vector.rand)}10${toHex(vector.autn)}`, 256)
    const res = toHex(vector.xres)
    expect(answer).toMatch(new RegExp(`^db${(res.length / 2).toString(16).padStart(2, '0')}${res}10.*9000$`))
  })

  it('buildProfilePackage returns a profile whose attach files are readable without a PIN', () => {
    const terminal = startTerminal(install(parameters).profile!)
    terminal.select('2fe2')
    expect(terminal.send(0xb0, 0, 0, '', 10)).toBe('989909113254769810329000')
    terminal.selectAid('a0000000871002')
    terminal.select('6f07')
    expect(terminal.send(0xb0, 0, 0, '', 9)).toBe('0899991000000010329000')
    terminal.select('6f62')
    expect(terminal.send(0xb0, 0, 0, '', 5)).toBe('99f91008009000')
    terminal.select('6fad')
    expect(terminal.send(0xb0, 0, 0, '', 4)).toBe('000000029000')
    terminal.select('6f78')
    expect(terminal.send(0xb0, 0, 0, '', 2)).toBe('00089000')
    terminal.select('6f46')
    expect(terminal.send(0xb0, 0, 0, '', 17)).toBe(`00${toHex(new TextEncoder().encode('Example Mobile'))}ffff9000`)
    expect(terminal.send(0xd6, 0, 0, '01')).toBe('6982')
    terminal.select('7fff5fc04f01')
    expect(terminal.send(0xb0, 0, 0, '', 20)).toMatch(/^f{32}000000019000$/)
    expect(terminal.send(0xd6, 0, 0, '01')).toBe('9000')
  })

  it('buildProfilePackage returns a profile that requires PIN1 if the operator sets one', () => {
    const terminal = startTerminal(install({ ...parameters, pin1: '1234' }).profile!)
    terminal.selectAid('a0000000871002')
    terminal.select('6f07')
    expect(terminal.send(0xb0, 0, 0, '', 9)).toBe('6982')
    expect(terminal.send(0x20, 0, 1, '31323334ffffffff')).toBe('9000')
    expect(terminal.send(0xb0, 0, 0, '', 9)).toMatch(/9000$/)
  })

  it.each<[string, Partial<ProfileParameters>]>([
    ['an ICCID with a wrong Luhn digit', { iccid: '89999011234567890124' }],
    ['an IMSI of 16 digits', { imsi: '9990100000001234' }],
    ['a key of 15 bytes', { algorithm: { ...milenage, k: new Uint8Array(15) } }],
    ['a PIN of three digits', { pin1: '123' }],
    ['a name that does not fit', { serviceProviderName: 'a name that is far too long' }],
  ])('buildProfilePackage rejects %s', (_name, wrong) => {
    expect(() => buildProfilePackage({ ...parameters, ...wrong })).toThrow(ProfileError)
  })

  it('buildProfilePackage accepts any valid subscriber', () => {
    const digits = (minLength: number, maxLength: number) =>
      fc.stringMatching(new RegExp(`^[0-9]{${minLength},${maxLength}}$`))
    const key = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(
        digits(15, 17),
        digits(6, 15),
        key,
        key,
        fc.constantFrom(2, 3),
        digits(5, 15),
        (tail, imsi, k, opc, mncLength, number) => {
          const body = `89${tail}`
          const iccid = body + luhnDigit(body)
          const given = {
            ...parameters,
            iccid,
            imsi,
            mncLength,
            msisdn: number,
            algorithm: { name: 'milenage', k, opc },
          } as const
          const pkg = decodeProfilePackage(encodeProfilePackage(buildProfilePackage(given)))
          const subscriber = getProfileSubscriber(pkg)
          expect(subscriber).toMatchObject({ iccid, imsi, msisdn: number, mnc: imsi.slice(3, 3 + mncLength) })
          expect(equalBytes(subscriber.algorithm.f3(k), subscriber.algorithm.f3(k))).toBe(true)
        },
      ),
      { seed: 23, numRuns: 60 },
    )
  })
})
