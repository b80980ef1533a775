import { concat } from '../src/asn1/bytes.ts'
import { decode, encode, keep } from '../src/asn1/schema.ts'
import {
  AuthenticateServerResponse,
  EUICCSigned2,
  EuiccSigned1,
  PrepareDownloadResponse,
} from '../src/rsp/authentication.ts'
import type { Credential } from '../src/rsp/certificates/issue.ts'
import type { Pki } from '../src/rsp/certificates/pki-folder.ts'
import { sign } from '../src/rsp/crypto/ecdsa.ts'
import { generateOneTimeKeyPair } from '../src/rsp/crypto/key-agreement.ts'
import { EUICCInfo1 } from '../src/rsp/euicc-info.ts'
import { iccidFromDigits, Signature } from '../src/rsp/identifiers.ts'
import { ES9p } from '../src/rsp/interfaces/es9p.ts'
import type { Json } from '../src/rsp/json.ts'
import { PendingNotification, ProfileInstallationResultData } from '../src/rsp/notification.ts'

/**
 * A fake of card and LPA that creates request bodies for one server. All fields that the server checks are genuine.
 * It computes nothing else, so that the client is not slower than the measured server.
 */
export interface FakeCard {
  readonly initiate: string
  /** Takes the response to InitiateAuthentication. */
  authenticate(answer: Json, matchingId: string): string
  prepare(answer: Json): string
  /** Creates the notification for the session of `answer`, the response to AuthenticateClient. */
  notify(answer: Json, iccid: string): string
}

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'))

export const createFakeCard = (
  pki: Pki,
  address: string,
  random: (length: number) => Uint8Array,
  euicc: Credential = pki.euicc,
): FakeCard => {
  const ci = [pki.ci.certificate.subjectKeyId!]
  const info1 = {
    svn: Uint8Array.of(2, 2, 2),
    euiccCiPKIdListForVerification: ci,
    euiccCiPKIdListForSigning: ci,
  }
  const euiccInfo2 = {
    ...info1,
    profileVersion: Uint8Array.of(2, 3, 1),
    euiccFirmwareVer: Uint8Array.of(1, 0, 0),
    extCardResource: hex('8101008204000800008304000022b8'),
    uiccCapability: ['usimSupport' as const, 'akaMilenage' as const],
    rspCapability: ['additionalProfile' as const, 'crlSupport' as const],
    ppVersion: Uint8Array.of(1, 0, 0),
    sasAcreditationNumber: 'RS-TS-01',
  }
  const deviceInfo = { tac: hex('35290611'), deviceCapabilities: {} }
  const euiccOtpk = generateOneTimeKeyPair(pki.curve, random).publicKey
  const smdpOid = pki.dpPb.certificate.registeredId!
  const bodyOf = <Q>(row: { request: { toJson(value: Q): Json } }, value: Q): string =>
    JSON.stringify(row.request.toJson(value))

  return {
    initiate: bodyOf(ES9p.InitiateAuthentication, {
      euiccChallenge: random(16),
      euiccInfo1: keep(EUICCInfo1, info1),
      smdpAddress: address,
    }),
    authenticate(answer, matchingId) {
      const { transactionId, serverSigned1 } = ES9p.InitiateAuthentication.response!.fromJson(answer)
      const euiccSigned1 = keep(EuiccSigned1, {
        transactionId,
        serverAddress: serverSigned1.value.serverAddress,
        serverChallenge: serverSigned1.value.serverChallenge,
        euiccInfo2,
        ctxParams1: { ctxParamsForCommonAuthentication: { matchingId, deviceInfo } },
      })
      return bodyOf(ES9p.AuthenticateClient, {
        transactionId,
        authenticateServerResponse: keep(AuthenticateServerResponse, {
          authenticateResponseOk: {
            euiccSigned1,
            euiccSignature1: sign(euicc.privateKey, euiccSigned1.bytes),
            euiccCertificate: euicc.certificate.der,
            eumCertificate: pki.eum.certificate.der,
          },
        }),
      })
    },
    prepare(answer) {
      const { transactionId, smdpSignature2 } = answer as { transactionId: string; smdpSignature2: string }
      const id = hex(transactionId)
      const signature = decode(Signature, Uint8Array.from(Buffer.from(smdpSignature2, 'base64')))
      const euiccSigned2 = keep(EUICCSigned2, { transactionId: id, euiccOtpk, hashCc: undefined })
      const covered = concat(euiccSigned2.bytes, encode(Signature, signature))
      return bodyOf(ES9p.GetBoundProfilePackage, {
        transactionId: id,
        prepareDownloadResponse: keep(PrepareDownloadResponse, {
          downloadResponseOk: { euiccSigned2, euiccSignature2: sign(euicc.privateKey, covered) },
        }),
      })
    },
    notify(answer, iccid) {
      const { transactionId } = answer as { transactionId: string }
      const profileInstallationResultData = keep(ProfileInstallationResultData, {
        transactionId: hex(transactionId),
        notificationMetadata: {
          seqNumber: 1,
          profileManagementOperation: ['notificationInstall' as const],
          notificationAddress: address,
          iccid: iccidFromDigits(iccid),
        },
        smdpOid,
        finalResult: { successResult: { aid: hex('a0000005591010ffffffff8900001000'), simaResponse: hex('300080') } },
      })
      const euiccSignPIR = sign(euicc.privateKey, profileInstallationResultData.bytes)
      return bodyOf(ES9p.HandleNotification, {
        pendingNotification: keep(PendingNotification, {
          profileInstallationResult: { profileInstallationResultData, euiccSignPIR },
        }),
      })
    },
  }
}
