import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { generateVector } from '../../../src/profile/aka/auc.ts'
import { joinSqn } from '../../../src/profile/aka/sequence-number.ts'
import { buildProfilePackage } from '../../../src/profile/build.ts'
import type { ElementKind, ElementValue } from '../../../src/profile/elements/profile-element.ts'
import { installProfile, SUPPORTED_SERVICES } from '../../../src/profile/install.ts'
import { createElement } from '../../../src/profile/package.ts'
import { getProfileSubscriber } from '../../../src/profile/subscriber.ts'
import { startTerminal } from './terminal.ts'

const USIM = 'a0000000871002ffffffff8907090000'
const ISIM = 'a0000000871004ffffffff8907090000'
const built = buildProfilePackage({
  iccid: '89999011234567890123',
  imsi: '999010000000123',
  algorithm: { name: 'milenage', k: new Uint8Array(16).fill(1), opc: new Uint8Array(16).fill(2) },
  serviceProviderName: 'Example Mobile',
  pin1: '1234',
  random: length => new Uint8Array(length),
})
const element = <K extends ElementKind>(kind: K, value: unknown) => createElement(kind, value as ElementValue<K>)
const content = (hex: string, size?: string) => [
  ...(size === undefined ? [] : [{ fileDescriptor: { efFileSize: fromHex(size) } }]),
  { fillFileContent: fromHex(hex) },
]
/** An ISIM that uses the authentication and PIN2 of the USIM (SAIP §8.4.1 `filePath`, §8.5 `mappingParameter`). */
const isim = [
  element('isim', {
    'isim-header': { identification: 50 },
    templateID: '2.23.143.1.2.8',
    'adf-isim': [
      { fileDescriptor: { fileID: fromHex('7fb0'), dfName: fromHex(ISIM), pinStatusTemplateDO: fromHex('01810a') } },
    ],
    'ef-impi': content('8000', '20'),
    'ef-impu': [{ fileDescriptor: { fileDescriptor: fromHex('42210010'), efFileSize: fromHex('10') } }],
    'ef-domain': content('8000', '10'),
    'ef-ist': content('00'),
    'ef-arr': [
      { fileDescriptor: { fileDescriptor: fromHex('42210008'), efFileSize: fromHex('10') } },
      { fillFileContent: fromHex('8001019000ffffff8001019000ffffff') },
    ],
  }),
  element('pinCodes', { 'pin-Header': { identification: 51 }, pinCodes: { filePath: fromHex('7fd0') } }),
  element('akaParameter', {
    'aka-header': { identification: 52 },
    algoConfiguration: { mappingParameter: { mappingOptions: fromHex('00'), mappingSource: fromHex(USIM) } },
  }),
]
const pkg = { elements: built.elements.toSpliced(-1, 0, ...isim) }
const profile = installProfile(pkg, { services: new Set(SUPPORTED_SERVICES), freeMemory: 100_000 }).profile!

describe('an ISIM beside a USIM', () => {
  it('an ISIM authenticates with the key and the sequence numbers of the USIM', () => {
    const { algorithm } = getProfileSubscriber(pkg)
    const terminal = startTerminal(profile)
    terminal.send(0x20, 0, 1, '31323334ffffffff')
    const ask = (seq: number) => {
      const { rand, autn } = generateVector(algorithm, { rand: new Uint8Array(16), sqn: joinSqn({ seq, ind: 4 }) })
      return terminal.send(0x88, 0, 0x81, `10${toHex(rand)}10${toHex(autn)}`, 256)
    }
    terminal.selectAid(ISIM)
    // RES, CK and IK without Kc: an ISIM has no GSM access (TS 31.103 §7.1).
    expect(ask(5)).toMatch(/^db08.{16}10.{32}10.{32}9000$/)
    terminal.selectAid(USIM)
    expect(ask(5)).toMatch(/^dc0e/)
    expect(ask(6)).toMatch(/^db08.{16}10.{32}10.{32}08.{16}9000$/)
    expect(terminal.send(0x88, 0, 0x80, `10${'00'.repeat(16)}`, 256)).toMatch(/^04/)
    terminal.selectAid(ISIM)
    expect(terminal.send(0x88, 0, 0x80, `10${'00'.repeat(16)}`, 256)).toBe('9864')
  })

  it('an ISIM shares the PIN of the USIM that it references', () => {
    const terminal = startTerminal(profile)
    terminal.selectAid(USIM)
    expect(terminal.send(0x20, 0, 0x81, '39393939ffffffff')).toBe('63c2')
    terminal.selectAid(ISIM)
    expect(terminal.send(0x20, 0, 0x81)).toBe('63c2')
  })

  it('SELECT finds the ISIM after the USIM by a partial AID', () => {
    const terminal = startTerminal(profile)
    expect(terminal.selectAid('a000000087')).toContain(USIM)
    expect(terminal.send(0xa4, 4, 0x06, 'a000000087')).toContain(ISIM)
    expect(terminal.send(0xa4, 4, 0x06, 'a000000087')).toBe('6a82')
    expect(terminal.send(0xa4, 4, 0x07, 'a000000087')).toContain(USIM)
    expect(terminal.send(0xa4, 4, 0x05, 'a000000087')).toContain(ISIM)
    expect(terminal.send(0xa4, 4, 0x04, 'a0000000871003')).toBe('6a82')
  })
})
