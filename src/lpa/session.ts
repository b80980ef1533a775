import { equalBytes, toHex } from '../asn1/bytes.ts'
import { encode, type SchemaValue, type WithRawBytes } from '../asn1/schema.ts'
import { type CancelSessionReason, CtxParams1, type DeviceInfo, type SmdpSigned2 } from '../rsp/authentication.ts'
import type { EUICCInfo1 } from '../rsp/euicc-info.ts'
import { ES9p } from '../rsp/interfaces/es9p.ts'
import { ES10b } from '../rsp/interfaces/es10b.ts'
import type { HttpFunction } from '../rsp/interfaces/http-function.ts'
import type { StoreMetadataRequest } from '../rsp/metadata.ts'
import { functionRefused, type Isdr } from './card/isdr.ts'
import { LpaError } from './errors.ts'
import { getStepName } from './report.ts'
import { faultOfAuthenticateError, withFaultOfRefusal } from './server/judge-refusal.ts'
import { callServer, type ServerAccess } from './server/server-call.ts'

/** An authenticated session between card and SM-DP+. */
export interface RspSession {
  readonly isdr: Isdr
  readonly server: ServerAccess
  readonly transactionId: Uint8Array
  readonly serverCertificate: Uint8Array
  /** CERT.EUICC (DER), and the card signature that the next server signature covers. */
  readonly euiccCertificate: Uint8Array
  readonly euiccSignature1: Uint8Array
  readonly profileMetadata: StoreMetadataRequest
  readonly smdpSigned2: WithRawBytes<SmdpSigned2>
  readonly smdpSignature2: Uint8Array
  readonly smdpCertificate: Uint8Array
}

export interface SessionRequest {
  readonly isdr: Isdr
  readonly server: ServerAccess
  /** Empty or absent: the server finds the order by EID. */
  readonly matchingId?: string | undefined
  readonly deviceInfo: DeviceInfo
  /** Checks the server certificate before it is sent to the card, for example its OID. */
  readonly checkServerCertificate?: ((certificate: Uint8Array) => void) | undefined
}

type InitiateAuthentication = HttpFunction<
  typeof ES9p.InitiateAuthentication extends HttpFunction<infer T, unknown> ? T : never,
  InitiateAuthenticationOk
>
type InitiateAuthenticationOk =
  NonNullable<typeof ES9p.InitiateAuthentication.response> extends {
    fromJson(json: never): infer T
  }
    ? T
    : never

/** Card and server are authenticated; the metadata are not known yet. */
export interface Authenticated {
  readonly transactionId: Uint8Array
  readonly serverCertificate: Uint8Array
  /** The request data of AuthenticateClient. */
  readonly authenticateServerResponse: SchemaValue<typeof ES10b.AuthenticateServer.response>
  readonly euiccSigned1: NonNullable<AuthenticateServerAnswer['authenticateResponseOk']>['euiccSigned1']
  readonly euiccSignature1: Uint8Array
  readonly euiccCertificate: Uint8Array
}

/**
 * Common mutual authentication (SGP.22 §3.0.1) up to the verification of the server by the card. ES11 uses the same
 * sequence.
 */
export const authenticateServer = async (
  request: SessionRequest,
  row: InitiateAuthentication = ES9p.InitiateAuthentication,
): Promise<Authenticated> => {
  const { isdr, server, matchingId, deviceInfo } = request

  // 1.-3. CI keys of the card, and its challenge.
  const euiccInfo1 = await isdr.call(ES10b.GetEUICCInfo1, {})
  const { euiccChallenge } = await isdr.call(ES10b.GetEUICCChallenge, {})

  // 4.-10. The server signs the challenge and its address.
  const initiated = await callServer(server, row, {
    euiccChallenge,
    euiccInfo1,
    smdpAddress: server.address,
  })
  checkInitiated(initiated, { euiccChallenge, euiccInfo1: euiccInfo1.value, address: server.address })
  request.checkServerCertificate?.(initiated.serverCertificate)

  // 11.-14. The card verifies the server and signs its response.
  const { transactionId } = initiated
  const ctxParams1 = { ctxParamsForCommonAuthentication: { ...(matchingId ? { matchingId } : {}), deviceInfo } }
  const authenticated = await isdr.call(ES10b.AuthenticateServer, {
    serverSigned1: initiated.serverSigned1,
    serverSignature1: initiated.serverSignature1,
    euiccCiPKIdToBeUsed: initiated.euiccCiPKIdToBeUsed,
    serverCertificate: initiated.serverCertificate,
    ctxParams1,
  })
  const ciPKIds = euiccInfo1.value.euiccCiPKIdListForVerification
  const { euiccSigned1, euiccSignature1, euiccCertificate } = checkAuthenticated(authenticated.value, initiated, {
    ctxParams1,
    ciPKIds,
  })
  return {
    transactionId,
    serverCertificate: initiated.serverCertificate,
    authenticateServerResponse: authenticated,
    euiccSigned1,
    euiccSignature1,
    euiccCertificate,
  }
}

/** Common mutual authentication (SGP.22 §3.0.1) up to the profile metadata. A failed session is canceled. */
export const openSession = async (request: SessionRequest): Promise<RspSession> => {
  const { isdr, server } = request
  const authenticated = await authenticateServer(request)
  const { transactionId, serverCertificate, euiccSigned1, euiccSignature1, euiccCertificate } = authenticated

  // 15. The server verifies the card and returns the metadata. From now on both have a session.
  try {
    const answer = await callServer(server, ES9p.AuthenticateClient, {
      transactionId,
      authenticateServerResponse: authenticated.authenticateServerResponse,
    })
    const step = getStepName(ES9p.AuthenticateClient)
    checkTransactionId(step, transactionId, answer.transactionId)
    checkTransactionId(step, transactionId, answer.smdpSigned2.value.transactionId, 'smdpSigned2.transactionId')
    return {
      isdr,
      server,
      transactionId,
      serverCertificate,
      euiccCertificate,
      euiccSignature1,
      profileMetadata: answer.profileMetadata.value,
      smdpSigned2: answer.smdpSigned2,
      smdpSignature2: answer.smdpSignature2,
      smdpCertificate: answer.smdpCertificate,
    }
  } catch (error) {
    // A server that rejected the request has closed the session.
    if (error instanceof LpaError && error.code !== 'server-refused') {
      await cancelSession({ isdr, server, transactionId }, 'undefinedReason')
      throw error.with({ cancelReason: 'undefinedReason' })
    }
    throw withFaultOfRefusal(error, {
      covered: [euiccSigned1.bytes],
      signature: euiccSignature1,
      certificate: euiccCertificate,
    })
  }
}

const toHostName = (address: string): string => address.toLowerCase().replace(/:\d+$/, '')

/** The checks of the LPA before AuthenticateServer (SGP.22 §3.0.1). */
const checkInitiated = (
  initiated: InitiateAuthenticationOk,
  asked: { euiccChallenge: Uint8Array; euiccInfo1: EUICCInfo1; address: string },
): void => {
  const step = getStepName(ES9p.InitiateAuthentication)
  const signed = initiated.serverSigned1.value
  const mismatch = (field: string, detail: string): LpaError =>
    new LpaError('server-mismatch', 'server', `${step}: ${detail}`, { step, field })
  checkTransactionId(step, initiated.transactionId, signed.transactionId, 'serverSigned1.transactionId')
  if (!equalBytes(signed.euiccChallenge, asked.euiccChallenge))
    throw mismatch('euiccChallenge', 'the server signed another challenge than the one of the card')
  // A server signs its host name: case-insensitive, without a port.
  if (toHostName(signed.serverAddress) !== toHostName(asked.address))
    throw mismatch('serverAddress', `the server signed as "${signed.serverAddress}", but "${asked.address}" was called`)
  if (!asked.euiccInfo1.euiccCiPKIdListForSigning.some(id => equalBytes(id, initiated.euiccCiPKIdToBeUsed)))
    throw mismatch(
      'euiccCiPKIdToBeUsed',
      `the server selected CI key ${toHex(initiated.euiccCiPKIdToBeUsed)}, which the card does not use for signing`,
    )
}

type AuthenticateServerAnswer = SchemaValue<typeof ES10b.AuthenticateServer.response>['value']

/** The card must have signed the sent data. */
const checkAuthenticated = (
  answer: AuthenticateServerAnswer,
  initiated: InitiateAuthenticationOk,
  asked: { readonly ctxParams1: CtxParams1; readonly ciPKIds: readonly Uint8Array[] },
): NonNullable<AuthenticateServerAnswer['authenticateResponseOk']> => {
  const { authenticateResponseOk: ok, authenticateResponseError: rejected } = answer
  if (rejected !== undefined) {
    const { authenticateErrorCode: code } = rejected
    const server = {
      covered: [initiated.serverSigned1.bytes],
      signature: initiated.serverSignature1,
      certificate: initiated.serverCertificate,
    }
    const fault = faultOfAuthenticateError(code, { server, ciPKIds: asked.ciPKIds })
    throw functionRefused(ES10b.AuthenticateServer, code, fault)
  }
  const step = getStepName(ES10b.AuthenticateServer)
  const [mine, theirs] = [ok.euiccSigned1.value, initiated.serverSigned1.value]
  const field = !equalBytes(mine.transactionId, theirs.transactionId)
    ? 'transactionId'
    : !equalBytes(mine.serverChallenge, theirs.serverChallenge)
      ? 'serverChallenge'
      : mine.serverAddress !== theirs.serverAddress
        ? 'serverAddress'
        : !equalBytes(encode(CtxParams1, mine.ctxParams1), encode(CtxParams1, asked.ctxParams1))
          ? 'ctxParams1'
          : undefined
  if (field !== undefined)
    throw new LpaError('card-mismatch', 'card', `${step}: the card signed a different ${field}`, { step, field })
  return ok
}

/** All messages have the same transaction id (SGP.22 §3.0.1); compared as bytes. */
export const checkTransactionId = (
  step: string,
  expected: Uint8Array,
  given: Uint8Array,
  field = 'transactionId',
): void => {
  if (!equalBytes(expected, given))
    throw new LpaError('server-mismatch', 'server', `${step}: ${field} is not the one of the session`, { step, field })
}

/**
 * Cancels the session on the card, then on the server with the signature of the card (SGP.22 §3.0.2). Errors are only
 * reported: the reason of the cancellation is the error of the procedure.
 */
export const cancelSession = async (
  { isdr, server, transactionId }: Pick<RspSession, 'isdr' | 'server' | 'transactionId'>,
  reason: CancelSessionReason,
): Promise<void> => {
  try {
    const answer = await isdr.call(ES10b.CancelSession, { transactionId, reason })
    if (answer.value.cancelSessionResponseOk === undefined)
      throw functionRefused(ES10b.CancelSession, answer.value.cancelSessionResponseError)
    // The signal that stopped the session must not stop its cancellation.
    const withoutSignal = { ...server, signal: undefined }
    await callServer(withoutSignal, ES9p.CancelSession, { transactionId, cancelSessionResponse: answer })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    isdr.report({ kind: 'noted', text: `the session could not be canceled (${String(reason)}): ${message}`, error })
  }
}
