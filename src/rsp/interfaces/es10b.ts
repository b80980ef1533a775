import { choice, optional, sequence, sequenceOf } from '../../asn1/constructed.ts'
import { bits, integer, namedInteger, octets } from '../../asn1/primitives.ts'
import { explicit, rawElement, tagged, withRawBytes } from '../../asn1/schema.ts'
import {
  AuthenticateServerRequest,
  AuthenticateServerResponse,
  CancelSessionRequest,
  CancelSessionResponse,
  PrepareDownloadRequest,
  PrepareDownloadResponse,
} from '../authentication.ts'
import { EUICCInfo1, EUICCInfo2 } from '../euicc-info.ts'
import { NotificationEvent, OperatorId, PprIds } from '../identifiers.ts'
import { NotificationMetadata, PendingNotification, ProfileInstallationResult } from '../notification.ts'
import { es10Function } from './es10-function.ts'

/** ListNotificationResponse ::= [40] CHOICE { notificationMetadataList, listNotificationsResultError } */
const ListNotificationResponse = choice(
  {
    notificationMetadataList: tagged(0xa0, sequenceOf(NotificationMetadata)),
    listNotificationsResultError: tagged(0x81, namedInteger({ undefinedError: 127 })),
  },
  'ListNotificationResponse',
)

/** RetrieveNotificationsListRequest ::= [43] SEQUENCE { searchCriteria CHOICE { seqNumber [0], profileManagementOperation [1] } OPTIONAL } */
const RetrieveNotificationsListRequest = sequence(
  {
    searchCriteria: optional(
      explicit(
        0xa0,
        choice(
          { seqNumber: tagged(0x80, integer(0)), profileManagementOperation: tagged(0x81, NotificationEvent) },
          'searchCriteria',
        ),
      ),
    ),
  },
  'RetrieveNotificationsListRequest',
)
const RetrieveNotificationsListResponse = choice(
  {
    notificationList: tagged(0xa0, sequenceOf(withRawBytes(PendingNotification))),
    notificationsListResultError: tagged(0x81, namedInteger({ undefinedError: 127 })),
  },
  'RetrieveNotificationsListResponse',
)

/** LoadCRLResponse ::= [53] CHOICE { loadCRLResponseOk, loadCRLResponseError } */
const LoadCRLResponse = choice(
  {
    loadCRLResponseOk: tagged(
      0xa0,
      sequence({ missingParts: optional(tagged(0xa0, sequenceOf(integer()))) }, 'LoadCRLResponseOk'),
    ),
    loadCRLResponseError: tagged(
      0x81,
      namedInteger({
        invalidSignature: 1,
        invalidCRLFormat: 2,
        notEnoughMemorySpace: 3,
        verificationKeyNotFound: 4,
        fresherCrlAlreadyLoaded: 5,
        baseCrlMissing: 6,
        undefinedError: 127,
      }),
    ),
  },
  'LoadCRLResponse',
)

/** SGP.22 §2.9.3. ProfilePolicyAuthorisationRule ::= SEQUENCE { pprIds, allowedOperators, pprFlags } */
const ProfilePolicyAuthorisationRule = sequence(
  {
    pprIds: tagged(0x80, PprIds),
    allowedOperators: tagged(0xa1, sequenceOf(OperatorId)),
    pprFlags: tagged(0x82, bits('consentRequired')),
  },
  'ProfilePolicyAuthorisationRule',
)

/**
 * SGP.22 §5.7.5 to §5.7.14 and §5.7.22: download and notifications.
 *
 * Values that the LPA forwards to a server retain their raw bytes, because they are signed.
 */
export const ES10b = {
  PrepareDownload: es10Function({
    interface: 'ES10b',
    name: 'PrepareDownload',
    clause: '5.7.5',
    request: PrepareDownloadRequest,
    response: withRawBytes(PrepareDownloadResponse),
  }),
  /**
   * The request is not one element but the segments of the package (see `es8p.ts`). The response follows the last
   * segment, or an earlier one on an error.
   */
  LoadBoundProfilePackage: es10Function({
    interface: 'ES10b',
    name: 'LoadBoundProfilePackage',
    clause: '5.7.6',
    request: rawElement('segment of the BoundProfilePackage'),
    response: withRawBytes(ProfileInstallationResult),
  }),
  GetEUICCChallenge: es10Function({
    interface: 'ES10b',
    name: 'GetEUICCChallenge',
    clause: '5.7.7',
    request: tagged(0xbf2e, sequence({}, 'GetEuiccChallengeRequest')),
    response: tagged(0xbf2e, sequence({ euiccChallenge: tagged(0x80, octets(16)) }, 'GetEuiccChallengeResponse')),
  }),
  GetEUICCInfo1: es10Function({
    interface: 'ES10b',
    name: 'GetEUICCInfo1',
    clause: '5.7.8',
    request: tagged(0xbf20, sequence({}, 'GetEuiccInfo1Request')),
    response: withRawBytes(EUICCInfo1),
  }),
  GetEUICCInfo2: es10Function({
    interface: 'ES10b',
    name: 'GetEUICCInfo2',
    clause: '5.7.8',
    request: tagged(0xbf22, sequence({}, 'GetEuiccInfo2Request')),
    response: withRawBytes(EUICCInfo2),
  }),
  ListNotification: es10Function({
    interface: 'ES10b',
    name: 'ListNotification',
    clause: '5.7.9',
    request: tagged(
      0xbf28,
      sequence({ profileManagementOperation: optional(tagged(0x81, NotificationEvent)) }, 'ListNotificationRequest'),
    ),
    response: explicit(0xbf28, ListNotificationResponse),
  }),
  RetrieveNotificationsList: es10Function({
    interface: 'ES10b',
    name: 'RetrieveNotificationsList',
    clause: '5.7.10',
    request: tagged(0xbf2b, RetrieveNotificationsListRequest),
    response: explicit(0xbf2b, RetrieveNotificationsListResponse),
  }),
  RemoveNotificationFromList: es10Function({
    interface: 'ES10b',
    name: 'RemoveNotificationFromList',
    clause: '5.7.11',
    request: tagged(0xbf30, sequence({ seqNumber: tagged(0x80, integer(0)) }, 'NotificationSentRequest')),
    response: tagged(
      0xbf30,
      sequence(
        { deleteNotificationStatus: tagged(0x80, namedInteger({ ok: 0, nothingToDelete: 1, undefinedError: 127 })) },
        'NotificationSentResponse',
      ),
    ),
  }),
  LoadCRL: es10Function({
    interface: 'ES10b',
    name: 'LoadCRL',
    clause: '5.7.12',
    // AUTOMATIC TAGS put [0] in place of the CertificateList's own SEQUENCE tag.
    request: tagged(0xbf35, sequence({ crl: rawElement('CertificateList', 0xa0) }, 'LoadCRLRequest')),
    response: explicit(0xbf35, LoadCRLResponse),
  }),
  AuthenticateServer: es10Function({
    interface: 'ES10b',
    name: 'AuthenticateServer',
    clause: '5.7.13',
    request: AuthenticateServerRequest,
    response: withRawBytes(AuthenticateServerResponse),
  }),
  CancelSession: es10Function({
    interface: 'ES10b',
    name: 'CancelSession',
    clause: '5.7.14',
    request: CancelSessionRequest,
    response: withRawBytes(CancelSessionResponse),
  }),
  GetRAT: es10Function({
    interface: 'ES10b',
    name: 'GetRAT',
    clause: '5.7.22',
    request: tagged(0xbf43, sequence({}, 'GetRatRequest')),
    response: tagged(
      0xbf43,
      sequence({ rat: tagged(0xa0, sequenceOf(ProfilePolicyAuthorisationRule)) }, 'GetRatResponse'),
    ),
  }),
} as const
