import { concat, fromHex, toHex } from '../../asn1/bytes.ts'
import type { CardState } from '../state/state.ts'

/** SGP.02 Annex H, referenced by SGP.22: RID of the GSMA eUICC applications, and the first bytes of the PIX. */
const ISDP_PREFIX = fromHex('a0000005591010ffffffff890000')

/** ISD-Ps are numbered in the last two bytes, from 1000 in steps of 0x100, as on commercial cards. */
const isdpAid = (index: number): Uint8Array => {
  const number = 0x1000 + (index % 0xf0) * 0x100 + Math.floor(index / 0xf0)
  return concat(ISDP_PREFIX, Uint8Array.of(number >> 8, number & 0xff))
}

/** The first unused AID. */
export const getFreeIsdpAid = (state: CardState): Uint8Array => {
  for (let index = 0; ; index++) {
    const aid = isdpAid(index)
    if (!state.profiles.has(toHex(aid))) return aid
  }
}

/** `asked` equals `aid` or is a prefix of it, at least a RID (TS 102 221 §11.1.1.2, partial DF name). */
export const isAidOrPrefix = (asked: Uint8Array, aid: Uint8Array): boolean =>
  asked.length >= 5 && asked.length <= aid.length && asked.every((octet, index) => octet === aid[index])

export const isIsdp = (asked: Uint8Array): boolean =>
  asked.length > ISDP_PREFIX.length && isAidOrPrefix(ISDP_PREFIX, asked)
