import { checkCis } from '../rsp-server/ci-choice.ts'
import { RspServerError } from '../rsp-server/error.ts'
import { SmdpError } from './error.ts'
import type { SmdpCredentials } from './settings.ts'

/** The OID of this SM-DP+: the registeredID of CERT.DPauth and CERT.DPpb. */
export const smdpOid = ({ dpAuth }: SmdpCredentials): string => dpAuth.certificate.registeredId!

/** Checks the credentials of `createSmdp`. Throws SmdpError `bad-settings`. */
export const checkCredentials = (credentials: readonly SmdpCredentials[]): void => {
  try {
    checkCis(credentials)
  } catch (cause) {
    if (cause instanceof RspServerError) throw new SmdpError('bad-settings', cause.message, { cause })
    throw cause
  }
  // SGP.22 §4.5.2.1.0.4: both certificates of an SM-DP+ carry the same OID; the eUICC compares them.
  for (const { ci, dpAuth, dpPb } of credentials)
    if (
      dpAuth.certificate.registeredId === undefined ||
      dpAuth.certificate.registeredId !== dpPb.certificate.registeredId
    )
      throw new SmdpError('bad-settings', `DPauth and DPpb under ${ci.certificate.subject} do not carry the same OID`)
}
