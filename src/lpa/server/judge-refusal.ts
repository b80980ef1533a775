import { concat, equalBytes } from '../../asn1/bytes.ts'
import { encode } from '../../asn1/schema.ts'
import type { AuthenticateErrorCode, DownloadErrorCode } from '../../rsp/authentication.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { verify } from '../../rsp/crypto/ecdsa.ts'
import { Signature } from '../../rsp/identifiers.ts'
import { isLpaError, type LpaFault } from '../errors.ts'

/**
 * Who is in the wrong when card and server do not take each other's word. The LPA stands between them and has seen
 * what was said: where a claim can be checked with what went through its hands, it is checked and not believed.
 */

/** Something signed, and the certificate (DER) whose key should have done it. */
export interface SignedClaim {
  readonly covered: readonly Uint8Array[]
  readonly signature: Uint8Array
  readonly certificate: Uint8Array
}

/** False also where the certificate cannot be read. */
export const isGenuine = ({ covered, signature, certificate }: SignedClaim): boolean => {
  try {
    return verify(parseCertificate(certificate).publicKey, concat(...covered), signature)
  } catch (error) {
    if (error instanceof CertificateError) return false
    throw error
  }
}

/** A signature that stands under another one: as its whole element (SGP.22 §5.7.5). */
export const asElement = (signature: Uint8Array): Uint8Array => encode(Signature, signature)

/** ES10b.AuthenticateServer: `server` is what the server signed; `ciPKIds` are the keys that the card says it verifies with. */
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
    // The LPA has compared the challenge before it let the card work; the other codes blame nothing that was sent.
    default:
      return 'card'
  }
}

/** ES10b.PrepareDownload. The LPA has compared the transaction id, and gives the hash where one is asked for. */
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

/** An error of ES9+ with the fault that its status code points to (SGP.22 §5.2.6); `card` is what the card signed for this function. */
export const withFaultOfRefusal = (error: unknown, card: SignedClaim): unknown => {
  if (!isLpaError(error, 'server-refused')) return error
  const { subjectCode, reasonCode } = error.data
  switch (`${subjectCode}/${reasonCode}`) {
    // The signature of the eUICC does not verify.
    case '8.1/6.1':
      return isGenuine(card) ? error : error.with({}, 'card')
    // Its certificates: the server has the CI to judge them by, the LPA has not.
    case '8.1.2/6.1':
    case '8.1.2/6.3':
    case '8.1.3/6.1':
    case '8.1.3/6.3':
      return error.with({}, 'card')
    // A card that is full is in order, and so is the server that says so; a confirmation code is the user's.
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
