import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { BenchError } from '../error.ts'

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Certificates of a file, PEM (several) or DER (one), as DER. Throws a BenchError `certificates` that names the file. */
export const readCertificateFile = (path: string, bytes: Uint8Array): Uint8Array[] => {
  const blocks = Buffer.from(bytes).toString('latin1').match(BLOCK)
  const isDer = bytes[0] === 0x30
  if (!blocks && !isDer) throw new BenchError('certificates', `${path} holds no certificate in PEM or DER form`)
  try {
    return (blocks ?? [Buffer.from(bytes)]).map(one => new Uint8Array(new X509Certificate(one).raw))
  } catch (error) {
    throw new BenchError('certificates', `${path} holds a certificate that cannot be read`, { cause: error })
  }
}

/**
 * CI certificates that a person has put into a folder (PEM or DER), DER. Each is trusted only for a card that lists its
 * key; without a subject key identifier no card could. No folder is no certificates.
 */
export const readCiFolder = (folder: string): Uint8Array[] => {
  let names: string[]
  try {
    names = readdirSync(folder)
      .filter(name => /\.(pem|crt|cer|der)$/i.test(name))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new BenchError('certificates', `${folder} cannot be read`, { cause: error })
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
    const { code } = cause as NodeJS.ErrnoException
    throw new BenchError('certificates', `${path} cannot be read (${code})`, { cause })
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
    `${path} is no certificate of a CI: it must be a CA's and name its key (subject key identifier)`,
  )
}
