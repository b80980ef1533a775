import { equalBytes } from '../../asn1/bytes.ts'
import { encode, keep } from '../../asn1/schema.ts'
import {
  type AuthenticateErrorCode,
  AuthenticateServerResponse,
  CancelSessionResponse,
  EuiccCancelSessionSigned,
  EuiccSigned1,
} from '../../rsp/authentication.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import { CERTIFICATE_KINDS } from '../../rsp/certificates/kinds.ts'
import { sign, verify } from '../../rsp/crypto/ecdsa.ts'
import { Signature } from '../../rsp/identifiers.ts'
import type { ES10b } from '../../rsp/interfaces/es10b.ts'
import type { Es10Handlers, FunctionOutcome } from '../commands/answer.ts'
import { findCredential } from '../state/identity.ts'
import { trusted } from './certificate-check.ts'
import { createEuiccInfo2 } from './euicc-info.ts'
import { NO_SESSION } from './session.ts'

/** SGP.22 §5.7.7, §5.7.13 and §5.7.14: start of a session, and its end without a profile. */
export const sessionAnswers: Es10Handlers<
  Pick<typeof ES10b, 'GetEUICCChallenge' | 'AuthenticateServer' | 'CancelSession'>
> = {
  // A new challenge discards the session.
  GetEUICCChallenge: (_request, { random }) => {
    const euiccChallenge = random(16)
    return { response: { euiccChallenge }, session: { phase: 'challenged', euiccChallenge } }
  },

  AuthenticateServer: (request, situation) => {
    const { session, state, identity } = situation
    const { serverSigned1, serverSignature1, euiccCiPKIdToBeUsed, ctxParams1 } = request
    const { transactionId, euiccChallenge, serverAddress, serverChallenge } = serverSigned1.value
    type Response = FunctionOutcome<ReturnType<typeof errorResponse>>
    const errorResponse = (authenticateErrorCode: AuthenticateErrorCode) =>
      keep(AuthenticateServerResponse, { authenticateResponseError: { transactionId, authenticateErrorCode } })
    // The challenge is used only once, also after an error.
    const refuse = (code: AuthenticateErrorCode): Response => ({ response: errorResponse(code), session: NO_SESSION })

    if (session.phase !== 'challenged') return { response: errorResponse('noSessionContext') }
    // The card must have the CI that it is to sign with.
    const credential = findCredential(identity, euiccCiPKIdToBeUsed)
    if (credential === undefined) return refuse('ciPKUnknown')

    const kind = isSmDs(request.serverCertificate) ? 'DSauth' : 'DPauth'
    const cis = identity.credentials.map(({ ci }) => ci)
    const checked = trusted(kind, request.serverCertificate, cis, situation)
    if ('refused' in checked) return refuse(checked.refused)
    const { certificate: serverCertificate, ci: serverCi } = checked
    if (!verify(serverCertificate.publicKey, serverSigned1.bytes, serverSignature1)) return refuse('invalidSignature')
    if (!equalBytes(euiccChallenge, session.euiccChallenge)) return refuse('euiccChallengeMismatch')

    const euiccSigned1 = keep(EuiccSigned1, {
      transactionId,
      serverAddress,
      serverChallenge,
      euiccInfo2: createEuiccInfo2(state, identity),
      ctxParams1,
    })
    const euiccSignature1 = sign(credential.euiccPrivateKey, euiccSigned1.bytes)
    return {
      response: keep(AuthenticateServerResponse, {
        authenticateResponseOk: {
          euiccSigned1,
          euiccSignature1,
          euiccCertificate: credential.euicc.der,
          eumCertificate: credential.eum.der,
        },
      }),
      session: {
        phase: 'authenticated',
        role: kind === 'DPauth' ? 'dp' : 'ds',
        transactionId,
        serverAddress,
        credential,
        serverCertificate,
        serverCi,
        euiccSignature1: encode(Signature, euiccSignature1),
      },
    }
  },

  CancelSession: ({ transactionId, reason }, { session, state }) => {
    const isOpen = session.phase === 'authenticated' || session.phase === 'prepared'
    if (!isOpen || !equalBytes(session.transactionId, transactionId))
      return { response: keep(CancelSessionResponse, { cancelSessionResponseError: 'invalidTransactionId' }) }
    const smdpOid = session.serverCertificate.registeredId!
    const euiccCancelSessionSigned = keep(EuiccCancelSessionSigned, { transactionId, smdpOid, reason })
    // A retry of a download binds the package to the same key (SGP.22 §3.1.3.2); any other session deletes it.
    const mayGoOn = reason === 'postponed' || reason === 'timeout'
    return {
      response: keep(CancelSessionResponse, {
        cancelSessionResponseOk: {
          euiccCancelSessionSigned,
          euiccCancelSessionSignature: sign(session.credential.euiccPrivateKey, euiccCancelSessionSigned.bytes),
        },
      }),
      session: NO_SESSION,
      ...(mayGoOn || state.oneTimeKey?.smdpOid !== smdpOid ? {} : { state: { ...state, oneTimeKey: undefined } }),
    }
  },
}

/** The role to verify; an invalid certificate is rejected by the check itself. */
const isSmDs = (der: Uint8Array): boolean => {
  try {
    return parseCertificate(der).policies.includes(CERTIFICATE_KINDS.DSauth.role)
  } catch {
    return false
  }
}
