import { type Group, group } from '../row.ts'

const own = (clause: string) => ({ source: 'own', clause })

export const SMDS: readonly Group[] = [
  group('EB_ES12.RegisterEvent', own('5.9.1'), [
    ['#01', 'an event waits for the eUICC'],
    ['#02', 'the same call again: the same answer'],
    ['#03', 'an alternative SM-DS tells its root over mutual TLS'],
    ['#04', 'an event id that is in use for the EID', '8.9.5/3.3'],
    ['#05', 'the root does not answer: nothing is registered', '8.9/5.1'],
    ['#06', 'the root refuses: nothing is registered', '8.9/4.2'],
    ['#07', 'a mandatory member left out: HTTP 400', { pair: '1.6/2.2' }],
    ['#08', 'a member malformed: HTTP 400', { pair: '1.6/2.1' }],
  ]),
  group('EB_ES12.DeleteEvent', own('5.9.2'), [
    ['#01', 'the event is gone'],
    ['#02', 'an event that is unknown', '8.9.5/3.9'],
    ['#03', 'an event of another SM-DP+', '8.9.5/3.9'],
    ['#04', 'an alternative SM-DS deletes at its root'],
  ]),
  group('EB_ES11.InitiateAuthentication', own('5.8.1'), [
    ['#01', 'authenticates the SM-DS, on NIST P-256'],
    ['#02', 'authenticates the SM-DS, on brainpoolP256r1'],
    ['#03', 'another SM-DS address', '8.9.1/3.8'],
    ['#04', 'no CI that the eUICC signs with is known here', '8.9.2/3.1'],
    ['#05', 'a specification version that is not supported', '8.9.3/3.1'],
    ['#06', 'no certificate here of a CI that the eUICC can verify', '8.9.4/3.7'],
  ]),
  group('EB_ES11.AuthenticateClient', own('5.8.2'), [
    ['#01', 'all events of the eUICC, the oldest first'],
    ['#02', 'the one event that the eUICC names'],
    ['#03', 'nothing waits: an empty list'],
    ['#04', 'in the ASN.1 binding'],
    ['#05', 'an event that is unknown, or of another eUICC', '8.9.5/3.9'],
    ['#06', 'an EUM certificate that is not valid', '8.1.2/6.1'],
    ['#07', 'an EUM certificate that has expired', '8.1.2/6.3'],
    ['#08', 'an eUICC certificate that is not valid', '8.1.3/6.1'],
    ['#09', 'an eUICC certificate that has expired', '8.1.3/6.3'],
    ['#10', 'a signature that does not verify', '8.1/6.1'],
    ['#11', 'another server challenge under the signature', '8.1/6.1'],
    ['#12', 'a chain under a CI that is not known', '8.11.1/3.9'],
    ['#13', 'a transaction id that is unknown', '8.10.1/3.9'],
    ['#14', 'another transaction id under the signature', '8.10.1/3.9'],
    ['#15', 'the eUICC refused the server', '8.1/4.2'],
  ]),
  group('EB_TLS', own('2.6.6'), [
    ['#01', 'an LPA that prefers brainpoolP256r1 and one that knows P-256 alone get the certificates they can follow'],
    ['#02', 'an LPA whose eUICC lists another CI ends the connection before a request leaves'],
    ['#03', 'an LPA that looks for another host ends the connection before a request leaves'],
    ['#04', 'ES2+ without a client certificate: the connection ends before a request is read', { clause: '6.2' }],
    ['#05', 'ES2+ with a certificate of another CA: the same', { clause: '6.2' }],
    ['#06', 'ES2+ with a certificate that has expired: the same', { clause: '6.2' }],
    ['#07', 'ES12 without a client certificate, and with one of another CA: the same', { clause: '6.2' }],
    ['#08', 'ES2+ and ES12 take nothing older than TLS 1.2', { clause: '2.6.6' }],
    ['#09', 'what is no TLS is hung up on, and others are served'],
  ]),
]
