import { FURTHER_STUDY, type Group, group, VOID } from '../row.ts'

const sgp23 = (section: string, clause: string) => ({ source: `SGP.23 ${section}`, clause })
const frp = ['', 'The test case uses FRP256V1', FURTHER_STUDY] as const

const lastErrors = (first: number) =>
  [
    ['JSON', 'An unknown transaction id in the message is refused', '8.10.1/3.9'],
    ['signed', 'A signature over another transaction id is refused', '8.10.1/3.9'],
    ['signature', 'An invalid signature is refused', '8.1/6.1'],
    ['oid', 'A signature over the OID of another SM-DP+ is refused', '8.8/3.10'],
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
    ['#01', 'InitiateAuthentication opens a session and signs the response'],
    ['#02', 'Each session has a new transaction id and challenge'],
    ['#03', 'The address of another SM-DP+ is refused', '8.8.1/3.8'],
    ['#04', 'An eUICC that signs under unknown CIs only is refused', '8.8.2/3.1'],
    ['#05', 'An unsupported specification version is refused', '8.8.3/3.1'],
    ['#06', 'An eUICC that cannot verify any certificate of the server is refused', '8.8.4/3.7'],
    ['#07', 'An eUICC of version 2.2.1 is accepted'],
    ['#08', 'An eUICC of version 2.2.2 is accepted'],
    ['#09', 'An eUICC of version 2.3 is accepted'],
  ]),
  group('TC_SM-DP+_ES9+.InitiateAuthenticationFRP', sgp23('4.3.12.2.2', '5.6.1'), [frp]),
  group('TC_SM-DP+_ES9+.InitiateAuthenticationBRP', sgp23('4.3.12.2.3', '5.6.1'), [
    ['#01', 'InitiateAuthentication opens a session with brainpoolP256r1'],
  ]),
  group('TC_SM-DP+_ES9+.GetBoundProfilePackageNIST', sgp23('4.3.13.2.1', '5.6.2'), [
    ['#01', 'under the session keys'],
    ['#02', 'under the session keys, with confirmation code'],
    ['#03', 'with profile protection keys'],
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
    ['#05', 'the eUICC rejects the offered key, session keys: the package is bound to the new key'],
    ['#06', 'the eUICC rejects the key that is offered, session keys, confirmation code'],
    ['#07', 'the eUICC rejects the key that is offered, profile protection keys'],
    ['#08', 'the eUICC rejects the key that is offered, profile protection keys, confirmation code'],
    [
      '#09',
      'The right confirmation code after a wrong one is accepted',
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
          `A retry without an offered one-time key binds a new package: ${what}`,
          { reading: 'the first attempt was postponed before the binding, so the server offers no key' },
        ] as const,
    ),
  ),
  group('TC_SM-DP+_ES9+.GetBoundProfilePackage_ErrorCasesNIST', sgp23('4.3.13.2.10', '5.6.2'), [
    ['#01', 'An invalid signature is refused', '8.1/6.1'],
    ['#02', 'An unknown transaction id in the message is refused', '8.10.1/3.9'],
    [
      '#03',
      'A signature over another transaction id is refused',
      { pair: '8.10.1/3.9', reading: 'SGP.23 has "in ASN.1", which is the part that the eUICC signed' },
    ],
    ['#04', 'A missing confirmation code is refused', '8.2.7/2.2'],
    ['#05', 'A wrong confirmation code is refused', '8.2.7/3.8'],
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
    [
      '#15',
      'SM-DS, matching id left out',
      { reading: 'an order that is registered at an SM-DS with an empty matching id' },
    ],
    ['#16', 'SM-DS, matching id empty', { reading: 'as #15, with an empty member' }],
    [
      '#17',
      'activation code, matching id left out',
      { reading: 'an activation code without matching id leads to the order for the EID' },
    ],
    ['#18', 'activation code, matching id empty', { reading: 'as #17, with an empty member' }],
    ['#19', 'Unknown UICC capabilities are ignored'],
    ['#20', 'Unknown members of the device information are ignored'],
    ['#21', 'Unknown members of EUICCInfo2 are ignored'],
  ]),
  group('TC_SM-DP+_ES9+.AuthenticateClientNIST_ErrorCases', sgp23('4.3.14.2.2', '5.6.3'), [
    ['#01', 'An invalid EUM certificate is refused: signature, role, key usage, extensions', '8.1.2/6.1'],
    ['#02', 'An expired EUM certificate is refused', '8.1.2/6.3'],
    ['#03', 'An invalid eUICC certificate is refused: signature, role, key usage, EID', '8.1.3/6.1'],
    ['#04', 'An expired eUICC certificate is refused', '8.1.3/6.3'],
    ['#05', 'An invalid signature of the eUICC is refused', '8.1/6.1'],
    ['#06', 'A signature over another server challenge is refused', '8.1/6.1'],
    ['#07', 'A chain under an unknown CI is refused', '8.11.1/3.9'],
    ['#08', 'An order that is not released is refused', '8.2/1.2'],
    ['#09', 'An unknown transaction id in the message is refused', '8.10.1/3.9'],
    ['#10', 'A signature over another transaction id is refused', '8.10.1/3.9'],
    [
      '#11',
      'default SM-DP+: a matching id that is refused',
      { pair: '8.2.6/3.8', reading: 'the order of the EID has none, and the LPA comes with one' },
    ],
    ['#12', 'activation code: a matching id that is refused', '8.2.6/3.8'],
    ['#13', 'SM-DS: an event id that is refused', '8.2.6/3.8'],
    ['#14', 'default SM-DP+: nothing for this EID', '8.1.1/3.8'],
    ['#15', 'A profile that does not fit the eUICC is refused', '8.2.5/4.3'],
    ['#16', 'An expired order is refused', '8.8.5/4.10'],
    ['#17', 'An order without remaining attempts is refused', '8.8.5/6.4'],
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
    ['#01', 'Notifications of install, enable, disable and delete are stored'],
    [
      '#02',
      'installed, and the profile sends some events only',
      { reading: 'its metadata request the enable notification only' },
    ],
    [
      '#03',
      'A result with a wrong transaction id',
      { reading: 'both: a result of an unknown session, and a result with the reason invalidTransactionId' },
    ],
    ...PIR_REASONS.map(
      (reason, at) =>
        [
          `#${String(at + 4).padStart(2, '0')}`,
          `failed: ${reason}; the order ${MAY_TRY_AGAIN.includes(reason) ? 'permits another attempt' : 'is in error'}`,
          { reading: 'the reasons in their order; the order permits another attempt when the reason is temporary' },
        ] as const,
    ),
  ]),
  group('TC_SM-DP+_ES9+_HandleNotificationFRP', sgp23('4.3.15.2.2', '5.6.4'), [frp]),
  group('TC_SM-DP+_ES9+_HandleNotificationBRP', sgp23('4.3.15.2.3', '5.6.4'), [
    ['#01', 'installed, enabled, disabled, deleted, on brainpoolP256r1', { reading: '#01 of the NIST group' }],
  ]),
  group('TC_SM-DP+_ES9+.CancelSession_After_AuthenticateClientNIST', sgp23('4.3.16.2.1', '5.6.5'), [
    ['#01', 'endUserRejection: the order is in error'],
    ['#02', 'postponed: the order remains released'],
    ['#03', 'timeout: the order remains released'],
    ['#04', 'pprNotAllowed: the order is in error'],
    ['#05', 'undefinedReason: the order is in error'],
    ...lastErrors(6),
  ]),
  group('TC_SM-DP+_ES9+.CancelSession_After_GetBoundProfilePackageNIST', sgp23('4.3.16.2.2', '5.6.5'), [
    ['#01', 'endUserRejection: the order is in error'],
    ['#02', 'postponed: the order remains released'],
    ['#03', 'timeout: the order remains released'],
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
    ['', 'The LPA trusts the certificate of NIST P-256'],
  ]),
  group('TC_SM-DP+_ES9+_Server_Authentication_for_HTTPS_EstablishmentBRP', sgp23('4.3.17.2', '2.6.6'), [
    ['', 'The LPA trusts the certificate of brainpoolP256r1'],
  ]),
]
