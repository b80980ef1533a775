import { concat, equalBytes } from '../../asn1/bytes.ts'
import { encode } from '../../asn1/schema.ts'
import type { AuthenticateErrorCode, DownloadErrorCode } from '../../rsp/authentication.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { verify } from '../../rsp/crypto/ecdsa.ts'
import { Signature } from '../../rsp/identifiers.ts'
import { isLpaError, type LpaFault } from '../errors.ts'

/**
 * Decides whether card or server is responsible if one of them rejects the other. The LPA verifies each claim with the
 * data that it transferred.
 */

/** Signed data, its signature, and the certificate (DER) of the signer. */
export interface SignedClaim {
  readonly covered: readonly Uint8Array[]
  readonly signature: Uint8Array
  readonly certificate: Uint8Array
}

/** False also for an invalid certificate. */
export const isGenuine = ({ covered, signature, certificate }: SignedClaim): boolean => {
  try {
    return verify(parseCertificate(certificate).publicKey, concat(...covered), signature)
  } catch (error) {
    if (error instanceof CertificateError) return false
    throw error
  }
}

/** A signature that another signature covers, as the whole element (SGP.22 §5.7.5). */
export const asElement = (signature: Uint8Array): Uint8Array => encode(Signature, signature)

/** ES10b.AuthenticateServer: `server` is signed by the server; `ciPKIds` are the verification keys of the card. */
export const faultOfAuthenticateError = (
  code: AuthenticateErrorCode,
  { server, ciPKIds }: { server: SignedClaim; ciPKIds: readonly Uint8Array[] },
): LpaFault => {
  switch (code) {
    case 'invalidCertificate':
    case 'unsupportedCurve':
    case 'invalidOid':
      return 'server'
    case 'invalidSignature':
      return isGenuine(server) ? 'card' : 'server'
    case 'ciPKUnknown':
      return isUnder(ciPKIds, server.certificate) ? 'card' : 'server'
    // The LPA has verified the challenge; the other codes do not concern sent data.
    default:
      return 'card'
  }
}

/** ES10b.PrepareDownload. The LPA has verified the transaction id and sends the hash if required. */
export const faultOfDownloadError = (code: DownloadErrorCode, server: SignedClaim): LpaFault => {
  switch (code) {
    case 'invalidCertificate':
    case 'unsupportedCurve':
      return 'server'
    case 'invalidSignature':
      return isGenuine(server) ? 'card' : 'server'
    default:
      return 'card'
  }
}

/** Sets the fault of an ES9+ error by its status code (SGP.22 §5.2.6); `card` is the data that the card signed. */
export const withFaultOfRefusal = (error: unknown, card: SignedClaim): unknown => {
  if (!isLpaError(error, 'server-refused')) return error
  const { subjectCode, reasonCode } = error.data
  switch (`${subjectCode}/${reasonCode}`) {
    // The server reports an invalid eUICC signature.
    case '8.1/6.1':
      return isGenuine(card) ? error : error.with({}, 'card')
    // The server reports an invalid card certificate; the LPA cannot verify it without the CI.
    case '8.1.2/6.1':
    case '8.1.2/6.3':
    case '8.1.3/6.1':
    case '8.1.3/6.3':
      return error.with({}, 'card')
    // Insufficient memory is neither an error of the card nor of the server; a confirmation code comes from the user.
    case '8.1/4.8':
    case '8.2.7/2.2':
    case '8.2.7/3.8':
    case '8.2.7/6.4':
      return error.with({}, 'user')
    default:
      return error
  }
}

const isUnder = (ciPKIds: readonly Uint8Array[], certificate: Uint8Array): boolean => {
  try {
    const { authorityKeyId } = parseCertificate(certificate)
    return authorityKeyId !== undefined && ciPKIds.some(id => equalBytes(id, authorityKeyId))
  } catch (error) {
    if (error instanceof CertificateError) return false
    throw error
  }
}
