import { FURTHER_STUDY, type Group, group, VOID } from '../row.ts'

const sgp23 = (section: string, clause: string) => ({ source: `SGP.23 ${section}`, clause })
const frp = ['', 'the same on FRP256V1', FURTHER_STUDY] as const

const lastErrors = (first: number) =>
  [
    ['JSON', 'a transaction id that is unknown, in the message', '8.10.1/3.9'],
    ['signed', 'another transaction id under the signature of the eUICC', '8.10.1/3.9'],
    ['signature', 'a signature that does not verify', '8.1/6.1'],
    ['oid', 'the OID of another SM-DP+ under the signature', '8.8/3.10'],
  ].map(
    ([_, title, pair], at) =>
      [
        `#${String(first + at).padStart(2, '0')}`,
        title!,
        { pair: pair!, reading: 'the four errors of SGP.22 §5.6.5, in our order' },
      ] as const,
  )

/** PIR error reasons of SGP.22 §2.5.6 in their order, without invalidTransactionId, which is #03. */
export const PIR_REASONS = [
  'incorrectInputValues',
  'invalidSignature',
  'unsupportedCrtValues',
  'unsupportedRemoteOperationType',
  'unsupportedProfileClass',
  'scp03tStructureError',
  'scp03tSecurityError',
  'installFailedDueToIccidAlreadyExistsOnEuicc',
  'installFailedDueToInsufficientMemoryForProfile',
  'installFailedDueToInterruption',
  'installFailedDueToPEProcessingError',
  'installFailedDueToDataMismatch',
  'testProfileInstallFailedDueToInvalidNaaKey',
  'pprNotAllowed',
  'installFailedDueToUnknownError',
] as const

/** Failures that another try may get past. */
export const MAY_TRY_AGAIN: readonly string[] = [
  'installFailedDueToInsufficientMemoryForProfile',
  'installFailedDueToInterruption',
]

export const ES9P_BY_SGP23: readonly Group[] = [
  group('TC_SM-DP+_ES9+.InitiateAuthenticationNIST', sgp23('4.3.12.2.1', '5.6.1'), [
    ['#01', 'opens a session under its own signature'],
    ['#02', 'transaction id and challenge are new each time'],
    ['#03', 'another SM-DP+ address', '8.8.1/3.8'],
    ['#04', 'no CI that the eUICC signs with is known here', '8.8.2/3.1'],
    ['#05', 'a specification version that is not supported', '8.8.3/3.1'],
    ['#06', 'no certificate here of a CI that the eUICC can verify', '8.8.4/3.7'],
    ['#07', 'an eUICC of version 2.2.1'],
    ['#08', 'an eUICC of version 2.2.2'],
    ['#09', 'an eUICC of version 2.3'],
  ]),
  group('TC_SM-DP+_ES9+.InitiateAuthenticationFRP', sgp23('4.3.12.2.2', '5.6.1'), [frp]),
  group('TC_SM-DP+_ES9+.InitiateAuthenticationBRP', sgp23('4.3.12.2.3', '5.6.1'), [
    ['#01', 'opens a session under its own signature on brainpoolP256r1'],
  ]),
  group('TC_SM-DP+_ES9+.GetBoundProfilePackageNIST', sgp23('4.3.13.2.1', '5.6.2'), [
    ['#01', 'under the session keys'],
    ['#02', 'under the session keys, with confirmation code'],
    ['#03', 'under profile protection keys'],
    ['#04', 'under profile protection keys, with confirmation code'],
    ['#05', 'under the session keys, metadata in two segments'],
    ['#06', 'under profile protection keys, metadata in two segments'],
  ]),
  group('TC_SM-DP+_ES9+.GetBoundProfilePackageFRP', sgp23('4.3.13.2.2', '5.6.2'), [frp]),
  group('TC_SM-DP+_ES9+.GetBoundProfilePackageBRP', sgp23('4.3.13.2.3', '5.6.2'), [
    ['#01', 'under the session keys, on brainpoolP256r1', { reading: 'the nominal case of the NIST group' }],
  ]),
  group('TC_SM-DP+_ES9+.GetBoundProfilePackage_RetryCases_ReuseOTPK_NIST', sgp23('4.3.13.2.4', '3.1.3'), [
    ['#01', 'same one-time key, session keys: the same segments'],
    ['#02', 'same one-time key, session keys, confirmation code'],
    ['#03', 'same one-time key, profile protection keys'],
    ['#04', 'same one-time key, profile protection keys, confirmation code'],
    ['#05', 'the eUICC rejects the key that is offered, session keys: bound anew'],
    ['#06', 'the eUICC rejects the key that is offered, session keys, confirmation code'],
    ['#07', 'the eUICC rejects the key that is offered, profile protection keys'],
    ['#08', 'the eUICC rejects the key that is offered, profile protection keys, confirmation code'],
    [
      '#09',
      'a wrong confirmation code, then the right one',
      { reading: 'the right one comes in the same session and, for another order, in a session of its own' },
    ],
  ]),
  group(
    'TC_SM-DP+_ES9+.GetBoundProfilePackage_RetryCases_DifferentOTPK_NIST',
    sgp23('4.3.13.2.7', '3.1.3'),
    ['session keys', 'session keys, confirmation code', 'keys of its own', 'keys of its own, confirmation code'].map(
      (what, at) =>
        [
          `#0${at + 1}`,
          `a retry for which no one-time key is offered: ${what}`,
          { reading: 'the first try was postponed before anything was bound, so the server has no key to offer' },
        ] as const,
    ),
  ),
  group('TC_SM-DP+_ES9+.GetBoundProfilePackage_ErrorCasesNIST', sgp23('4.3.13.2.10', '5.6.2'), [
    ['#01', 'a signature that does not verify', '8.1/6.1'],
    ['#02', 'a transaction id that is unknown, in the message', '8.10.1/3.9'],
    [
      '#03',
      'another transaction id under the signature of the eUICC',
      { pair: '8.10.1/3.9', reading: 'SGP.23 says "in ASN.1", which is what the eUICC signed' },
    ],
    ['#04', 'no confirmation code where one is needed', '8.2.7/2.2'],
    ['#05', 'a wrong confirmation code', '8.2.7/3.8'],
  ]),
  group('TC_SM-DP+_ES9+.AuthenticateClientNIST', sgp23('4.3.14.2.1', '5.6.3'), [
    ['#01', 'default SM-DP+'],
    ['#02', 'default SM-DP+, confirmation code'],
    ['#03', 'default SM-DP+, second attempt'],
    ['#04', '', VOID],
    ['#05', 'SM-DS: event id'],
    ['#06', 'SM-DS: event id, confirmation code'],
    ['#07', '', VOID],
    ['#08', 'activation code: matching id'],
    ['#09', 'activation code: matching id, confirmation code'],
    ['#10', '', VOID],
    ['#11', 'activation code of an order without EID'],
    ['#12', 'activation code of an order without EID, confirmation code'],
    ['#13', '', VOID],
    ['#14', 'default SM-DP+, matching id left out'],
    ['#15', 'SM-DS, matching id left out', { reading: 'an order that stands at an SM-DS with an empty matching id' }],
    ['#16', 'SM-DS, matching id empty', { reading: 'as #15, the member there and empty' }],
    [
      '#17',
      'activation code, matching id left out',
      { reading: 'an activation code without matching id leads to the order for the EID' },
    ],
    ['#18', 'activation code, matching id empty', { reading: 'as #17, the member there and empty' }],
    ['#19', 'UICC capabilities that are not known here'],
    ['#20', 'device information with members that are not known here'],
    ['#21', 'EUICCInfo2 with members that are not known here'],
  ]),
  group('TC_SM-DP+_ES9+.AuthenticateClientNIST_ErrorCases', sgp23('4.3.14.2.2', '5.6.3'), [
    ['#01', 'an EUM certificate that is not valid: signature, role, key usage, extensions', '8.1.2/6.1'],
    ['#02', 'an EUM certificate that has expired', '8.1.2/6.3'],
    ['#03', 'an eUICC certificate that is not valid: signature, role, key usage, EID', '8.1.3/6.1'],
    ['#04', 'an eUICC certificate that has expired', '8.1.3/6.3'],
    ['#05', 'a signature of the eUICC that does not verify', '8.1/6.1'],
    ['#06', 'another server challenge under the signature', '8.1/6.1'],
    ['#07', 'a chain under a CI that is not known', '8.11.1/3.9'],
    ['#08', 'an order that is not released', '8.2/1.2'],
    ['#09', 'a transaction id that is unknown, in the message', '8.10.1/3.9'],
    ['#10', 'another transaction id under the signature', '8.10.1/3.9'],
    [
      '#11',
      'default SM-DP+: a matching id that is refused',
      { pair: '8.2.6/3.8', reading: 'the order of the EID has none, and the LPA comes with one' },
    ],
    ['#12', 'activation code: a matching id that is refused', '8.2.6/3.8'],
    ['#13', 'SM-DS: an event id that is refused', '8.2.6/3.8'],
    ['#14', 'default SM-DP+: nothing for this EID', '8.1.1/3.8'],
    ['#15', 'a profile that does not fit the eUICC', '8.2.5/4.3'],
    ['#16', 'an order that has expired', '8.8.5/4.10'],
    ['#17', 'an order that was tried too often', '8.8.5/6.4'],
    ['#18', '', VOID],
    ['#19', 'SM-DS: an order for another EID', '8.1.1/3.8'],
    ['#20', 'activation code: an order for another EID', '8.1.1/3.8'],
    [
      '#21',
      'activation code, order without EID: a matching id that is refused',
      { pair: '8.2.6/3.8', reading: 'the order is released, and the LPA comes with another matching id' },
    ],
  ]),
  group('TC_SM-DP+_ES9+.AuthenticateClientFRP', sgp23('4.3.14.2.3', '5.6.3'), [frp]),
  group('TC_SM-DP+_ES9+.AuthenticateClientBRP', sgp23('4.3.14.2.5', '5.6.3'), [
    ['#01', 'default SM-DP+, on brainpoolP256r1'],
  ]),
  group('TC_SM-DP+_ES9+.AuthenticateClient_RetryCases_Reuse_OTPK', sgp23('4.3.14.2.6', '3.1.3'), [
    ['#01', 'default SM-DP+: the one-time key of the first try is offered'],
    ['#02', 'SM-DS: the one-time key of the first try is offered'],
    ['#03', 'activation code: the one-time key of the first try is offered'],
    ['#04', 'activation code, the EID not known before: the one-time key of the first try is offered'],
  ]),
  group('TC_SM-DP+_ES9+_HandleNotificationNIST', sgp23('4.3.15.2.1', '5.6.4'), [
    ['#01', 'installed, enabled, disabled, deleted: all kept'],
    [
      '#02',
      'installed, and the profile sends some events only',
      { reading: 'its metadata ask for a notification of being enabled alone' },
    ],
    [
      '#03',
      'a transaction id that is wrong',
      { reading: 'both: a result of a session that never was, and a result whose reason is invalidTransactionId' },
    ],
    ...PIR_REASONS.map(
      (reason, at) =>
        [
          `#${String(at + 4).padStart(2, '0')}`,
          `failed: ${reason}; the order ${MAY_TRY_AGAIN.includes(reason) ? 'waits for another try' : 'is in error'}`,
          { reading: 'the reasons in their order; whether another try could help decides on the order' },
        ] as const,
    ),
  ]),
  group('TC_SM-DP+_ES9+_HandleNotificationFRP', sgp23('4.3.15.2.2', '5.6.4'), [frp]),
  group('TC_SM-DP+_ES9+_HandleNotificationBRP', sgp23('4.3.15.2.3', '5.6.4'), [
    ['#01', 'installed, enabled, disabled, deleted, on brainpoolP256r1', { reading: '#01 of the NIST group' }],
  ]),
  group('TC_SM-DP+_ES9+.CancelSession_After_AuthenticateClientNIST', sgp23('4.3.16.2.1', '5.6.5'), [
    ['#01', 'endUserRejection: the order is in error'],
    ['#02', 'postponed: the order waits'],
    ['#03', 'timeout: the order waits'],
    ['#04', 'pprNotAllowed: the order is in error'],
    ['#05', 'undefinedReason: the order is in error'],
    ...lastErrors(6),
  ]),
  group('TC_SM-DP+_ES9+.CancelSession_After_GetBoundProfilePackageNIST', sgp23('4.3.16.2.2', '5.6.5'), [
    ['#01', 'endUserRejection: the order is in error'],
    ['#02', 'postponed: the order waits'],
    ['#03', 'timeout: the order waits'],
    ['#04', 'pprNotAllowed: the order is in error'],
    ['#05', 'metadataMismatch: the order is in error'],
    ['#06', 'loadBppExecutionError: the order is in error'],
    ['#07', 'undefinedReason: the order is in error'],
    ...lastErrors(8),
  ]),
  group('TC_SM-DP+_ES9+.CancelSession_After_AuthenticateClientFRP', sgp23('4.3.16.2.3', '5.6.5'), [frp]),
  group('TC_SM-DP+_ES9+.CancelSession_After_GetBoundProfilePackageFRP', sgp23('4.3.16.2.4', '5.6.5'), [frp]),
  group('TC_SM-DP+_ES9+.CancelSession_After_AuthenticateClientBRP', sgp23('4.3.16.2.5', '5.6.5'), [
    ['#01', 'endUserRejection, on brainpoolP256r1', { reading: '#01 of the NIST group' }],
  ]),
  group('TC_SM-DP+_ES9+.CancelSession_After_GetBoundProfilePackageBRP', sgp23('4.3.16.2.6', '5.6.5'), [
    ['#01', 'endUserRejection, on brainpoolP256r1', { reading: '#01 of the NIST group' }],
  ]),
  group('TC_SM-DP+_ES9+_Server_Authentication_for_HTTPS_EstablishmentNIST', sgp23('4.3.17.1', '2.6.6'), [
    ['', 'the certificate of NIST P-256 is one that the LPA trusts'],
  ]),
  group('TC_SM-DP+_ES9+_Server_Authentication_for_HTTPS_EstablishmentBRP', sgp23('4.3.17.2', '2.6.6'), [
    ['', 'the certificate of brainpoolP256r1 is one that the LPA trusts'],
  ]),
]
