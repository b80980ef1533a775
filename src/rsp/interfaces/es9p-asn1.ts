import { choice, sequence } from '../../asn1/constructed.ts'
import { namedInteger, octets, utf8 } from '../../asn1/primitives.ts'
import { explicit, rawElement, type Schema, tagged, withRawBytes } from '../../asn1/schema.ts'
import {
  AuthenticateServerResponse,
  CancelSessionResponse,
  PrepareDownloadResponse,
  ServerSigned1,
  SmdpSigned2,
} from '../authentication.ts'
import { EUICCInfo1 } from '../euicc-info.ts'
import { Signature, SubjectKeyIdentifier, TransactionId } from '../identifiers.ts'
import { StoreMetadataRequest } from '../metadata.ts'
import { PendingNotification } from '../notification.ts'

const Certificate = rawElement('Certificate', 0x30)
const transactionId = tagged(0x80, TransactionId)

/** SGP.22 §6.6: all functions of ES9+ in the ASN.1 binding share one path; the message identifies the function. */
export const ASN1_PATH = '/gsma/rsp2/asn1'
export const ASN1_CONTENT_TYPE = 'application/x-gsma-rsp-asn1'

/** A function in the ASN.1 binding: the values of the JSON binding in another encoding. */
export interface Asn1Function<Request, Response> {
  readonly request: Schema<Request>
  /** `undefined`: the response is 204 without a body. */
  readonly response: Schema<{ readonly ok: Response } | { readonly error: number | string }> | undefined
  /** Error names by subject and reason code. */
  readonly errors: Readonly<Record<string, string>>
  /** The error for all other codes; undefined if the function has no response with an error. */
  readonly otherError: string | undefined
}

/** A response: CHOICE of the result and an INTEGER error (automatic tags [0] and [1]). */
export const answer = <Response>(
  tag: number,
  ok: Schema<Response>,
  errors: Record<string, number>,
): Schema<{ readonly ok: Response } | { readonly error: number | string }> =>
  explicit(tag, choice({ ok, error: tagged(0x81, namedInteger(errors)) })) as unknown as Schema<
    { readonly ok: Response } | { readonly error: number | string }
  >

const initiateAuthentication = {
  /** InitiateAuthenticationRequest ::= [57] SEQUENCE { euiccChallenge [1], smdpAddress [3], euiccInfo1 } */
  request: tagged(
    0xbf39,
    sequence(
      {
        euiccChallenge: tagged(0x81, octets(16)),
        smdpAddress: tagged(0x83, utf8()),
        euiccInfo1: withRawBytes(EUICCInfo1),
      },
      'InitiateAuthenticationRequest',
    ),
  ),
  response: answer(
    0xbf39,
    tagged(
      0xa0,
      sequence(
        {
          transactionId,
          serverSigned1: withRawBytes(ServerSigned1),
          serverSignature1: Signature,
          euiccCiPKIdToBeUsed: SubjectKeyIdentifier,
          serverCertificate: Certificate,
        },
        'InitiateAuthenticationOkEs9',
      ),
    ),
    // Named numbers do not limit an INTEGER (X.680 §19). 127 is undefinedError elsewhere in the module.
    { invalidDpAddress: 1, euiccVersionNotSupportedByDp: 2, ciPKNotSupported: 3, undefinedError: 127 },
  ),
  errors: {
    '8.8.1/3.8': 'invalidDpAddress',
    '8.8.3/3.1': 'euiccVersionNotSupportedByDp',
    '8.8.2/3.1': 'ciPKNotSupported',
    '8.8.4/3.7': 'ciPKNotSupported',
  },
  otherError: 'undefinedError',
} as const

const authenticateClient = {
  /** AuthenticateClientRequest ::= [59] SEQUENCE { transactionId [0], authenticateServerResponse [56] } */
  request: tagged(
    0xbf3b,
    sequence(
      { transactionId, authenticateServerResponse: withRawBytes(AuthenticateServerResponse) },
      'AuthenticateClientRequest',
    ),
  ),
  response: answer(
    0xbf3b,
    tagged(
      0xa0,
      sequence(
        {
          transactionId,
          profileMetadata: withRawBytes(StoreMetadataRequest),
          smdpSigned2: withRawBytes(SmdpSigned2),
          smdpSignature2: Signature,
          smdpCertificate: Certificate,
        },
        'AuthenticateClientOk',
      ),
    ),
    {
      eumCertificateInvalid: 1,
      eumCertificateExpired: 2,
      euiccCertificateInvalid: 3,
      euiccCertificateExpired: 4,
      euiccSignatureInvalid: 5,
      matchingIdRefused: 6,
      eidMismatch: 7,
      noEligibleProfile: 8,
      ciPKUnknown: 9,
      invalidTransactionId: 10,
      insufficientMemory: 11,
      undefinedError: 127,
    },
  ),
  errors: {
    '8.1.2/6.1': 'eumCertificateInvalid',
    '8.1.2/6.3': 'eumCertificateExpired',
    '8.1.3/6.1': 'euiccCertificateInvalid',
    '8.1.3/6.3': 'euiccCertificateExpired',
    '8.1/6.1': 'euiccSignatureInvalid',
    '8.2.6/3.8': 'matchingIdRefused',
    '8.1.1/3.8': 'eidMismatch',
    '8.2.5/4.3': 'noEligibleProfile',
    '8.11.1/3.9': 'ciPKUnknown',
    '8.10.1/3.9': 'invalidTransactionId',
    '8.1/4.8': 'insufficientMemory',
  },
  otherError: 'undefinedError',
} as const

const getBoundProfilePackage = {
  /** GetBoundProfilePackageRequest ::= [58] SEQUENCE { transactionId [0], prepareDownloadResponse [33] } */
  request: tagged(
    0xbf3a,
    sequence(
      { transactionId, prepareDownloadResponse: withRawBytes(PrepareDownloadResponse) },
      'GetBoundProfilePackageRequest',
    ),
  ),
  response: answer(
    0xbf3a,
    tagged(
      0xa0,
      sequence(
        { transactionId, boundProfilePackage: rawElement('BoundProfilePackage', 0xbf36) },
        'GetBoundProfilePackageOk',
      ),
    ),
    {
      euiccSignatureInvalid: 1,
      confirmationCodeMissing: 2,
      confirmationCodeRefused: 3,
      confirmationCodeRetriesExceeded: 4,
      bppRebindingRefused: 5,
      downloadOrderExpired: 6,
      invalidTransactionId: 95,
      undefinedError: 127,
    },
  ),
  errors: {
    '8.1/6.1': 'euiccSignatureInvalid',
    '8.2.7/2.2': 'confirmationCodeMissing',
    '8.2.7/3.8': 'confirmationCodeRefused',
    '8.2.7/6.4': 'confirmationCodeRetriesExceeded',
    '8.2/3.7': 'bppRebindingRefused',
    '8.8.5/4.10': 'downloadOrderExpired',
    '8.10.1/3.9': 'invalidTransactionId',
  },
  otherError: 'undefinedError',
} as const

const cancelSession = {
  /** CancelSessionRequestEs9 ::= [65] SEQUENCE { transactionId, cancelSessionResponse }, with automatic tags. */
  request: tagged(
    0xbf41,
    sequence(
      { transactionId, cancelSessionResponse: withRawBytes(tagged(0xa1, CancelSessionResponse)) },
      'CancelSessionRequestEs9',
    ),
  ),
  response: answer(0xbf41, tagged(0xa0, sequence({}, 'CancelSessionOk')), {
    invalidTransactionId: 1,
    euiccSignatureInvalid: 2,
    undefinedError: 127,
  }),
  errors: { '8.10.1/3.9': 'invalidTransactionId', '8.1/6.1': 'euiccSignatureInvalid' },
  otherError: 'undefinedError',
} as const

const handleNotification = {
  /** HandleNotification ::= [61] SEQUENCE { pendingNotification }, a CHOICE and so explicitly tagged. */
  request: tagged(
    0xbf3d,
    sequence({ pendingNotification: explicit(0xa0, withRawBytes(PendingNotification)) }, 'HandleNotification'),
  ),
  response: undefined,
  errors: {},
  otherError: undefined,
} as const

/**
 * SGP.22 §6.6 and Annex H, ES9+ in the ASN.1 binding. Requests and responses are alternatives of
 * RemoteProfileProvisioningRequest and RemoteProfileProvisioningResponse ::= [2] CHOICE.
 */
export const ES9pAsn1 = {
  InitiateAuthentication: initiateAuthentication,
  AuthenticateClient: authenticateClient,
  GetBoundProfilePackage: getBoundProfilePackage,
  HandleNotification: handleNotification,
  CancelSession: cancelSession,
} as const

/** Wraps one alternative in RemoteProfileProvisioningRequest or -Response. */
export const remoteProfileProvisioning = <T>(alternative: Schema<T>): Schema<T> => explicit(0xa2, alternative)
