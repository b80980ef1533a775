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
import { stepOf } from './report.ts'
import { faultOfAuthenticateError, withFaultOfRefusal } from './server/judge-refusal.ts'
import { callServer, type ServerAccess } from './server/server-call.ts'

/** A session between card and SM-DP+, both authenticated. */
export interface RspSession {
  readonly isdr: Isdr
  readonly server: ServerAccess
  readonly transactionId: Uint8Array
  readonly serverCertificate: Uint8Array
  /** CERT.EUICC, DER, and the signature of the card that the server's next one covers. */
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
  /** Empty or absent: the server looks the order up by EID. */
  readonly matchingId?: string | undefined
  readonly deviceInfo: DeviceInfo
  /** Refuses the server's certificate before the card sees it, where the activation code names an OID. */
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

/** Both have shown who they are; what the server has for the card is not known yet. */
export interface Authenticated {
  readonly transactionId: Uint8Array
  readonly serverCertificate: Uint8Array
  /** For the server's AuthenticateClient. */
  readonly authenticateServerResponse: SchemaValue<typeof ES10b.AuthenticateServer.response>
  readonly euiccSigned1: NonNullable<AuthenticateServerAnswer['authenticateResponseOk']>['euiccSigned1']
  readonly euiccSignature1: Uint8Array
  readonly euiccCertificate: Uint8Array
}

/** Common mutual authentication (SGP.22 §3.0.1) until the card has verified the server; ES11's first function is called as ES9+'s is. */
export const authenticateServer = async (
  request: SessionRequest,
  row: InitiateAuthentication = ES9p.InitiateAuthentication,
): Promise<Authenticated> => {
  const { isdr, server, matchingId, deviceInfo } = request

  // 1.-3. What the card trusts, and its challenge.
  const euiccInfo1 = await isdr.call(ES10b.GetEUICCInfo1, {})
  const { euiccChallenge } = await isdr.call(ES10b.GetEUICCChallenge, {})

  // 4.-10. The server signs the challenge, in the name that we dialled.
  const initiated = await callServer(server, row, {
    euiccChallenge,
    euiccInfo1,
    smdpAddress: server.address,
  })
  checkInitiated(initiated, { euiccChallenge, euiccInfo1: euiccInfo1.value, address: server.address })
  request.checkServerCertificate?.(initiated.serverCertificate)

  // 11.-14. The card verifies the server, and signs in turn.
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

/** Common mutual authentication (SGP.22 §3.0.1), up to the profile's metadata. A session that fails is cancelled. */
export const openSession = async (request: SessionRequest): Promise<RspSession> => {
  const { isdr, server } = request
  const authenticated = await authenticateServer(request)
  const { transactionId, serverCertificate, euiccSigned1, euiccSignature1, euiccCertificate } = authenticated

  // 15. The server verifies the card, and says what it has for it. From here on card and server hold a session.
  try {
    const answer = await callServer(server, ES9p.AuthenticateClient, {
      transactionId,
      authenticateServerResponse: authenticated.authenticateServerResponse,
    })
    const step = stepOf(ES9p.AuthenticateClient)
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
    // A server that refused has closed the session itself.
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

const nameOf = (address: string): string => address.toLowerCase().replace(/:\d+$/, '')

/** The checks of SGP.22 §3.0.1 that are the LPA's, before it lets the card work. */
const checkInitiated = (
  initiated: InitiateAuthenticationOk,
  asked: { euiccChallenge: Uint8Array; euiccInfo1: EUICCInfo1; address: string },
): void => {
  const step = stepOf(ES9p.InitiateAuthentication)
  const signed = initiated.serverSigned1.value
  const mismatch = (field: string, detail: string): LpaError =>
    new LpaError('server-mismatch', 'server', `${step}: ${detail}`, { step, field })
  checkTransactionId(step, initiated.transactionId, signed.transactionId, 'serverSigned1.transactionId')
  if (!equalBytes(signed.euiccChallenge, asked.euiccChallenge))
    throw mismatch('euiccChallenge', 'the server signed another challenge than the card gave')
  // A server signs its name. Names do not tell upper from lower case, and a port says where it listens, not who it is.
  if (nameOf(signed.serverAddress) !== nameOf(asked.address))
    throw mismatch('serverAddress', `the server signed as "${signed.serverAddress}", and "${asked.address}" was asked`)
  if (!asked.euiccInfo1.euiccCiPKIdListForSigning.some(id => equalBytes(id, initiated.euiccCiPKIdToBeUsed)))
    throw mismatch(
      'euiccCiPKIdToBeUsed',
      `the server wants CI key ${toHex(initiated.euiccCiPKIdToBeUsed)}, under which the card does not sign`,
    )
}

type AuthenticateServerAnswer = SchemaValue<typeof ES10b.AuthenticateServer.response>['value']

/** What the card signed must be what it was asked to sign. */
const checkAuthenticated = (
  answer: AuthenticateServerAnswer,
  initiated: InitiateAuthenticationOk,
  asked: { readonly ctxParams1: CtxParams1; readonly ciPKIds: readonly Uint8Array[] },
): NonNullable<AuthenticateServerAnswer['authenticateResponseOk']> => {
  const { authenticateResponseOk: ok, authenticateResponseError: no } = answer
  if (no !== undefined) {
    const { authenticateErrorCode: code } = no
    const server = {
      covered: [initiated.serverSigned1.bytes],
      signature: initiated.serverSignature1,
      certificate: initiated.serverCertificate,
    }
    const fault = faultOfAuthenticateError(code, { server, ciPKIds: asked.ciPKIds })
    throw functionRefused(ES10b.AuthenticateServer, code, fault)
  }
  const step = stepOf(ES10b.AuthenticateServer)
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
    throw new LpaError('card-mismatch', 'card', `${step}: the card signed another ${field}`, { step, field })
  return ok
}

/** One transaction id in all messages (SGP.22 §3.0.1). In JSON it is hexadecimal in either case; here it is bytes. */
export const checkTransactionId = (
  step: string,
  expected: Uint8Array,
  given: Uint8Array,
  field = 'transactionId',
): void => {
  if (!equalBytes(expected, given))
    throw new LpaError('server-mismatch', 'server', `${step}: ${field} is not that of the session`, { step, field })
}

/**
 * Cancels on the card and then, with the card's signature, on the server (SGP.22 §3.0.2). A session is cancelled
 * because something else happened; what goes wrong here is reported and does not take that thing's place.
 */
export const cancelSession = async (
  { isdr, server, transactionId }: Pick<RspSession, 'isdr' | 'server' | 'transactionId'>,
  reason: CancelSessionReason,
): Promise<void> => {
  try {
    const answer = await isdr.call(ES10b.CancelSession, { transactionId, reason })
    if (answer.value.cancelSessionResponseOk === undefined)
      throw functionRefused(ES10b.CancelSession, answer.value.cancelSessionResponseError)
    // The signal that may have stopped the session does not stop its end.
    const unhurried = { ...server, signal: undefined }
    await callServer(unhurried, ES9p.CancelSession, { transactionId, cancelSessionResponse: answer })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    isdr.report({ kind: 'noted', text: `the session could not be cancelled (${String(reason)}): ${why}`, error })
  }
}
