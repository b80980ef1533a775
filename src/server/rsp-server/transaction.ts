import { equalBytes, toHex } from '../../asn1/bytes.ts'
import { keep, type WithRawBytes } from '../../asn1/schema.ts'
import { type EuiccSigned1, ServerSigned1 } from '../../rsp/authentication.ts'
import type { RspCertificate } from '../../rsp/certificates/certificate.ts'
import type { Credential } from '../../rsp/certificates/issue.ts'
import { sign, verify } from '../../rsp/crypto/ecdsa.ts'
import { getCiKeyId, type UnderCi } from './ci-choice.ts'
import { RspServerError } from './error.ts'

/** The key of a session: the transaction id in upper-case hexadecimal, as in the JSON binding. */
export const sessionKey = (transactionId: Uint8Array): string => toHex(transactionId).toUpperCase()

/** The state of an opened session that the server stores until AuthenticateClient. */
export interface OpenedTransaction {
  /** Upper-case hexadecimal. */
  readonly transactionId: string
  /** CI public key ids in hexadecimal: of the server's certificate, and of the card's chain. */
  readonly serverCi: string
  readonly euiccCi: string
  readonly serverChallenge: Uint8Array
}

/** InitiateAuthentication (SGP.22 §5.6.1, §5.8.1) after its checks: opens a transaction and signs for the server. */
export const openTransaction = ({
  address,
  euiccChallenge,
  server,
  signer,
  euicc,
  random,
}: {
  readonly address: string
  readonly euiccChallenge: Uint8Array
  /** The CI of `signer`. */
  readonly server: UnderCi
  /** The key pair of CERT.DPauth or CERT.DSauth. */
  readonly signer: Credential
  /** The CI under which the card signs. */
  readonly euicc: UnderCi
  readonly random: (length: number) => Uint8Array
}) => {
  const drawn = random(32)
  const transactionId = drawn.slice(0, 16)
  const serverChallenge = drawn.slice(16)
  const serverSigned1 = keep(ServerSigned1, {
    transactionId,
    euiccChallenge,
    serverAddress: address,
    serverChallenge,
  })
  const session: OpenedTransaction = {
    transactionId: sessionKey(transactionId),
    serverCi: getCiKeyId(server),
    euiccCi: getCiKeyId(euicc),
    serverChallenge,
  }
  const response = {
    transactionId,
    serverSigned1,
    serverSignature1: sign(signer.privateKey, serverSigned1.bytes),
    euiccCiPKIdToBeUsed: euicc.ci.certificate.subjectKeyId!,
    serverCertificate: signer.certificate.der,
  }
  return { session, response }
}

/** Checks that this card signed this response in this transaction. Throws RspServerError. */
export const checkEuiccSigned1 = (
  euicc: RspCertificate,
  { value: signed, bytes }: WithRawBytes<EuiccSigned1>,
  signature: Uint8Array,
  opened: Pick<OpenedTransaction, 'transactionId' | 'serverChallenge'>,
  address: string,
): void => {
  if (!verify(euicc.publicKey, bytes, signature))
    throw new RspServerError('euicc-signature-invalid', 'the key of the eUICC does not verify the signature')
  if (sessionKey(signed.transactionId) !== opened.transactionId)
    throw new RspServerError('foreign-transaction', 'the eUICC signed for another transaction')
  if (!equalBytes(signed.serverChallenge, opened.serverChallenge))
    throw new RspServerError('euicc-signature-invalid', 'the signed serverChallenge differs from the sent one')
  if (signed.serverAddress !== address)
    throw new RspServerError('euicc-signature-invalid', 'the signed serverAddress differs from the sent one')
}
