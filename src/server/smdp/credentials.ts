import { toHex } from '../../asn1/bytes.ts'
import type { EUICCInfo1 } from '../../rsp/euicc-info.ts'
import { refusal, SmdpError } from './error.ts'
import type { SmdpCredentials } from './settings.ts'

/** The CI's key id in hexadecimal: what the lists of the eUICC name. */
export const ciKeyId = ({ ci }: SmdpCredentials): string => toHex(ci.certificate.subjectKeyId!)

export const credentialsOf = (credentials: readonly SmdpCredentials[], keyId: string): SmdpCredentials => {
  const found = credentials.find(candidate => ciKeyId(candidate) === keyId)
  if (found === undefined) throw new SmdpError('bad-settings', `no credentials under the CI ${keyId}`)
  return found
}

/** The registeredID of CERT.DPauth and CERT.DPpb: who this SM-DP+ is. */
export const smdpOid = ({ dpAuth }: SmdpCredentials): string => dpAuth.certificate.registeredId!

/**
 * SGP.22 §5.6.1: CERT.DPauth is of the first CI of the card's verification list for which there is one; the card
 * signs under the first CI of its signing list that is trusted here. Both lists are in the card's order of preference.
 */
export const chooseCi = (
  credentials: readonly SmdpCredentials[],
  info: EUICCInfo1,
): { readonly server: SmdpCredentials; readonly euicc: SmdpCredentials } => {
  const firstOf = (keyIds: readonly Uint8Array[]): SmdpCredentials | undefined => {
    for (const keyId of keyIds) {
      const found = credentials.find(candidate => ciKeyId(candidate) === toHex(keyId))
      if (found !== undefined) return found
    }
    return undefined
  }
  const server = firstOf(info.euiccCiPKIdListForVerification)
  if (server === undefined) throw refusal('no-common-verification')
  const euicc = firstOf(info.euiccCiPKIdListForSigning)
  if (euicc === undefined) throw refusal('no-common-signing')
  return { server, euicc }
}

/** What createSmdp refuses to start with. */
export const checkCredentials = (credentials: readonly SmdpCredentials[]): void => {
  if (credentials.length === 0)
    throw new SmdpError('bad-settings', 'no credentials: certificates under one CI at least')
  const keyIds = new Set<string>()
  for (const {
    ci: { certificate: ci },
    dpAuth,
    dpPb,
  } of credentials) {
    if (ci.subjectKeyId === undefined) throw new SmdpError('bad-settings', `${ci.subject} has no subjectKeyIdentifier`)
    const keyId = toHex(ci.subjectKeyId)
    if (keyIds.has(keyId)) throw new SmdpError('bad-settings', `two credentials under the CI ${keyId}`)
    keyIds.add(keyId)
    // SGP.22 §4.5.2.1.0.4: both certificates of an SM-DP+ carry the same OID; the eUICC compares them.
    if (
      dpAuth.certificate.registeredId === undefined ||
      dpAuth.certificate.registeredId !== dpPb.certificate.registeredId
    )
      throw new SmdpError('bad-settings', `DPauth and DPpb under the CI ${keyId} do not carry the same OID`)
  }
}
