import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { hasRole } from '../../rsp/certificates/kinds.ts'

/** Whether the certificate has the SM-DS role. False for an invalid certificate; the card reports its error. */
export const isSmds = (certificate: Uint8Array): boolean => {
  try {
    return hasRole(parseCertificate(certificate), 'DSauth')
  } catch (error) {
    if (error instanceof CertificateError) return false
    throw error
  }
}
