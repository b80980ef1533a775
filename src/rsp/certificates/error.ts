/** Why a certificate, a chain or a revocation list was refused, in the order in which the checks are made. */
export type CertificateErrorCode =
  | 'malformed' // cannot be read as X.509, or not in the profile of SGP.22 §4.5.2
  | 'chain-too-long'
  | 'unknown-ci' // no trusted CI has the key that the chain ends at
  | 'wrong-issuer' // subject and issuer, or their key identifiers, do not match
  | 'bad-signature'
  | 'not-yet-valid'
  | 'expired'
  | 'revoked'
  | 'unknown-critical-extension'
  | 'not-a-ca' // an issuer without basicConstraints, or with a path length too short
  | 'wrong-role' // the role's policy OID is missing
  | 'wrong-key-usage'
  | 'wrong-names' // a subject alternative name, or the subject's serial number, that the role demands is missing
  | 'eid-not-permitted' // outside what the EUM may issue for
  | 'eid-mismatch' // not the EID that was expected

export class CertificateError extends Error {
  readonly code: CertificateErrorCode
  /** The kind that was checked for, where one was. */
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

/** What is wrong with a folder of certificates and keys. */
export type PkiErrorCode =
  | 'missing-file'
  | 'unreadable-file' // no certificate or no private key in it
  | 'wrong-curve'
  | 'key-mismatch' // the private key is not the certificate's
  | 'bad-certificate' // refused by the chain's checks; `cause` says why
  | 'expired'

/** A folder that cannot be used; `file` is the one at fault, as named inside the folder. */
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
