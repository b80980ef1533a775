import { concat } from '../../asn1/bytes.ts'
import type { Protocol } from '../es10/response.ts'

const NAME = new TextEncoder().encode('eSBench')
/** Historical bytes (ISO 7816-4 §8.1): card service data, capabilities (20 logical channels, no extended lengths), a name. */
const HISTORICAL = concat(Uint8Array.of(0x80, 0x31, 0xe0, 0x73, 0xfe, 0x21, 0x1f, 0x57), NAME)

/** The ATR belongs to a software eUICC of this bench, on any transport. */
export const isSoftwareAtr = (atr: Uint8Array): boolean => Buffer.from(atr).includes(Buffer.from(NAME))

/**
 * Answer to reset (ISO 7816-3 §8.2, TS 102 221 §6.3): TA1 '96', the protocol, and after T=15 the operating class and,
 * in bit 2 of TB3, the eUICC indication.
 */
export const createAtr = (protocol: Protocol): Uint8Array => {
  const offered = protocol === 't0' ? 0x80 : 0x81
  const interfaceBytes = Uint8Array.of(0x90 | HISTORICAL.length, 0x96, offered, 0x3f, 0xc7, 0x82)
  const checked = concat(interfaceBytes, HISTORICAL)
  const check = checked.reduce((sum, octet) => sum ^ octet, 0)
  return concat(Uint8Array.of(0x3b), checked, Uint8Array.of(check))
}
