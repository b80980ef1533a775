import { type Group, group } from '../row.ts'

const own = (clause: string) => ({ source: 'own', clause })

export const ES9P_OWN: readonly Group[] = [
  group('EB_ES9+.Binding', own('6.5'), [
    ['#01', 'A function of another version is refused with HTTP 200 and an error header', { pair: '1.6/3.1' }],
    ['#02', 'A path without function is answered with HTTP 404 and an error header', { pair: '1.6/3.1' }],
    ['#03', 'A method other than POST is answered with HTTP 405', { pair: '1.6/2.1' }],
    ['#04', 'A missing or unknown X-Admin-Protocol is answered with HTTP 400', { pair: '1.2.2/2.1' }],
    ['#05', 'An unknown Content-Type is answered with HTTP 400', { pair: '1.2.1/2.1' }],
    ['#06', 'A body that is not JSON is answered with HTTP 400', { pair: '1.3.1/2.1' }],
    ['#07', 'A body over the maximum length is answered with HTTP 413', { pair: '1.3.1/2.1' }],
    ['#08', 'Each function answers a message without a mandatory member with HTTP 400', { pair: '1.6/2.2' }],
    ['#09', 'Each function answers a message with a malformed member with HTTP 400', { pair: '1.6/2.1' }],
    ['#10', 'The response uses the version of the LPA'],
    ['#11', 'A session works on one connection and on several'],
    ['#12', 'A storage failure is answered with an error header without details', '1.2/4.2'],
  ]),
  group('EB_ES9+.Asn1', own('6.6'), [
    ['#01', 'A complete download in the ASN.1 binding ends with HTTP 204 for the result'],
    ['#02', 'InitiateAuthentication returns an integer error code', { pair: '8.8.1/3.8' }],
    ['#03', 'AuthenticateClient returns an integer error code', { pair: '8.2.6/3.8' }],
    ['#04', 'GetBoundProfilePackage returns an integer error code', { pair: '8.2.7/2.2' }],
    ['#05', 'CancelSession ends the session; a second call returns an integer error code', { pair: '8.10.1/3.9' }],
    ['#06', 'A malformed message is answered with HTTP 400 without body'],
  ]),
  group('EB_ES9+.InitiateAuthentication', own('5.6.1'), [
    ['#01', 'The server accepts its address in any letter case and with a port'],
    ['#02', 'One port serves eUICCs of both curves'],
    ['#03', 'The server selects a CI from the signing list of version 3'],
  ]),
  group('EB_ES9+.AuthenticateClient', own('5.6.3'), [
    ['#01', 'The server accepts chains of the variants O, A, B and C'],
    ['#02', 'A revoked certificate in the chain is refused', '8.1.2/6.1'],
    ['#03', 'An eUICC that rejects the server ends the session', '8.1/4.2'],
    ['#04', 'A profile larger than the free memory is refused', '8.1/4.8'],
    ['#05', 'A profile with a forbidden policy rule is refused', '8.2.5/4.3'],
    ['#06', 'A test profile for an eUICC without test profile support is refused', '8.2.5/4.3'],
    ['#07', 'An installed order is refused', '8.2.6/3.8'],
    ['#08', 'An expired session is refused', '8.10.1/3.9'],
    ['#09', 'An EID outside the range of the EUM is refused', '8.1.3/6.1'],
    [
      '#10',
      'A device without the release that the profile type requires is refused',
      {
        pair: '8.2.5/4.3',
        reading: '"no eligible profile for this eUICC/device"; SGP.22 has no pair for the device alone',
      },
    ],
    ['#11', 'An eUICC without the capability that the profile type requires is refused', '8.2.5/4.3'],
  ]),
  group('EB_ES9+.GetBoundProfilePackage', own('5.6.2'), [
    ['#01', 'The last permitted wrong confirmation code sets the order to error', '8.2.7/6.4'],
    ['#02', 'An order that is canceled during the session is refused', '8.2/3.7'],
    ['#03', 'An order that expires during the session is refused', '8.8.5/4.10'],
    ['#04', 'An eUICC that rejects the offer ends the session', '8.1/4.2'],
    ['#05', 'A second call in a session returns the same package'],
    ['#06', 'One of two eUICCs with one matching id receives the package', '8.2/3.7'],
    ['#07', 'The segments fill blocks of 255 bytes'],
    ['#08', 'A one-time key that is not a point of the curve is refused', '8.1/6.1'],
    ['#09', 'A session without authentication is refused', '8.10.1/3.9'],
  ]),
  group('EB_ES9+.HandleNotification', own('5.6.4'), [
    ['#01', 'A notification that is sent twice is stored once'],
    ['#02', 'An invalid signature is answered with HTTP 204 and ignored'],
    ['#03', 'A result of another SM-DP+ is answered with HTTP 204 and ignored'],
    ['#04', 'A result after the end of the session is stored'],
  ]),
  group('EB_ES9+.CancelSession', own('5.6.5'), [
    ['#01', 'An eUICC error in CancelSession is refused', '8.1/4.2'],
    ['#02', 'An expired session is refused', '8.10.1/3.9'],
    ['#03', 'CancelSession answers with HTTP 200 and the header only'],
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
    ['#01', 'testsmdpplus1.example.com serves a card with NIST P-256', { needs: 'sgp26' }],
    ['#02', 'The same port serves a card with brainpoolP256r1', { needs: 'sgp26' }],
    ['#03', 'Each card trusts the TLS certificate of its curve', { needs: 'sgp26', clause: '2.6.6' }],
  ]),
]
