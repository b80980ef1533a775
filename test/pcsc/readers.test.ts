import { describe, expect, it } from 'vitest'
import { loadBinding } from '../../src/pcsc/load-binding.ts'
import { findReaders, type Reader, type ReaderChoice, toReader } from '../../src/pcsc/readers.ts'
import { describeScard } from '../../src/pcsc/scard.ts'
import { bindSmartcard } from '../../src/pcsc/smartcard-binding.ts'
import { bytes } from '../apdu/scripted-channel.ts'

const reader = (name: string, hasCard: boolean, more: Partial<Reader> = {}): Reader => ({
  name,
  hasCard,
  isMute: false,
  isHeld: false,
  atr: new Uint8Array(0),
  ...more,
})
const ATR = bytes('3b9f96803fc7828031e073fe211f6745534265')
const FIRST = reader('ACS ACR39U ICC Reader 00 00', false)
const SECOND = reader('ACS ACR39U ICC Reader 01 00', true, { atr: ATR })
const MUTE = reader('Cherry KC 1000 SC 00 00', true, { isMute: true })
const ALL = [MUTE, SECOND, FIRST]
const namesOf = (choice: ReaderChoice) => findReaders(ALL, choice).candidates.map(({ name }) => name)

describe('toReader', () => {
  // SCARD_STATE_* of pcsclite.h.
  it.each([
    ['empty', 0x10, { hasCard: false, isMute: false, isHeld: false }],
    ['present', 0x20, { hasCard: true, isMute: false, isHeld: false }],
    ['present and exclusive', 0xa0, { hasCard: true, isMute: false, isHeld: true }],
    ['present and mute', 0x220, { hasCard: true, isMute: true, isHeld: false }],
  ])('toReader returns %s', (_name, state, expected) => {
    expect(toReader({ name: 'R', state, atr: ATR })).toMatchObject(expected)
  })
})

describe('findReaders', () => {
  it.each<[string, ReaderChoice]>([
    ['part of the name, in either case', { reader: 'acr39u' }],
    ['a pattern', { reader: 'ACS*Reader' }],
    ['its place among several', { reader: 'ACR39U', slot: 1 }],
    ['the ATR with wildcards', { atr: '3B9F 9680 3FC7 82?? 31e073fe211f67455342??' }],
    ['the whole ATR and the name', { reader: '*', atr: Buffer.from(ATR).toString('hex') }],
    ['nothing but that there is a card', {}],
  ])('by %s', (_name, choice) => {
    expect(namesOf(choice)).toEqual([SECOND.name])
  })

  it('findReaders skips empty slots and mute cards and gives the reason', () => {
    expect(findReaders(ALL, {}).skipped).toEqual([
      { reader: FIRST.name, reason: 'it has no card' },
      { reader: MUTE.name, reason: expect.stringContaining('does not answer to reset') },
    ])
  })

  it.each<[ReaderChoice, string, string]>([
    [{ reader: 'Omnikey' }, 'no-reader', 'no reader is named "Omnikey"; attached: ACS ACR39U ICC Reader 00 00, ACS'],
    // Only the asterisk is special.
    [{ reader: 'ACS.ACR39U' }, 'no-reader', 'no reader is named "ACS.ACR39U"'],
    [
      { reader: 'ACS', slot: 2 },
      'no-reader',
      'slot 2 of the readers named "ACS" does not exist: 2 attached, counted from 0',
    ],
    [{ reader: 'ACS', slot: 0 }, 'no-card', 'Reader 00 00: it has no card; insert a card, then run again'],
    [{ reader: 'Cherry' }, 'card-mute', 'Cherry KC 1000 SC 00 00: its card does not answer to reset'],
    [{ atr: '3b00' }, 'wrong-card', 'its card has another ATR (3b9f96803fc782'],
    [{ reader: 'ACS', atr: '3b00' }, 'wrong-card', 'its card has another ATR (3b9f96803fc782'],
    // A prefix of the ATR does not match.
    [{ reader: 'ACS', atr: '3b9f' }, 'wrong-card', 'another ATR'],
  ])('findReaders lists the attached readers when %o matches none', (choice, code, message) => {
    expect(() => findReaders(ALL, choice)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })

  it('findReaders reports that no reader is attached', () => {
    expect(() => findReaders([], { reader: 'ACS' })).toThrow('no reader is attached; attach one')
  })
})

describe('the smartcard and pcsclite bindings', () => {
  const failingWith = (words: string) =>
    bindSmartcard({
      Context: class {
        listReaders() {
          throw new Error(words)
        }
        close() {}
      },
    }).readers()

  // The texts are from GetPCSCErrorString in smartcard 3.7.0, the numbers from pcsclite.h.
  it.each([
    ['PC/SC service not running', 0x8010001d, 'no-service'],
    ['Sharing violation', 0x8010000b, 'reader-busy'],
    ['Card was removed', 0x80100069, 'card-removed'],
    ['Card is unresponsive', 0x80100066, 'card-mute'],
    ['Reader unavailable', 0x80100017, 'reader-gone'],
    ['Protocol mismatch', 0x8010000f, 'no-protocol'],
  ])('the text "%s" maps to number %i, %s', async (words, scard, code) => {
    await expect(failingWith(words)).rejects.toMatchObject({ name: 'PcscError', code, scard })
  })

  it('an unknown text is passed on', async () => {
    await expect(failingWith('Unknown PC/SC error')).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('PC/SC failed: Unknown PC/SC error; set `binding: pcsclite`'),
    })
    expect(describeScard(0x80101234)).toMatchObject({ name: '0x80101234', code: 'failed' })
  })

  it('loadBinding names the missing package, and uses the second one if the first does not load', async () => {
    const missing = () => Promise.reject(new Error('Cannot find package'))
    await expect(loadBinding(undefined, missing)).rejects.toMatchObject({
      code: 'no-binding',
      message: expect.stringContaining('apt install pcscd'),
    })
    const second = (name: string) => (name === 'pcsclite' ? Promise.resolve({ default: () => {} }) : missing())
    expect(await loadBinding(undefined, second)).toMatchObject({
      name: 'pcsclite',
      instead: 'the npm package smartcard does not load; pcsclite is used instead',
    })
    expect(await loadBinding('pcsclite', second)).not.toHaveProperty('instead')
    await expect(loadBinding('smartcard', second)).rejects.toMatchObject({ code: 'no-binding' })
  })
})
