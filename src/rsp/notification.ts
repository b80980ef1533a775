import { choice, optional, sequence, sequenceOf } from '../asn1/constructed.ts'
import { integer, namedInteger, octets, oid, utf8 } from '../asn1/primitives.ts'
import { explicit, rawElement, type SchemaValue, tagged, withRawBytes } from '../asn1/schema.ts'
import { Iccid, NotificationEvent, Signature, TransactionId } from './identifiers.ts'

/** NotificationMetadata ::= [47] SEQUENCE; exactly one operation bit is set. Sequence number 0 is valid. */
export const NotificationMetadata = tagged(
  0xbf2f,
  sequence(
    {
      seqNumber: tagged(0x80, integer(0)),
      profileManagementOperation: tagged(0x81, NotificationEvent),
      notificationAddress: utf8(),
      iccid: optional(Iccid),
    },
    'NotificationMetadata',
  ),
)
export type NotificationMetadata = SchemaValue<typeof NotificationMetadata>

/** BppCommandId ::= INTEGER: the command of the bound package at which loading stopped. */
export const BppCommandId = namedInteger({
  initialiseSecureChannel: 0,
  configureISDP: 1,
  storeMetadata: 2,
  storeMetadata2: 3,
  replaceSessionKeys: 4,
  loadProfileElements: 5,
})
export type BppCommandId = SchemaValue<typeof BppCommandId>

/** ErrorReason ::= INTEGER of a ProfileInstallationResult, with the names of the module. */
export const ErrorReason = namedInteger({
  incorrectInputValues: 1,
  invalidSignature: 2,
  invalidTransactionId: 3,
  unsupportedCrtValues: 4,
  unsupportedRemoteOperationType: 5,
  unsupportedProfileClass: 6,
  scp03tStructureError: 7,
  scp03tSecurityError: 8,
  installFailedDueToIccidAlreadyExistsOnEuicc: 9,
  installFailedDueToInsufficientMemoryForProfile: 10,
  installFailedDueToInterruption: 11,
  installFailedDueToPEProcessingError: 12,
  installFailedDueToDataMismatch: 13,
  testProfileInstallFailedDueToInvalidNaaKey: 14,
  pprNotAllowed: 15,
  installFailedDueToUnknownError: 127,
})
export type ErrorReason = SchemaValue<typeof ErrorReason>

/**
 * SuccessResult ::= SEQUENCE { aid [APPLICATION 15], simaResponse }; simaResponse contains the EUICCResponse of SAIP.
 */
const SuccessResult = sequence({ aid: tagged(0x4f, octets(5, 16)), simaResponse: octets() }, 'SuccessResult')
/** ErrorResult ::= SEQUENCE { bppCommandId, errorReason, simaResponse OPTIONAL } */
const ErrorResult = sequence(
  {
    bppCommandId: tagged(0x80, BppCommandId),
    errorReason: tagged(0x81, ErrorReason),
    simaResponse: optional(tagged(0x82, octets())),
  },
  'ErrorResult',
)

/** SGP.22 §2.5.6. ProfileInstallationResultData ::= [39] SEQUENCE, the signed part. */
export const ProfileInstallationResultData = tagged(
  0xbf27,
  sequence(
    {
      transactionId: tagged(0x80, TransactionId),
      notificationMetadata: NotificationMetadata,
      smdpOid: oid(),
      finalResult: explicit(
        0xa2,
        choice({ successResult: tagged(0xa0, SuccessResult), errorResult: tagged(0xa1, ErrorResult) }, 'finalResult'),
      ),
    },
    'ProfileInstallationResultData',
  ),
)
export type ProfileInstallationResultData = SchemaValue<typeof ProfileInstallationResultData>

/** ProfileInstallationResult ::= [55] SEQUENCE { profileInstallationResultData [39], euiccSignPIR } */
export const ProfileInstallationResult = tagged(
  0xbf37,
  sequence(
    { profileInstallationResultData: withRawBytes(ProfileInstallationResultData), euiccSignPIR: Signature },
    'ProfileInstallationResult',
  ),
)
export type ProfileInstallationResult = SchemaValue<typeof ProfileInstallationResult>

/** OtherSignedNotification ::= SEQUENCE { tbsOtherNotification, signature, euiccCertificate, eumCertificate } */
export const OtherSignedNotification = sequence(
  {
    tbsOtherNotification: withRawBytes(NotificationMetadata),
    euiccNotificationSignature: Signature,
    euiccCertificate: rawElement('Certificate', 0x30),
    eumCertificate: rawElement('Certificate', 0x30),
    /** Version 3: the other certificates of the chain, without the CI. */
    otherCertsInChain: optional(tagged(0xa1, sequenceOf(rawElement('Certificate', 0x30)))),
  },
  'OtherSignedNotification',
)
export type OtherSignedNotification = SchemaValue<typeof OtherSignedNotification>

/** PendingNotification ::= CHOICE { profileInstallationResult [55], otherSignedNotification } */
export const PendingNotification = choice(
  { profileInstallationResult: ProfileInstallationResult, otherSignedNotification: OtherSignedNotification },
  'PendingNotification',
)
export type PendingNotification = SchemaValue<typeof PendingNotification>

/** Returns the metadata of either kind of pending notification. */
export const getNotificationMetadata = (notification: PendingNotification): NotificationMetadata =>
  notification.profileInstallationResult !== undefined
    ? notification.profileInstallationResult.profileInstallationResultData.value.notificationMetadata
    : notification.otherSignedNotification.tbsOtherNotification.value
