import { toHex } from '../../asn1/bytes.ts'
import type { RspCertificate } from '../../rsp/certificates/certificate.ts'
import type { EUICCInfo1 } from '../../rsp/euicc-info.ts'
import { RspServerError } from './error.ts'

/** What a server has under one CI, which is also trusted for the chains of cards. */
export interface UnderCi {
  readonly ci: { readonly certificate: RspCertificate }
}

/** The CI's key id in hexadecimal: what the lists of the eUICC name. */
export const getCiKeyId = ({ ci }: UnderCi): string => toHex(ci.certificate.subjectKeyId!)

export const getCredentials = <C extends UnderCi>(credentials: readonly C[], keyId: string): C => {
  const found = credentials.find(candidate => getCiKeyId(candidate) === keyId)
  if (found === undefined) throw new RspServerError('bad-settings', `no credentials under the CI ${keyId}`)
  return found
}

/**
 * SGP.22 §5.6.1: the server's certificate is of the first CI of the card's verification list for which there is one;
 * the card signs under the first CI of its signing list that is trusted here. Both lists are in the card's order of
 * preference.
 */
export const chooseCi = <C extends UnderCi>(
  credentials: readonly C[],
  info: EUICCInfo1,
): { readonly server: C; readonly euicc: C } => {
  const firstOf = (keyIds: readonly Uint8Array[]): C | undefined => {
    for (const keyId of keyIds) {
      const found = credentials.find(candidate => getCiKeyId(candidate) === toHex(keyId))
      if (found !== undefined) return found
    }
    return undefined
  }
  const server = firstOf(info.euiccCiPKIdListForVerification)
  if (server === undefined)
    throw new RspServerError('no-common-verification', 'no certificate here of a CI that the eUICC can verify')
  // A card of version 3 may have a chain under further CIs, in its own list (SGP.22 v3 §5.6.1).
  const euicc = firstOf(info.euiccCiPKIdListForSigning) ?? firstOf(info.euiccCiPKIdListForSigningV3 ?? [])
  if (euicc === undefined)
    throw new RspServerError('no-common-signing', 'no CI that the eUICC signs with is trusted here')
  return { server, euicc }
}

/** Refuses two sets under one CI, and a CI that cards could not name. */
export const checkCis = (credentials: readonly UnderCi[]): void => {
  if (credentials.length === 0)
    throw new RspServerError('bad-settings', 'no credentials: certificates under one CI at least')
  const keyIds = new Set<string>()
  for (const { ci } of credentials) {
    const { subjectKeyId, subject } = ci.certificate
    if (subjectKeyId === undefined) throw new RspServerError('bad-settings', `${subject} has no subjectKeyIdentifier`)
    const keyId = toHex(subjectKeyId)
    if (keyIds.has(keyId)) throw new RspServerError('bad-settings', `two credentials under the CI ${keyId}`)
    keyIds.add(keyId)
  }
}
