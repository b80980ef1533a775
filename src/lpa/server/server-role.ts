import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { hasRole } from '../../rsp/certificates/kinds.ts'

/** Whether a server authenticates as an SM-DS. A certificate that cannot be read says nothing; the card says what is wrong. */
export const isSmds = (certificate: Uint8Array): boolean => {
  try {
    return hasRole(parseCertificate(certificate), 'DSauth')
  } catch (error) {
    if (error instanceof CertificateError) return false
    throw error
  }
}
