/** Why a certificate, a chain or a CRL was rejected, in the order of the checks. */
export type CertificateErrorCode =
  | 'malformed' // not X.509, or not the profile of SGP.22 §4.5.2
  | 'chain-too-long'
  | 'unknown-ci' // the chain ends at a key that no trusted CI has
  | 'wrong-issuer' // subject and issuer, or their key identifiers, do not match
  | 'bad-signature'
  | 'not-yet-valid'
  | 'expired'
  | 'revoked'
  | 'unknown-critical-extension'
  | 'not-a-ca' // the issuer has no basicConstraints or a path length that is too short
  | 'wrong-role' // the policy OID of the role is missing
  | 'wrong-key-usage'
  | 'wrong-names' // a subject alternative name or subject serial number that the role requires is missing
  | 'eid-not-permitted' // outside the EIDs of the EUM
  | 'eid-mismatch' // not the expected EID

export class CertificateError extends Error {
  readonly code: CertificateErrorCode
  /** The expected kind of certificate, if one was checked. */
  readonly kind: string | undefined
  readonly subject: string | undefined

  constructor(
    code: CertificateErrorCode,
    detail: string,
    about: { kind?: string | undefined; subject?: string | undefined; cause?: unknown } = {},
  ) {
    const who = [about.kind, about.subject && `(${about.subject})`].filter(Boolean).join(' ')
    super(who ? `${who}: ${detail}` : detail, about.cause === undefined ? undefined : { cause: about.cause })
    this.name = 'CertificateError'
    this.code = code
    this.kind = about.kind
    this.subject = about.subject
  }
}

/** Why a folder of certificates and keys is unusable. */
export type PkiErrorCode =
  | 'missing-file'
  | 'unreadable-file' // the file contains no certificate or no private key
  | 'wrong-curve'
  | 'key-mismatch' // the private key does not match the certificate
  | 'bad-certificate' // a check of the chain failed; `cause` has the reason
  | 'expired'

/** An unusable PKI folder; `file` is the invalid file, relative to the folder. */
export class PkiError extends Error {
  readonly code: PkiErrorCode
  readonly file: string

  constructor(code: PkiErrorCode, file: string, detail: string, cause?: unknown) {
    super(`${file}: ${detail}`, cause === undefined ? undefined : { cause })
    this.name = 'PkiError'
    this.code = code
    this.file = file
  }
}
