import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { pcscError, toApduError } from '../../src/pcsc/errors.ts'
import { describeScard } from '../../src/pcsc/scard.ts'

const HEADER = '/usr/include/PCSC/pcsclite.h'
const noHeader = existsSync(HEADER) ? '' : ` (skipped: no ${HEADER}; apt install libpcsclite-dev)`

/** Two names for one number in pcsclite.h; the text contains the other one. */
const SECOND_NAME = 'SCARD_E_UNEXPECTED'

describe('PC/SC errors', () => {
  it.skipIf(noHeader)(`the table contains each name of pcsclite.h with a suggestion${noHeader}`, () => {
    const header = readFileSync(HEADER, 'latin1')
    const defined = [...header.matchAll(/^#define (SCARD_[FEWP]_\w+)\s+\(\(LONG\)0x(8010[0-9A-F]{4})\)/gm)]
    expect(defined.length).toBeGreaterThan(50)
    for (const [, name, digits] of defined) {
      const row = describeScard(Number.parseInt(digits!, 16))
      expect(name === SECOND_NAME ? row.text : row.name).toContain(name)
      expect(row.text.length).toBeGreaterThan(10)
      expect(row.advice.length).toBeGreaterThan(8)
    }
  })

  it.each([
    [
      0x8010000b,
      'reader-busy',
      'reader-busy',
      'desk: another program holds the card (SCARD_E_SHARING_VIOLATION); end the',
    ],
    [0x80100069, 'card-removed', 'card-removed', 'desk: the card was removed (SCARD_W_REMOVED_CARD); insert it'],
    [0x80100013, 'exchange-lost', 'exchange-lost', 'SCARD_F_COMM_ERROR); remove the card and insert it again'],
    [0x80100016, 'exchange-lost', 'exchange-lost', 'SCARD_E_NOT_TRANSACTED'],
    [
      0x80100066,
      'card-mute',
      'card-mute',
      'SCARD_W_UNRESPONSIVE_CARD); insert the card with the contacts on the correct side',
    ],
    [0x80100067, 'exchange-lost', 'exchange-lost', 'SCARD_W_UNPOWERED_CARD'],
    [0x8010000a, 'timed-out', 'exchange-lost', 'SCARD_E_TIMEOUT'],
    [0x8010006a, 'not-permitted', 'port-gone', 'SCARD_W_SECURITY_VIOLATION); allow org.debian.pcsc-lite'],
    [0x80100001, 'failed', 'exchange-lost', 'SCARD_F_INTERNAL_ERROR); restart it: systemctl restart pcscd'],
  ])('%i maps to %s, and to %s on a channel', (scard, code, apdu, message) => {
    const error = pcscError(scard, { reader: 'desk' })
    expect(error).toMatchObject({ code, scard, reader: 'desk', message: expect.stringContaining(message) })
    expect(toApduError(error)).toMatchObject({ code: apdu, message: error.message })
  })
})
