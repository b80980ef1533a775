import { type Group, group } from '../row.ts'

const own = (clause: string) => ({ source: 'own', clause })

export const ES9P_OWN: readonly Group[] = [
  group('EB_ES9+.Binding', own('6.5'), [
    ['#01', 'a function of another version is refused as a function is, with HTTP 200', { pair: '1.6/3.1' }],
    ['#02', 'a path that is no function: HTTP 404 and the same header', { pair: '1.6/3.1' }],
    ['#03', 'another method than POST: HTTP 405', { pair: '1.6/2.1' }],
    ['#04', 'no X-Admin-Protocol, or another protocol: HTTP 400', { pair: '1.2.2/2.1' }],
    ['#05', 'another Content-Type: HTTP 400', { pair: '1.2.1/2.1' }],
    ['#06', 'a body that is not JSON: HTTP 400', { pair: '1.3.1/2.1' }],
    ['#07', 'a body that is longer than any can be: HTTP 413', { pair: '1.3.1/2.1' }],
    ['#08', 'a mandatory member left out, of each function: HTTP 400', { pair: '1.6/2.2' }],
    ['#09', 'a member malformed, of each function: HTTP 400', { pair: '1.6/2.1' }],
    ['#10', 'the answer is in the version that the LPA speaks'],
    ['#11', 'a session is answered on one connection and on several'],
    ['#12', 'the server cannot store what it must: refused as a function is, and no more is said', '1.2/4.2'],
  ]),
  group('EB_ES9+.Asn1', own('6.6'), [
    ['#01', 'a whole download in the ASN.1 binding, its result answered with 204'],
    ['#02', 'InitiateAuthentication refuses with an integer', { pair: '8.8.1/3.8' }],
    ['#03', 'AuthenticateClient refuses with an integer', { pair: '8.2.6/3.8' }],
    ['#04', 'GetBoundProfilePackage refuses with an integer', { pair: '8.2.7/2.2' }],
    ['#05', 'CancelSession ends the session; again, it refuses with an integer', { pair: '8.10.1/3.9' }],
    ['#06', 'a message that cannot be read: HTTP 400, no body'],
  ]),
  group('EB_ES9+.InitiateAuthentication', own('5.6.1'), [
    ['#01', 'the address without regard to case, and with a port'],
    ['#02', 'eUICCs of both curves on one port'],
    ['#03', 'a CI of the signing list of version 3'],
  ]),
  group('EB_ES9+.AuthenticateClient', own('5.6.3'), [
    ['#01', 'chains of the variants O, A, B and C'],
    ['#02', 'a certificate of a chain that was revoked', '8.1.2/6.1'],
    ['#03', 'the eUICC refused the server', '8.1/4.2'],
    ['#04', 'the profile needs more memory than is free', '8.1/4.8'],
    ['#05', 'the eUICC forbids a policy rule of the profile', '8.2.5/4.3'],
    ['#06', 'a test profile for an eUICC that takes none', '8.2.5/4.3'],
    ['#07', 'an order that was installed is over', '8.2.6/3.8'],
    ['#08', 'a session that has expired', '8.10.1/3.9'],
    ['#09', 'an EID that the EUM may not issue for', '8.1.3/6.1'],
    [
      '#10',
      'a device without the release that the profile type requires',
      {
        pair: '8.2.5/4.3',
        reading: '"no eligible profile for this eUICC/device": there is no pair for the device alone',
      },
    ],
    ['#11', 'an eUICC without the capability that the profile type requires', '8.2.5/4.3'],
  ]),
  group('EB_ES9+.GetBoundProfilePackage', own('5.6.2'), [
    ['#01', 'a wrong confirmation code for the last time: the order is in error', '8.2.7/6.4'],
    ['#02', 'an order that was cancelled meanwhile', '8.2/3.7'],
    ['#03', 'an order that expired meanwhile', '8.8.5/4.10'],
    ['#04', 'the eUICC refused the offer', '8.1/4.2'],
    ['#05', 'asked twice in a session: the same package'],
    ['#06', 'two eUICCs with one matching id: one gets it', '8.2/3.7'],
    ['#07', 'segments of a length that fills blocks of 255 bytes'],
    ['#08', 'a one-time key that is no point of the curve', '8.1/6.1'],
    ['#09', 'a session that did not authenticate', '8.10.1/3.9'],
  ]),
  group('EB_ES9+.HandleNotification', own('5.6.4'), [
    ['#01', 'sent twice: kept once'],
    ['#02', 'a signature that does not verify: 204, and passed over'],
    ['#03', 'a result of another SM-DP+: 204, and passed over'],
    ['#04', 'a result after the session has expired'],
  ]),
  group('EB_ES9+.CancelSession', own('5.6.5'), [
    ['#01', 'the eUICC could not cancel', '8.1/4.2'],
    ['#02', 'a session that has expired', '8.10.1/3.9'],
    ['#03', 'answered with 200 and the header alone'],
  ]),
  group('EB_SGP26.AuthenticateClient', { source: 'own, certificates of SGP.26', clause: '5.6.3' }, [
    ['#01', 'CERT_EUICC_ECDSA_NIST_EXPIRED', { pair: '8.1.3/6.3', needs: 'sgp26' }],
    ['#02', 'CERT_EUICC_ECDSA_NIST_INVALID', { pair: '8.1.3/6.1', needs: 'sgp26' }],
    ['#03', 'CERT_EUICC_ECDSA_NIST_INVALID_EID', { pair: '8.1.3/6.1', needs: 'sgp26' }],
    ['#04', 'CERT_EUICC_ECDSA_NIST_UNMATCHED_EID', { pair: '8.1.1/3.8', needs: 'sgp26' }],
    ['#05', 'CERT_EUM_ECDSA_NIST_EXPIRED', { pair: '8.1.2/6.3', needs: 'sgp26' }],
    ['#06', 'CERT_EUM_ECDSA_NIST_INVALID', { pair: '8.1.2/6.1', needs: 'sgp26' }],
    ['#07', 'CERT_EUM_ECDSA_NIST_UNKNOWN_CI', { pair: '8.11.1/3.9', needs: 'sgp26' }],
  ]),
  group('EB_SGP26.Download', { source: 'own, certificates of SGP.26', clause: '3.1.3' }, [
    ['#01', 'testsmdpplus1.example.com serves a card of NIST P-256', { needs: 'sgp26' }],
    ['#02', 'on the same port it serves a card of brainpoolP256r1', { needs: 'sgp26' }],
    ['#03', 'each of the cards trusts the certificate of its own curve in TLS', { needs: 'sgp26', clause: '2.6.6' }],
  ]),
]
