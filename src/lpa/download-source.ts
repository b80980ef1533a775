import { type ActivationCode, parseActivationCode } from '../rsp/activation-code.ts'
import { parseCertificate } from '../rsp/certificates/certificate.ts'
import { CertificateError } from '../rsp/certificates/error.ts'
import { ES9p } from '../rsp/interfaces/es9p.ts'
import { readAddresses } from './card/euicc.ts'
import type { Isdr } from './card/isdr.ts'
import { LpaError } from './errors.ts'
import { getStepName } from './report.ts'
import { isSmds } from './server/server-role.ts'

/** Selects the SM-DP+. The default address of the card is used only if requested. */
export type DownloadSource =
  | { readonly activationCode: string | ActivationCode }
  | { readonly smdpAddress: string; readonly matchingId?: string; readonly smdpOid?: string }
  | { readonly defaultSmdp: true }

export const findSource = async (
  isdr: Isdr,
  source: DownloadSource,
): Promise<{ smdpAddress: string; matchingId?: string; smdpOid?: string }> => {
  if ('activationCode' in source) {
    const { activationCode } = source
    return typeof activationCode === 'string' ? parseActivationCode(activationCode) : activationCode
  }
  if ('smdpAddress' in source) return source
  const { defaultDpAddress } = await readAddresses(isdr)
  if (!defaultDpAddress)
    throw new LpaError('no-address', 'user', 'the card has no default SM-DP+ address: enter an activation code', {
      step: 'ES10a.GetEuiccConfiguredAddresses',
    })
  return { smdpAddress: defaultDpAddress }
}

/** An SM-DS uses the same path but has no profiles; an event may refer to one (SGP.22 §3.6.2). */
export const checkIsSmdp = (address: string, certificate: Uint8Array): void => {
  if (!isSmds(certificate)) return
  throw new LpaError('not-an-smdp', 'server', `${address} is an SM-DS, not an SM-DP+, and has no profiles`, {
    step: getStepName(ES9p.InitiateAuthentication),
    field: 'serverCertificate',
  })
}

/** SGP.22 §3.1.3: the OID of the activation code must match the server certificate. */
export const checkOid = (expected: string, certificate: Uint8Array): void => {
  const found = registeredIdOf(certificate)
  if (found === expected) return
  const description = found === undefined ? 'has no OID' : `has OID ${found}`
  throw new LpaError(
    'wrong-server',
    'server',
    `the activation code is for SM-DP+ ${expected}, the certificate ${description}`,
    {
      step: getStepName(ES9p.InitiateAuthentication),
      field: 'smdpOid',
    },
  )
}

/** Undefined for an invalid certificate; the card reports its error. */
const registeredIdOf = (certificate: Uint8Array): string | undefined => {
  try {
    return parseCertificate(certificate).registeredId
  } catch (error) {
    if (error instanceof CertificateError) return undefined
    throw error
  }
}
