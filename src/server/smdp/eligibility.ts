import { Asn1Error } from '../../asn1/error.ts'
import { contentOf, readTlvs } from '../../asn1/tlv.ts'
import type { EUICCInfo2 } from '../../rsp/euicc-info.ts'
import { refusal } from './error.ts'
import type { StockProfile } from './store.ts'

/** SGP.22 §4.2 and Annex F: can this card take this profile? What the card does not tell does not speak against it. */
export const checkEligibility = (profile: StockProfile, info: EUICCInfo2): void => {
  const forbidden = info.forbiddenProfilePolicyRules ?? []
  const rule = profile.metadata.profilePolicyRules?.find(rule => forbidden.includes(rule))
  if (rule !== undefined) throw refusal('not-eligible', `the eUICC forbids ${rule}`)
  const free = freeMemory(info.extCardResource)
  if (free !== undefined && free < profile.memory)
    throw refusal('not-enough-memory', `${profile.memory} bytes are needed, ${free} are free`)
}

/** ETSI TS 102 226 §8.2.1.7.2: '82' holds the free non-volatile memory in bytes. The elements stand without a wrapper. */
const freeMemory = (extCardResource: Uint8Array): number | undefined => {
  try {
    const element = readTlvs(extCardResource).find(({ tag }) => tag === 0x82)
    if (element === undefined) return undefined
    const octets = contentOf(element)
    return octets.length === 0 || octets.length > 6 ? undefined : Buffer.from(octets).readUIntBE(0, octets.length)
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}
