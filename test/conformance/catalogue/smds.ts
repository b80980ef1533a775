import { type Group, group } from '../row.ts'

const own = (clause: string) => ({ source: 'own', clause })

export const SMDS: readonly Group[] = [
  group('EB_ES12.RegisterEvent', own('5.9.1'), [
    ['#01', 'RegisterEvent stores an event for the eUICC'],
    ['#02', 'A repeated call returns the same response'],
    ['#03', 'An alternative SM-DS registers the event at its root over mutual TLS'],
    ['#04', 'An event id that is in use for the EID is refused', '8.9.5/3.3'],
    ['#05', 'The event is not listed when the root does not answer', '8.9/5.1'],
    ['#06', 'No event is registered when the root refuses', '8.9/4.2'],
    ['#07', 'A message without a mandatory member is answered with HTTP 400', { pair: '1.6/2.2' }],
    ['#08', 'A message with a malformed member is answered with HTTP 400', { pair: '1.6/2.1' }],
  ]),
  group('EB_ES12.DeleteEvent', own('5.9.2'), [
    ['#01', 'DeleteEvent deletes the event'],
    ['#02', 'An unknown event is refused', '8.9.5/3.9'],
    ['#03', 'An event of another SM-DP+ is refused', '8.9.5/3.9'],
    ['#04', 'An alternative SM-DS deletes the event at its root'],
  ]),
  group('EB_ES11.InitiateAuthentication', own('5.8.1'), [
    ['#01', 'InitiateAuthentication authenticates the SM-DS with NIST P-256'],
    ['#02', 'InitiateAuthentication authenticates the SM-DS with brainpoolP256r1'],
    ['#03', 'The address of another SM-DS is refused', '8.9.1/3.8'],
    ['#04', 'An eUICC that signs under unknown CIs only is refused', '8.9.2/3.1'],
    ['#05', 'An unsupported specification version is refused', '8.9.3/3.1'],
    ['#06', 'An eUICC that cannot verify any certificate of the server is refused', '8.9.4/3.7'],
  ]),
  group('EB_ES11.AuthenticateClient', own('5.8.2'), [
    ['#01', 'AuthenticateClient returns all events of the eUICC, oldest first'],
    ['#02', 'AuthenticateClient returns the event that the eUICC names'],
    ['#03', 'AuthenticateClient returns an empty list when no event is registered'],
    ['#04', 'AuthenticateClient returns events in the ASN.1 binding'],
    ['#05', 'An unknown event or an event of another eUICC is refused', '8.9.5/3.9'],
    ['#06', 'An invalid EUM certificate is refused', '8.1.2/6.1'],
    ['#07', 'An expired EUM certificate is refused', '8.1.2/6.3'],
    ['#08', 'An invalid eUICC certificate is refused', '8.1.3/6.1'],
    ['#09', 'An expired eUICC certificate is refused', '8.1.3/6.3'],
    ['#10', 'An invalid signature is refused', '8.1/6.1'],
    ['#11', 'A signature over another server challenge is refused', '8.1/6.1'],
    ['#12', 'A chain under an unknown CI is refused', '8.11.1/3.9'],
    ['#13', 'An unknown transaction id is refused', '8.10.1/3.9'],
    ['#14', 'A signature over another transaction id is refused', '8.10.1/3.9'],
    ['#15', 'An eUICC that rejects the server ends the session', '8.1/4.2'],
    ['#16', 'The SM-DS accepts chains of the variants O, A, B and C'],
    ['#17', 'An expired sub-CA certificate in the chain is refused', '8.1.2/6.3'],
  ]),
  group('EB_TLS', own('2.6.6'), [
    ['#01', 'An LPA that prefers brainpoolP256r1 and an LPA with P-256 only receive the certificate of their curve'],
    ['#02', 'An LPA whose eUICC lists another CI closes the connection before it sends a request'],
    ['#03', 'An LPA that expects another host name closes the connection before it sends a request'],
    ['#04', 'ES2+ closes a connection without client certificate before it reads a request', { clause: '6.2' }],
    ['#05', 'ES2+ closes a connection with a certificate of another CA before it reads a request', { clause: '6.2' }],
    ['#06', 'ES2+ closes a connection with an expired certificate before it reads a request', { clause: '6.2' }],
    [
      '#07',
      'ES12 closes a connection without client certificate or with one of another CA before it reads a request',
      { clause: '6.2' },
    ],
    ['#08', 'ES2+ and ES12 refuse TLS versions before 1.2', { clause: '2.6.6' }],
    ['#09', 'Input that is not TLS closes its connection only'],
  ]),
]
