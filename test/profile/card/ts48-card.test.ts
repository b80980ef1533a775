import { beforeEach, describe, expect, it } from 'vitest'
import { concat, equalBytes, fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { generateVector, resynchronize } from '../../../src/profile/aka/auc.ts'
import { joinSqn } from '../../../src/profile/aka/sequence-number.ts'
import { testAlgorithm } from '../../../src/profile/aka/test-algorithm.ts'
import { installProfile, SUPPORTED_SERVICES } from '../../../src/profile/install.ts'
import { decodeProfilePackage } from '../../../src/profile/package.ts'
import { concealIdentity } from '../../../src/profile/suci.ts'
import { readTs48, TS48_NAMES, ts48Missing, ts48Reason } from '../ts48.ts'
import { startTerminal } from './terminal.ts'

const USIM = 'a0000000871002ff49ff0589'
const capabilities = { services: new Set(SUPPORTED_SERVICES), freeMemory: 500_000 }
const insert = (name: string) =>
  startTerminal(installProfile(decodeProfilePackage(readTs48(name)), capabilities).profile!)

describe.skipIf(ts48Missing)(`a card with a TS.48 profile${ts48Reason}`, () => {
  it.each(TS48_NAMES)('%s authenticates with the test algorithm and the K of TS 34.108 §8.2', name => {
    const terminal = insert(name)
    expect(terminal.selectAid(USIM)).toMatch(/^62.*9000$/)
    const algorithm = testAlgorithm(fromHex('000102030405060708090a0b0c0d0e0f'))
    const rand = fromHex('a1b2c3d4e5f60718293a4b5c6d7e8f90')
    const ask = (amf: string) => {
      const vector = generateVector(algorithm, { rand, sqn: joinSqn({ seq: 7, ind: 1 }), amf: fromHex(amf) })
      return { vector, answer: terminal.send(0x88, 0, 0x81, `10${toHex(rand)}10${toHex(vector.autn)}`, 256) }
    }
    const { vector, answer } = ask('8000')
    const [res, ck, ik] = [vector.xres, vector.ck, vector.ik].map(toHex)
    expect(answer).toMatch(new RegExp(`^db10${res}10${ck}10${ik}(08[0-9a-f]{16})?9000$`))

    const resync = ask('ffff').answer
    expect(resync).toMatch(/^dc0e[0-9a-f]{28}9000$/)
    const sqnMs = resynchronize(algorithm, { rand, auts: fromHex(resync.slice(4, -4)) })
    expect(sqnMs && equalBytes(sqnMs, joinSqn({ seq: 7, ind: 1 }))).toBe(true)

    const forged = concat(vector.autn.subarray(0, 15), Uint8Array.of(vector.autn[15]! ^ 1))
    expect(terminal.send(0x88, 0, 0x81, `10${toHex(rand)}10${toHex(forged)}`, 256)).toBe('9862')
  })

  it('AUTHENTICATE fails outside an application, with an invalid length, and in an unknown context', () => {
    const terminal = insert(TS48_NAMES[1])
    expect(terminal.send(0x88, 0, 0x81, `10${'00'.repeat(16)}10${'00'.repeat(16)}`, 256)).toBe('6985')
    terminal.selectAid(USIM)
    expect(terminal.send(0x88, 0, 0x81, `10${'00'.repeat(16)}`, 256)).toBe('6a80')
    expect(terminal.send(0x88, 0, 0x81, '10aabb', 256)).toBe('6700')
    expect(terminal.send(0x88, 0, 0x84, `10${'00'.repeat(16)}`, 256)).toBe('6a86')
  })

  it('GET IDENTITY returns the SUCI with the null-scheme, and with profile A after a key is written', () => {
    const terminal = insert(TS48_NAMES[2])
    expect(terminal.send(0x78, 0, 1, '', 256)).toBe('6985')
    terminal.selectAid(USIM)
    // TS 24.501 §9.11.3.4: SUCI of an IMSI, PLMN 001/01, routing indicator 0, null-scheme, key 0, MSIN 0123456063
    expect(terminal.send(0x78, 0, 1, '', 256)).toBe('a10d' + '0100f110' + 'f0ff' + '0000' + '1032540636' + '9000')
    expect(terminal.send(0x78, 0, 3, '', 256)).toBe('6a86')

    for (const adm of ['3535353535353535', '3636363636363636'])
      terminal.send(0x20, 0, adm.startsWith('35') ? 0x0a : 0x0b, adm)
    terminal.select('7fff5fd04f01')
    const homeNetworkKey = fromHex('5a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a650')
    expect(terminal.send(0xd6, 0, 0, `a0020101a12580011b8120${toHex(homeNetworkKey)}`)).toBe('9000')
    const ephemeralPrivateKey = new Uint8Array(32).fill(0x42)
    const schemeInput = fromHex('1032540636')
    const output = toHex(concealIdentity({ scheme: 'profile-a', homeNetworkKey, ephemeralPrivateKey, schemeInput }))
    expect(terminal.send(0x78, 0, 1, '', 256)).toBe(`a135${'0100f110'}f0ff011b${output}9000`)
    // An invalid key: the card returns no identity instead of an identity in the clear.
    terminal.send(0xd6, 0, 0, 'a0020201')
    expect(terminal.send(0x78, 0, 1, '', 256)).toBe('6985')
  })

  describe('the files of a TS.48 profile', () => {
    let terminal: ReturnType<typeof insert>
    beforeEach(() => {
      terminal = insert(TS48_NAMES[1])
    })

    it('SELECT finds files by FID, path, AID, short identifier and parent', () => {
      expect(terminal.select('3f00')).toMatch(/^622\w*82027821830\w3f00/)
      expect(terminal.select('2fe2')).toMatch(/8202412183022fe2.*8002000a.*9000$/)
      expect(terminal.send(0xb0, 0, 0, '', 10)).toBe('980010325476981032149000')
      expect(terminal.select('7f105f3a')).toMatch(/9000$/)
      expect(terminal.send(0xa4, 0x03, 0x04)).toMatch(/83027f10/)
      expect(terminal.select('2fe2')).toBe('6a82')
      expect(terminal.selectAid('a0000000871002')).toMatch(/840ca0000000871002ff49ff0589/)
      expect(terminal.send(0xb0, 0x80 | 0x07, 0, '', 9)).toBe('0809101010325406369000')
      expect(terminal.select('6f07')).toMatch(/880138/)
      expect(terminal.select('7fff6f07')).toMatch(/9000$/)
      expect(terminal.send(0xf2, 0, 1)).toBe(`840c${USIM}9000`)
      expect(terminal.select('9999')).toBe('6a82')
    })

    it('the FCP contains size, structure, record length and access rule', () => {
      expect(terminal.select('2f00')).toBe(
        '621a' + '82054221002104' + '83022f00' + '8a0105' + '8b032f0602' + '80020084' + '8801f0' + '9000',
      )
    })

    it('READ BINARY reads within the file size', () => {
      terminal.select('2fe2')
      expect(terminal.send(0xb0, 0, 0, '', 256)).toBe('980010325476981032149000')
      expect(terminal.send(0xb0, 0, 8, '', 5)).toBe('6c02')
      expect(terminal.send(0xb0, 0, 10, '', 1)).toBe('6b00')
      expect(terminal.send(0xb2, 1, 4, '', 10)).toBe('6981')
    })

    it('READ RECORD reads absolute, next and previous records and none after the last', () => {
      terminal.select('2f00')
      const first = terminal.send(0xb2, 1, 4, '', 33)
      expect(first).toMatch(/^61144f0ca0000000871002.*9000$/)
      expect(terminal.send(0xb2, 0, 2, '', 33)).toBe(first)
      expect(terminal.send(0xb2, 0, 2, '', 33)).toMatch(/^61144f0ca0000000871004/)
      expect(terminal.send(0xb2, 0, 3, '', 33)).toBe(first)
      expect(terminal.send(0xb2, 0, 3, '', 33)).toBe('6a83')
      expect(terminal.send(0xb2, 5, 4, '', 33)).toBe('6a83')
      expect(terminal.send(0xb2, 1, 4, '', 20)).toBe('6c21')
    })

    it('SEARCH RECORD finds the records that contain the pattern', () => {
      terminal.select('2f00')
      expect(terminal.send(0xa2, 1, 4, 'a0000000871004', 256)).toBe('029000')
      expect(terminal.send(0xa2, 1, 4, 'a000000087', 256)).toBe('01029000')
      expect(terminal.send(0xa2, 1, 4, 'a0000000999999', 256)).toBe('6282')
    })

    it('UPDATE of a file with an ADM condition fails until ADM is verified', () => {
      terminal.selectAid(USIM)
      terminal.select('6f46')
      expect(terminal.send(0xd6, 0, 0, '01')).toBe('6982')
      expect(terminal.send(0x20, 0, 0x0a, '3535353535353534')).toBe('63c9')
      expect(terminal.send(0x20, 0, 0x0a, '3535353535353535')).toBe('9000')
      expect(terminal.send(0xd6, 0, 0, '02')).toBe('9000')
      expect(terminal.send(0xb0, 0, 0, '', 3)).toBe('0247539000')
      expect([...terminal.changes().contents.keys()]).toEqual(['3f00/7fd0/6f46'])
    })

    it('linked files share their content', () => {
      terminal.selectAid(USIM)
      terminal.send(0x20, 0, 0x0a, '3535353535353535')
      terminal.select('6fd0')
      expect(terminal.send(0xd6, 0, 0, 'abcdef')).toBe('9000')
      terminal.selectAid('a0000003431002')
      terminal.select('6f67')
      expect(terminal.send(0xb0, 0, 0, '', 3)).toBe('abcdef9000')
    })
  })
})
