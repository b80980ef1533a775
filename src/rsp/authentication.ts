import { choice, optional, sequence, sequenceOf } from '../asn1/constructed.ts'
import { bits, boolean, integer, namedInteger, octets, oid, utf8 } from '../asn1/primitives.ts'
import { explicit, rawElement, type SchemaValue, tagged, withRawBytes } from '../asn1/schema.ts'
import { EUICCInfo2 } from './euicc-info.ts'
import { OneTimePublicKey, Signature, SubjectKeyIdentifier, TransactionId, VersionType } from './identifiers.ts'

const Certificate = rawElement('Certificate', 0x30)
const version = (number: number) => optional(tagged(0x80 + number, VersionType))

/** DeviceCapabilities ::= SEQUENCE: highest fully supported release for each access, all optional (SGP.22 §4.2). */
const DeviceCapabilities = sequence(
  {
    gsmSupportedRelease: version(0),
    utranSupportedRelease: version(1),
    cdma2000onexSupportedRelease: version(2),
    cdma2000hrpdSupportedRelease: version(3),
    cdma2000ehrpdSupportedRelease: version(4),
    eutranEpcSupportedRelease: version(5),
    contactlessSupportedRelease: version(6),
    rspCrlSupportedVersion: version(7),
    nrEpcSupportedRelease: version(8),
    nr5gcSupportedRelease: version(9),
    eutran5gcSupportedRelease: version(10),
    lpaSvn: version(11),
    catSupportedClasses: optional(tagged(0x8c, bits())),
    euiccFormFactorType: optional(tagged(0x8d, integer())),
    deviceAdditionalFeatureSupport: optional(tagged(0xae, sequence({ naiSupport: version(0) }))),
  },
  'DeviceCapabilities',
)

/** DeviceInfo ::= SEQUENCE { tac, deviceCapabilities, imei OPTIONAL }; TAC and IMEI in swapped digits (SGP.22 §4.2). */
export const DeviceInfo = sequence(
  {
    tac: tagged(0x80, octets(4)),
    deviceCapabilities: tagged(0xa1, DeviceCapabilities),
    imei: optional(tagged(0x82, octets(8))),
  },
  'DeviceInfo',
)
export type DeviceInfo = SchemaValue<typeof DeviceInfo>

/** CtxParams1 ::= CHOICE { ctxParamsForCommonAuthentication [0] }: matching id and device, signed by the card. */
export const CtxParams1 = choice(
  {
    ctxParamsForCommonAuthentication: tagged(
      0xa0,
      sequence(
        { matchingId: optional(tagged(0x80, utf8())), deviceInfo: tagged(0xa1, DeviceInfo) },
        'CtxParamsForCommonAuthentication',
      ),
    ),
  },
  'CtxParams1',
)
export type CtxParams1 = SchemaValue<typeof CtxParams1>

/** ServerSigned1 ::= SEQUENCE { transactionId [0], euiccChallenge [1], serverAddress [3], serverChallenge [4] } */
export const ServerSigned1 = sequence(
  {
    transactionId: tagged(0x80, TransactionId),
    euiccChallenge: tagged(0x81, octets(16)),
    serverAddress: tagged(0x83, utf8()),
    serverChallenge: tagged(0x84, octets(16)),
  },
  'ServerSigned1',
)
export type ServerSigned1 = SchemaValue<typeof ServerSigned1>

/** SGP.22 §5.7.13. AuthenticateServerRequest ::= [56] SEQUENCE */
export const AuthenticateServerRequest = tagged(
  0xbf38,
  sequence(
    {
      serverSigned1: withRawBytes(ServerSigned1),
      serverSignature1: Signature,
      euiccCiPKIdToBeUsed: SubjectKeyIdentifier,
      serverCertificate: Certificate,
      ctxParams1: CtxParams1,
    },
    'AuthenticateServerRequest',
  ),
)
export type AuthenticateServerRequest = SchemaValue<typeof AuthenticateServerRequest>

/** EuiccSigned1 ::= SEQUENCE { transactionId [0], serverAddress [3], serverChallenge [4], euiccInfo2 [34], ctxParams1 } */
export const EuiccSigned1 = sequence(
  {
    transactionId: tagged(0x80, TransactionId),
    serverAddress: tagged(0x83, utf8()),
    serverChallenge: tagged(0x84, octets(16)),
    euiccInfo2: EUICCInfo2,
    ctxParams1: CtxParams1,
  },
  'EuiccSigned1',
)
export type EuiccSigned1 = SchemaValue<typeof EuiccSigned1>

/** AuthenticateErrorCode ::= INTEGER */
export const AuthenticateErrorCode = namedInteger({
  invalidCertificate: 1,
  invalidSignature: 2,
  unsupportedCurve: 3,
  noSessionContext: 4,
  invalidOid: 5,
  euiccChallengeMismatch: 6,
  ciPKUnknown: 7,
  undefinedError: 127,
})
export type AuthenticateErrorCode = SchemaValue<typeof AuthenticateErrorCode>

const AuthenticateResponseOk = sequence(
  {
    euiccSigned1: withRawBytes(EuiccSigned1),
    euiccSignature1: Signature,
    euiccCertificate: Certificate,
    /** The certificate of the EUM. In version 3 chains, the certificate of the issuer of the eUICC certificate. */
    eumCertificate: Certificate,
    /** Version 3: the other certificates of the chain, without the CI. */
    otherCertsInChain: optional(tagged(0xa0, sequenceOf(Certificate))),
  },
  'AuthenticateResponseOk',
)
const AuthenticateResponseError = sequence(
  { transactionId: tagged(0x80, TransactionId), authenticateErrorCode: AuthenticateErrorCode },
  'AuthenticateResponseError',
)
/** AuthenticateServerResponse ::= [56] CHOICE { authenticateResponseOk, authenticateResponseError } */
export const AuthenticateServerResponse = explicit(
  0xbf38,
  choice(
    {
      authenticateResponseOk: tagged(0xa0, AuthenticateResponseOk),
      authenticateResponseError: tagged(0xa1, AuthenticateResponseError),
    },
    'AuthenticateServerResponse',
  ),
)
export type AuthenticateServerResponse = SchemaValue<typeof AuthenticateServerResponse>

/** SmdpSigned2 ::= SEQUENCE { transactionId [0], ccRequiredFlag, bppEuiccOtpk [APPLICATION 73] OPTIONAL } */
export const SmdpSigned2 = sequence(
  { transactionId: tagged(0x80, TransactionId), ccRequiredFlag: boolean(), bppEuiccOtpk: optional(OneTimePublicKey) },
  'SmdpSigned2',
)
export type SmdpSigned2 = SchemaValue<typeof SmdpSigned2>

/** SGP.22 §5.7.5. PrepareDownloadRequest ::= [33] SEQUENCE */
export const PrepareDownloadRequest = tagged(
  0xbf21,
  sequence(
    {
      smdpSigned2: withRawBytes(SmdpSigned2),
      smdpSignature2: Signature,
      hashCc: optional(octets(32)),
      smdpCertificate: Certificate,
    },
    'PrepareDownloadRequest',
  ),
)
export type PrepareDownloadRequest = SchemaValue<typeof PrepareDownloadRequest>

/** EUICCSigned2 ::= SEQUENCE { transactionId [0], euiccOtpk [APPLICATION 73], hashCc OPTIONAL } */
export const EUICCSigned2 = sequence(
  { transactionId: tagged(0x80, TransactionId), euiccOtpk: OneTimePublicKey, hashCc: optional(octets(32)) },
  'EUICCSigned2',
)
export type EUICCSigned2 = SchemaValue<typeof EUICCSigned2>

/** DownloadErrorCode ::= INTEGER */
export const DownloadErrorCode = namedInteger({
  invalidCertificate: 1,
  invalidSignature: 2,
  unsupportedCurve: 3,
  noSessionContext: 4,
  invalidTransactionId: 5,
  undefinedError: 127,
})
export type DownloadErrorCode = SchemaValue<typeof DownloadErrorCode>

/** PrepareDownloadResponse ::= [33] CHOICE { downloadResponseOk, downloadResponseError } */
export const PrepareDownloadResponse = explicit(
  0xbf21,
  choice(
    {
      downloadResponseOk: tagged(
        0xa0,
        sequence({ euiccSigned2: withRawBytes(EUICCSigned2), euiccSignature2: Signature }, 'PrepareDownloadResponseOk'),
      ),
      downloadResponseError: tagged(
        0xa1,
        sequence(
          { transactionId: tagged(0x80, TransactionId), downloadErrorCode: DownloadErrorCode },
          'PrepareDownloadResponseError',
        ),
      ),
    },
    'PrepareDownloadResponse',
  ),
)
export type PrepareDownloadResponse = SchemaValue<typeof PrepareDownloadResponse>

/** CancelSessionReason ::= INTEGER */
export const CancelSessionReason = namedInteger({
  endUserRejection: 0,
  postponed: 1,
  timeout: 2,
  pprNotAllowed: 3,
  metadataMismatch: 4,
  loadBppExecutionError: 5,
  undefinedReason: 127,
})
export type CancelSessionReason = SchemaValue<typeof CancelSessionReason>

/** SGP.22 §5.7.14. CancelSessionRequest ::= [65] SEQUENCE { transactionId, reason } */
export const CancelSessionRequest = tagged(
  0xbf41,
  sequence(
    { transactionId: tagged(0x80, TransactionId), reason: tagged(0x81, CancelSessionReason) },
    'CancelSessionRequest',
  ),
)

/** EuiccCancelSessionSigned ::= SEQUENCE { transactionId, smdpOid, reason } */
export const EuiccCancelSessionSigned = sequence(
  {
    transactionId: tagged(0x80, TransactionId),
    smdpOid: tagged(0x81, oid()),
    reason: tagged(0x82, CancelSessionReason),
  },
  'EuiccCancelSessionSigned',
)

/** CancelSessionResponse ::= [65] CHOICE { cancelSessionResponseOk, cancelSessionResponseError } */
export const CancelSessionResponse = explicit(
  0xbf41,
  choice(
    {
      cancelSessionResponseOk: tagged(
        0xa0,
        sequence(
          { euiccCancelSessionSigned: withRawBytes(EuiccCancelSessionSigned), euiccCancelSessionSignature: Signature },
          'CancelSessionResponseOk',
        ),
      ),
      cancelSessionResponseError: tagged(0x81, namedInteger({ invalidTransactionId: 5, undefinedError: 127 })),
    },
    'CancelSessionResponse',
  ),
)
export type CancelSessionResponse = SchemaValue<typeof CancelSessionResponse>
