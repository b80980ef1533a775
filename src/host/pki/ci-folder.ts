import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { BenchError } from '../error.ts'
import { describeFileError } from '../state/file-error.ts'

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Certificates of a file, PEM (several) or DER (one), as DER. Throws a BenchError `certificates` that names the file. */
export const readCertificateFile = (path: string, bytes: Uint8Array): Uint8Array[] => {
  const blocks = Buffer.from(bytes).toString('latin1').match(BLOCK)
  const isDer = bytes[0] === 0x30
  if (!blocks && !isDer) throw new BenchError('certificates', `${path} holds no certificate in PEM or DER form`)
  try {
    return (blocks ?? [Buffer.from(bytes)]).map(one => new Uint8Array(new X509Certificate(one).raw))
  } catch (error) {
    throw new BenchError(
      'certificates',
      `${path} holds a certificate that cannot be read: it is not a valid X.509 certificate`,
      {
        cause: error,
      },
    )
  }
}

/**
 * The CI certificates (PEM or DER) in a folder of the user, as DER. The LPA trusts one only if the card lists its
 * subject key identifier. Empty if no folder exists.
 */
export const readCiFolder = (folder: string): Uint8Array[] => {
  let names: string[]
  try {
    names = readdirSync(folder)
      .filter(name => /\.(pem|crt|cer|der)$/i.test(name))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new BenchError('certificates', `${folder} cannot be read: ${describeFileError(error)}`, { cause: error })
  }
  return names.flatMap(name => {
    const path = join(folder, name)
    const found = readCertificateFile(path, readBytes(path))
    for (const der of found) checkCi(path, der)
    return found
  })
}

const readBytes = (path: string): Uint8Array => {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new BenchError('certificates', `${path} cannot be read: ${describeFileError(cause)}`, { cause })
  }
}

const checkCi = (path: string, der: Uint8Array): void => {
  try {
    const { isCa, subjectKeyId } = parseCertificate(der)
    if (isCa && subjectKeyId !== undefined) return
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause
    throw new BenchError('certificates', `${path}: ${cause.message}`, { cause })
  }
  throw new BenchError(
    'certificates',
    `${path} is not a CI certificate: it must be a CA certificate with a subject key identifier. Give the certificate of the CI.`,
  )
}
