import { sequence, sequenceOf } from '../../asn1/constructed.ts'
import { utf8 } from '../../asn1/primitives.ts'
import { tagged } from '../../asn1/schema.ts'
import { TransactionId } from '../identifiers.ts'
import { answer, ES9pAsn1 } from './es9p-asn1.ts'

/** EventEntries ::= SEQUENCE { eventId, rspServerAddress }, with automatic tags. */
const EventEntries = sequence({ eventId: tagged(0x80, utf8()), rspServerAddress: tagged(0x81, utf8()) }, 'EventEntries')

/**
 * SGP.22 §6.6 and Annex H, ES11 in the ASN.1 binding: requests and path are those of ES9+; the response of
 * AuthenticateClient is AuthenticateClientResponseEs11 ::= [64] CHOICE.
 */
export const ES11Asn1 = {
  InitiateAuthentication: {
    ...ES9pAsn1.InitiateAuthentication,
    errors: {
      '8.9.1/3.8': 'invalidDpAddress',
      '8.9.3/3.1': 'euiccVersionNotSupportedByDp',
      '8.9.2/3.1': 'ciPKNotSupported',
      '8.9.4/3.7': 'ciPKNotSupported',
    },
  },
  AuthenticateClient: {
    request: ES9pAsn1.AuthenticateClient.request,
    response: answer(
      0xbf40,
      tagged(
        0xa0,
        sequence(
          { transactionId: tagged(0x80, TransactionId), eventEntries: tagged(0xa1, sequenceOf(EventEntries)) },
          'AuthenticateClientOkEs11',
        ),
      ),
      {
        eumCertificateInvalid: 1,
        eumCertificateExpired: 2,
        euiccCertificateInvalid: 3,
        euiccCertificateExpired: 4,
        euiccSignatureInvalid: 5,
        eventIdUnknown: 6,
        invalidTransactionId: 7,
        undefinedError: 127,
      },
    ),
    errors: {
      '8.1.2/6.1': 'eumCertificateInvalid',
      '8.1.2/6.3': 'eumCertificateExpired',
      '8.1.3/6.1': 'euiccCertificateInvalid',
      '8.1.3/6.3': 'euiccCertificateExpired',
      '8.1/6.1': 'euiccSignatureInvalid',
      '8.9.5/3.9': 'eventIdUnknown',
      '8.10.1/3.9': 'invalidTransactionId',
    },
    otherError: 'undefinedError',
  },
} as const
