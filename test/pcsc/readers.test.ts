import { describe, expect, it } from 'vitest'
import { loadBinding } from '../../src/pcsc/load-binding.ts'
import { chooseReader, type Reader } from '../../src/pcsc/readers.ts'
import { describeScard } from '../../src/pcsc/scard.ts'
import { bindSmartcard } from '../../src/pcsc/smartcard-binding.ts'
import { toTpdu } from '../../src/pcsc/tpdu.ts'
import { bytes, hex } from '../apdu/scripted-channel.ts'

const reader = (name: string, hasCard: boolean): Reader => ({
  name,
  hasCard,
  isMute: false,
  isHeld: false,
  atr: new Uint8Array(0),
})
const TWO = [reader('ACS ACR39U ICC Reader 01 00', true), reader('ACS ACR39U ICC Reader 00 00', false)]

describe('choosing a reader', () => {
  it('passes empty slots over, unless one is named', () => {
    expect(chooseReader(TWO, { reader: 'acr39u' }).name).toBe('ACS ACR39U ICC Reader 01 00')
    expect(chooseReader(TWO, { reader: 'acr39u', slot: 1 }).name).toBe('ACS ACR39U ICC Reader 01 00')
    expect(() => chooseReader(TWO, { reader: 'acr39u', slot: 0 })).toThrow(expect.objectContaining({ code: 'no-card' }))
  })

  it.each([
    [{ reader: 'Omnikey' }, 'no reader is called "Omnikey"; attached: ACS ACR39U ICC Reader 01 00, ACS ACR39U'],
    [{ reader: 'ACS', slot: 2 }, 'slot 2 of the readers called "ACS": only 2 attached, counted from 0'],
  ])('says what is attached where %o is not', (choice, message) => {
    expect(() => chooseReader(TWO, choice)).toThrow(
      expect.objectContaining({ code: 'no-reader', message: expect.stringContaining(message) }),
    )
  })
})

describe('errors of PC/SC', () => {
  const failingWith = (words: string) =>
    bindSmartcard({
      Context: class {
        listReaders() {
          throw new Error(words)
        }
        close() {}
      },
    }).readers()

  // The sentences are those of GetPCSCErrorString in smartcard 3.7.0, the numbers those of pcsclite.h.
  it.each([
    ['PC/SC service not running', 0x8010001d, 'no-service'],
    ['Sharing violation', 0x8010000b, 'reader-busy'],
    ['Card was removed', 0x80100069, 'card-removed'],
    ['Card is unresponsive', 0x80100066, 'card-mute'],
    ['Reader unavailable', 0x80100017, 'reader-gone'],
    ['Protocol mismatch', 0x8010000f, 'no-protocol'],
  ])('%s is number %i, %s', async (words, scard, code) => {
    await expect(failingWith(words)).rejects.toMatchObject({ name: 'PcscError', code, scard })
  })

  it('keeps words that it does not know', async () => {
    await expect(failingWith('Unknown PC/SC error')).rejects.toMatchObject({
      code: 'failed',
      message: 'PC/SC failed: Unknown PC/SC error',
    })
    expect(describeScard(0x80101234)).toMatchObject({ name: '0x80101234', code: 'failed' })
  })

  it('says what to install where neither package loads, and takes the second where the first does not', async () => {
    const missing = () => Promise.reject(new Error('Cannot find package'))
    await expect(loadBinding(undefined, missing)).rejects.toMatchObject({
      code: 'no-binding',
      message: expect.stringContaining('apt install pcscd'),
    })
    const second = (name: string) => (name === 'pcsclite' ? Promise.resolve({ default: () => {} }) : missing())
    expect((await loadBinding(undefined, second)).name).toBe('pcsclite')
    await expect(loadBinding('smartcard', second)).rejects.toMatchObject({ code: 'no-binding' })
  })
})

describe('a command for a T=0 reader', () => {
  it.each([
    ['case 1 gets its fifth byte', '00a40400', '00a4040000'],
    ['case 2 stays', '00c0000010', '00c0000010'],
    ['case 3 stays', '80e2910003010203', '80e2910003010203'],
    ['case 4 leaves its Le away', '00a4040002010200', '00a40400020102'],
  ])('%s', (_name, command, expected) => {
    expect(hex(toTpdu(bytes(command)))).toBe(expected)
  })

  it('refuses extended lengths', () => {
    expect(() => toTpdu(bytes('80e29100000001aa'))).toThrow(expect.objectContaining({ code: 'bad-command' }))
  })
})
