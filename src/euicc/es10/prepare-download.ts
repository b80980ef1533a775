import { concat, equalBytes } from '../../asn1/bytes.ts'
import { encode, keep } from '../../asn1/schema.ts'
import { type DownloadErrorCode, EUICCSigned2, PrepareDownloadResponse } from '../../rsp/authentication.ts'
import type { CurveName } from '../../rsp/crypto/curve.ts'
import { sign, verify } from '../../rsp/crypto/ecdsa.ts'
import { generateOneTimeKeyPair, type OneTimeKeyPair } from '../../rsp/crypto/key-agreement.ts'
import { Signature } from '../../rsp/identifiers.ts'
import type { ES10b } from '../../rsp/interfaces/es10b.ts'
import type { Es10Handlers } from '../commands/answer.ts'
import type { CardState } from '../state/state.ts'
import { trusted } from './certificate-check.ts'
import { NO_SESSION } from './session.ts'

/** SGP.22 §5.7.5. */
export const prepareDownloadAnswers: Es10Handlers<Pick<typeof ES10b, 'PrepareDownload'>> = {
  PrepareDownload: (request, situation) => {
    const { session, state } = situation
    const { smdpSigned2, smdpSignature2, hashCc } = request
    const { transactionId, ccRequiredFlag, bppEuiccOtpk } = smdpSigned2.value
    const errorResponse = (downloadErrorCode: DownloadErrorCode) =>
      keep(PrepareDownloadResponse, { downloadResponseError: { transactionId, downloadErrorCode } })
    const refuse = (code: DownloadErrorCode) => ({ response: errorResponse(code), session: NO_SESSION })

    // A request of another session does not change this one. After a rejected confirmation code the SM-DP+ may repeat
    // the offer with a new signature (SGP.22 §3.1.3.2).
    const isRepeated = session.phase === 'prepared'
    if (!isRepeated && (session.phase !== 'authenticated' || session.role !== 'dp'))
      return { response: errorResponse('noSessionContext') }
    if (!equalBytes(transactionId, session.transactionId)) return { response: errorResponse('invalidTransactionId') }

    // CERT.DPpb must have the same CI as CERT.DPauth.
    const checked = trusted('DPpb', request.smdpCertificate, [session.serverCi], situation)
    if ('refused' in checked)
      return refuse(checked.refused === 'unsupportedCurve' ? 'unsupportedCurve' : 'invalidCertificate')
    const { certificate: smdpCertificate } = checked
    const { curve } = smdpCertificate
    // CERT.DPauth and CERT.DPpb must have the same OID (SGP.22 §5.7.5).
    const smdpOid = smdpCertificate.registeredId!
    if (smdpOid !== session.serverCertificate.registeredId) return refuse('invalidCertificate')
    if (!verify(smdpCertificate.publicKey, concat(smdpSigned2.bytes, session.euiccSignature1), smdpSignature2))
      return refuse('invalidSignature')
    if (ccRequiredFlag && hashCc === undefined) return refuse('undefinedError')

    const publicKey = bppEuiccOtpk ?? (isRepeated ? session.oneTimeKey.publicKey : undefined)
    const oneTimeKey =
      retainedKey(state, { smdpOid, curve, publicKey }) ?? generateOneTimeKeyPair(curve, situation.random)
    const euiccSigned2 = keep(EUICCSigned2, {
      transactionId,
      euiccOtpk: oneTimeKey.publicKey,
      // Only if the SM-DP+ requires a confirmation code.
      ...(ccRequiredFlag ? { hashCc } : {}),
    })
    const signed = concat(euiccSigned2.bytes, encode(Signature, smdpSignature2))
    return {
      response: keep(PrepareDownloadResponse, {
        downloadResponseOk: { euiccSigned2, euiccSignature2: sign(session.credential.euiccPrivateKey, signed) },
      }),
      session: { ...session, phase: 'prepared', smdpCertificate, oneTimeKey },
      state: withOneTimeKey(state, smdpOid, oneTimeKey),
    }
  },
}

/** The key pair that the SM-DP+ has already bound the package to, if still stored (SGP.22 §3.1.3.2). */
const retainedKey = (
  { oneTimeKey }: CardState,
  wanted: { smdpOid: string; curve: CurveName; publicKey: Uint8Array | undefined },
): OneTimeKeyPair | undefined =>
  wanted.publicKey !== undefined &&
  oneTimeKey?.smdpOid === wanted.smdpOid &&
  oneTimeKey.curve === wanted.curve &&
  equalBytes(oneTimeKey.publicKey, wanted.publicKey)
    ? { curve: wanted.curve, publicKey: oneTimeKey.publicKey, privateKey: oneTimeKey.privateKey.slice() }
    : undefined

const withOneTimeKey = (
  state: CardState,
  smdpOid: string,
  { curve, publicKey, privateKey }: OneTimeKeyPair,
): CardState =>
  state.oneTimeKey !== undefined && equalBytes(state.oneTimeKey.publicKey, publicKey)
    ? state
    : { ...state, oneTimeKey: { smdpOid, curve, publicKey, privateKey: privateKey.slice() } }
