import { rawElement, withRawBytes } from '../../asn1/schema.ts'
import {
  AuthenticateServerResponse,
  CancelSessionResponse,
  PrepareDownloadResponse,
  ServerSigned1,
  SmdpSigned2,
} from '../authentication.ts'
import { EUICCInfo1 } from '../euicc-info.ts'
import { Signature, SubjectKeyIdentifier } from '../identifiers.ts'
import { base64Bytes, base64Message, message, text, transactionId } from '../json.ts'
import { StoreMetadataRequest } from '../metadata.ts'
import { PendingNotification } from '../notification.ts'
import { httpFunction } from './http-function.ts'

const Certificate = rawElement('Certificate', 0x30)
/** One signature element of the binding: `5F37` and its content. */
const signature = () => base64Message(Signature)

/**
 * SGP.22 §5.6 and §6.5.2.6 to §6.5.2.10: the LPA to the SM-DP+, JSON binding.
 *
 * Signed parts and data from the card retain their bytes. The bound package is a byte string, because the LPA only cuts
 * it into segments.
 */
export const ES9p = {
  InitiateAuthentication: httpFunction({
    interface: 'ES9+',
    name: 'InitiateAuthentication',
    clause: '5.6.1',
    path: '/gsma/rsp2/es9plus/initiateAuthentication',
    request: message({
      euiccChallenge: base64Bytes(16),
      euiccInfo1: base64Message(withRawBytes(EUICCInfo1)),
      smdpAddress: text(/./, 'the address of the SM-DP+'),
    }),
    response: message({
      transactionId: transactionId(),
      serverSigned1: base64Message(withRawBytes(ServerSigned1)),
      serverSignature1: signature(),
      euiccCiPKIdToBeUsed: base64Message(SubjectKeyIdentifier),
      serverCertificate: base64Message(Certificate),
    }),
  }),
  AuthenticateClient: httpFunction({
    interface: 'ES9+',
    name: 'AuthenticateClient',
    clause: '5.6.3',
    path: '/gsma/rsp2/es9plus/authenticateClient',
    request: message({
      transactionId: transactionId(),
      authenticateServerResponse: base64Message(withRawBytes(AuthenticateServerResponse)),
    }),
    response: message({
      transactionId: transactionId(),
      profileMetadata: base64Message(withRawBytes(StoreMetadataRequest)),
      smdpSigned2: base64Message(withRawBytes(SmdpSigned2)),
      smdpSignature2: signature(),
      smdpCertificate: base64Message(Certificate),
    }),
  }),
  GetBoundProfilePackage: httpFunction({
    interface: 'ES9+',
    name: 'GetBoundProfilePackage',
    clause: '5.6.2',
    path: '/gsma/rsp2/es9plus/getBoundProfilePackage',
    request: message({
      transactionId: transactionId(),
      prepareDownloadResponse: base64Message(withRawBytes(PrepareDownloadResponse)),
    }),
    response: message({
      transactionId: transactionId(),
      boundProfilePackage: base64Message(rawElement('BoundProfilePackage', 0xbf36)),
    }),
  }),
  HandleNotification: httpFunction({
    interface: 'ES9+',
    name: 'HandleNotification',
    clause: '5.6.4',
    path: '/gsma/rsp2/es9plus/handleNotification',
    request: message({ pendingNotification: base64Message(withRawBytes(PendingNotification)) }),
    response: undefined,
  }),
  CancelSession: httpFunction({
    interface: 'ES9+',
    name: 'CancelSession',
    clause: '5.6.5',
    path: '/gsma/rsp2/es9plus/cancelSession',
    request: message({
      transactionId: transactionId(),
      cancelSessionResponse: base64Message(withRawBytes(CancelSessionResponse)),
    }),
    response: message({}),
  }),
} as const
