import { createPrivateKey, type KeyObject } from 'node:crypto'
import { equalBytes } from '../../asn1/bytes.ts'
import { type CurveName, getCurve, getPoint } from '../crypto/curve.ts'
import { CryptoError } from '../crypto/error.ts'
import { parseCertificate, type RspCertificate } from './certificate.ts'
import { checkCi, verifyChain } from './chain.ts'
import { CertificateError, PkiError } from './error.ts'
import type { Credential } from './issue.ts'
import type { CertificateKind } from './kinds.ts'

/** A CA of the folder, with its private key if the folder contains it. */
export interface Authority {
  readonly certificate: RspCertificate
  readonly privateKey: KeyObject | undefined
}

/** The certificates and keys that one curve of a test PKI needs, for card and server. */
export interface Pki {
  readonly curve: CurveName
  readonly ci: Authority
  readonly eum: Authority
  readonly euicc: Credential
  readonly dpAuth: Credential
  readonly dpPb: Credential
  readonly dpTls: Credential
}
export type PkiMember = Exclude<keyof Pki, 'curve'>

/** Files by their path inside a folder, with `/` as separator. The caller reads and writes the disk. */
export type PkiFolder = ReadonlyMap<string, Uint8Array>

const SUFFIX: Readonly<Record<CurveName, string>> = { 'P-256': 'NIST', brainpoolP256r1: 'BRP' }

interface Place {
  readonly kind: CertificateKind
  readonly certificate: string
  readonly key: string
  /** The member that issued it; the CI is its own issuer. */
  readonly issuer: PkiMember
}

/** The file names of SGP.26; `*` is NIST or BRP. In reading order: issuers first. */
export const PKI_FILES: Readonly<Record<PkiMember, Place>> = {
  ci: {
    kind: 'CI',
    certificate: 'CertificateIssuer/CERT_CI_ECDSA_*.der',
    key: 'CertificateIssuer/SK_CI_ECDSA_*.pem',
    issuer: 'ci',
  },
  eum: { kind: 'EUM', certificate: 'EUM/CERT_EUM_ECDSA_*.der', key: 'EUM/SK_EUM_ECDSA_*.pem', issuer: 'ci' },
  euicc: {
    kind: 'eUICC',
    certificate: 'eUICC/CERT_EUICC_ECDSA_*.der',
    key: 'eUICC/SK_EUICC_ECDSA_*.pem',
    issuer: 'eum',
  },
  dpAuth: {
    kind: 'DPauth',
    certificate: 'DPauth/CERT_S_SM_DPauth_ECDSA_*.der',
    key: 'DPauth/SK_S_SM_DPauth_ECDSA_*.pem',
    issuer: 'ci',
  },
  dpPb: {
    kind: 'DPpb',
    certificate: 'DPpb/CERT_S_SM_DPpb_ECDSA_*.der',
    key: 'DPpb/SK_S_SM_DPpb_ECDSA_*.pem',
    issuer: 'ci',
  },
  dpTls: {
    kind: 'DPtls',
    certificate: 'DPtls/CERT_S_SM_DP_VARO_TLS_*.der',
    key: 'DPtls/SK_S_SM_DP_TLS_*.pem',
    issuer: 'ci',
  },
}

const fileNames = (member: PkiMember, curve: CurveName) => ({
  certificate: PKI_FILES[member].certificate.replace('*', SUFFIX[curve]),
  key: PKI_FILES[member].key.replace('*', SUFFIX[curve]),
})

export interface ReadPkiOptions {
  readonly curve: CurveName
  readonly now: Date
  /** Re-issues an expired DP TLS certificate with the CI's key. Without it, an expired certificate is an error. */
  readonly reissueTls?: (ci: Credential, expired: Credential) => Credential
}

/** Reads and verifies one curve of a folder in the layout of SGP.26. Throws a PkiError with the invalid file. */
export const readPkiFolder = (files: PkiFolder, { curve, now, reissueTls }: ReadPkiOptions): Pki => {
  const ci = readMember(files, curve, 'ci', false)
  const eum = readMember(files, curve, 'eum', false)
  const euicc = readCredential(files, curve, 'euicc')
  const dpAuth = readCredential(files, curve, 'dpAuth')
  const dpPb = readCredential(files, curve, 'dpPb')
  let dpTls = readCredential(files, curve, 'dpTls')

  const check = (member: PkiMember, ...chain: RspCertificate[]): void => {
    const { certificate: file } = fileNames(member, curve)
    try {
      if (member === 'ci') checkCi(chain[0]!, now)
      else verifyChain({ kind: PKI_FILES[member].kind, chain, trustAnchors: [ci.certificate], now })
    } catch (cause) {
      if (!(cause instanceof CertificateError)) throw cause
      const message = cause.code === 'unknown-ci' ? notUnder(ci.certificate, chain.at(-1)!) : cause.message
      throw new PkiError(cause.code === 'expired' ? 'expired' : 'bad-certificate', file, message, cause)
    }
  }
  check('ci', ci.certificate)
  check('eum', eum.certificate)
  check('euicc', euicc.certificate, eum.certificate)
  check('dpAuth', dpAuth.certificate)
  check('dpPb', dpPb.certificate)
  try {
    check('dpTls', dpTls.certificate)
  } catch (error) {
    if (!(error instanceof PkiError) || error.code !== 'expired' || !reissueTls || !ci.privateKey) throw error
    dpTls = reissueTls({ certificate: ci.certificate, privateKey: ci.privateKey }, dpTls)
  }
  return { curve, ci, eum, euicc, dpAuth, dpPb, dpTls }
}

/** SGP.22 v2 has no field for certificates between the server's and the CI. */
const notUnder = (ci: RspCertificate, { issuer }: RspCertificate): string =>
  `it was issued by ${issuer}, not by the CI of this folder, ${ci.subject}; SGP.22 v2 cannot transmit the certificates ` +
  'of a sub-CA: use a certificate that the CI itself issued'

const readCredential = (files: PkiFolder, curve: CurveName, member: PkiMember): Credential => {
  const { certificate, privateKey } = readMember(files, curve, member, true)
  return { certificate, privateKey: privateKey! }
}

const readMember = (files: PkiFolder, curve: CurveName, member: PkiMember, keyNeeded: boolean): Authority => {
  const names = fileNames(member, curve)
  const bytesOf = (file: string): Uint8Array => {
    const bytes = files.get(file)
    if (bytes === undefined) throw new PkiError('missing-file', file, 'this file is missing from the folder')
    return bytes
  }
  const certificate = readCertificate(names.certificate, bytesOf(names.certificate))
  if (certificate.curve !== curve)
    throw new PkiError('wrong-curve', names.certificate, `its key is on ${certificate.curve}, not on ${curve}`)
  if (!keyNeeded && !files.has(names.key)) return { certificate, privateKey: undefined }
  const privateKey = readPrivateKey(names.key, bytesOf(names.key))
  if (!equalBytes(getPoint(privateKey), getPoint(certificate.publicKey)))
    throw new PkiError('key-mismatch', names.key, `it is not the private key of ${names.certificate}`)
  return { certificate, privateKey }
}

const readCertificate = (file: string, bytes: Uint8Array): RspCertificate => {
  try {
    return parseCertificate(bytes)
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause
    throw new PkiError('unreadable-file', file, cause.message, cause)
  }
}

const readPrivateKey = (file: string, bytes: Uint8Array): KeyObject => {
  let key: KeyObject
  try {
    key = createPrivateKey({ key: Buffer.from(bytes), format: 'pem' })
    getCurve(key)
  } catch (cause) {
    // The text of OpenSSL may quote the file, so only whether a key was found is reported.
    const detail = cause instanceof CryptoError ? cause.message : 'the file contains no private key in PEM form'
    throw new PkiError('unreadable-file', file, detail)
  }
  return key
}

/** Returns the files of one curve in the layout that `readPkiFolder` reads. */
export const writePkiFolder = (pki: Pki): Map<string, Uint8Array> => {
  const files = new Map<string, Uint8Array>()
  for (const member of Object.keys(PKI_FILES) as PkiMember[]) {
    const names = fileNames(member, pki.curve)
    const { certificate, privateKey } = pki[member]
    files.set(names.certificate, certificate.der)
    if (privateKey)
      files.set(names.key, new TextEncoder().encode(privateKey.export({ format: 'pem', type: 'sec1' }) as string))
  }
  return files
}
