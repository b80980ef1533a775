import { toHex } from '../../asn1/bytes.ts'
import type { RspCertificate } from '../../rsp/certificates/certificate.ts'
import type { EUICCInfo1 } from '../../rsp/euicc-info.ts'
import { RspServerError } from './error.ts'

/** Credentials of a server under one CI. The server also trusts this CI for the certificate chains of cards. */
export interface UnderCi {
  readonly ci: { readonly certificate: RspCertificate }
}

/** The CI public key id in hexadecimal, as in the lists of EUICCInfo1. */
export const getCiKeyId = ({ ci }: UnderCi): string => toHex(ci.certificate.subjectKeyId!)

export const getCredentials = <C extends UnderCi>(credentials: readonly C[], keyId: string): C => {
  const found = credentials.find(candidate => getCiKeyId(candidate) === keyId)
  if (found === undefined) throw new RspServerError('bad-settings', `no credentials under the CI ${keyId}`)
  return found
}

/**
 * Chooses both CIs (SGP.22 §5.6.1). The lists of the card are in its order of preference: the first CI for which this
 * server has a certificate, and the first CI that this server trusts. Throws RspServerError.
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
    throw new RspServerError(
      'no-common-verification',
      'the server has no certificate of a CI that the eUICC can verify',
    )
  // A card of version 3 may have a chain under further CIs, in its own list (SGP.22 v3 §5.6.1).
  const euicc = firstOf(info.euiccCiPKIdListForSigning) ?? firstOf(info.euiccCiPKIdListForSigningV3 ?? [])
  if (euicc === undefined)
    throw new RspServerError('no-common-signing', 'the server trusts no CI under which the eUICC signs')
  return { server, euicc }
}

/** Checks that each CI has a key id and one set of credentials. Throws RspServerError `bad-settings`. */
export const checkCis = (credentials: readonly UnderCi[]): void => {
  if (credentials.length === 0)
    throw new RspServerError('bad-settings', 'there are no credentials; give certificates of at least one CI')
  const keyIds = new Set<string>()
  for (const { ci } of credentials) {
    const { subjectKeyId, subject } = ci.certificate
    if (subjectKeyId === undefined) throw new RspServerError('bad-settings', `${subject} has no subjectKeyIdentifier`)
    const keyId = toHex(subjectKeyId)
    if (keyIds.has(keyId)) throw new RspServerError('bad-settings', `two credentials under the CI ${keyId}`)
    keyIds.add(keyId)
  }
}
