import { concat, fromHex } from '../../../../src/asn1/bytes.ts'
import { encode, keep, type SchemaValue } from '../../../../src/asn1/schema.ts'
import {
  type AuthenticateServerResponse,
  type CancelSessionReason,
  type CancelSessionResponse,
  EUICCSigned2,
  EuiccCancelSessionSigned,
  EuiccSigned1,
  type PrepareDownloadResponse,
} from '../../../../src/rsp/authentication.ts'
import type { Credential } from '../../../../src/rsp/certificates/issue.ts'
import type { Pki } from '../../../../src/rsp/certificates/pki-folder.ts'
import { sign } from '../../../../src/rsp/crypto/ecdsa.ts'
import { generateOneTimeKeyPair, type OneTimeKeyPair } from '../../../../src/rsp/crypto/key-agreement.ts'
import type { EUICCInfo1, EUICCInfo2 } from '../../../../src/rsp/euicc-info.ts'
import { iccidFromDigits, Signature } from '../../../../src/rsp/identifiers.ts'
import type { ES9p } from '../../../../src/rsp/interfaces/es9p.ts'
import {
  type ErrorReason,
  NotificationMetadata,
  type PendingNotification,
  ProfileInstallationResultData,
} from '../../../../src/rsp/notification.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'

type Response<F> = F extends { response: { fromJson(json: never): infer R } | undefined } ? R : never
export type InitiateAuthenticationOk = Response<typeof ES9p.InitiateAuthentication>
export type AuthenticateClientOk = Response<typeof ES9p.AuthenticateClient>

/** Just so much of a card as a server can see: what it signs, and with what. Everything can be made wrong. */
export interface CardRole {
  readonly eid: string
  readonly challenge: Uint8Array
  readonly info1: EUICCInfo1
  authenticateServer(
    ok: InitiateAuthenticationOk,
    change?: {
      matchingId?: string | undefined
      signed?: Partial<EuiccSigned1>
      info2?: Partial<EUICCInfo2>
      euicc?: Credential
      eum?: Uint8Array
      otherCertsInChain?: readonly Uint8Array[]
    },
  ): AuthenticateServerResponse
  /** Makes a one-time key, or takes `pair` again. */
  prepareDownload(
    ok: AuthenticateClientOk,
    change?: {
      pair?: OneTimeKeyPair
      hashCc?: Uint8Array
      transactionId?: Uint8Array
      smdpSignature2?: Uint8Array
      euiccOtpk?: Uint8Array
      euicc?: Credential
    },
  ): { response: PrepareDownloadResponse; pair: OneTimeKeyPair }
  cancelSession(
    transactionId: Uint8Array,
    reason: SchemaValue<typeof CancelSessionReason>,
    change?: { smdpOid?: string; signedTransactionId?: Uint8Array; euicc?: Credential },
  ): CancelSessionResponse
  installationResult(
    transactionId: Uint8Array,
    iccid: string,
    outcome?: ErrorReason,
    change?: { euicc?: Credential; seqNumber?: number; smdpOid?: string },
  ): PendingNotification
  otherNotification(
    operation: 'notificationEnable' | 'notificationDisable' | 'notificationDelete',
    iccid: string,
    change?: { euicc?: Credential; eum?: Uint8Array; otherCertsInChain?: readonly Uint8Array[] },
  ): PendingNotification
}

const noDevice = { tac: fromHex('35290611'), deviceCapabilities: {} }

export const createCardRole = (
  pki: Pki,
  {
    euicc = pki.euicc,
    info = {},
    seed = 'card',
  }: { euicc?: Credential; info?: Partial<EUICCInfo1>; seed?: string } = {},
): CardRole => {
  const random = seededRandom(seed)
  const ci = [pki.ci.certificate.subjectKeyId!]
  const info1 = {
    svn: Uint8Array.of(2, 2, 2),
    euiccCiPKIdListForVerification: ci,
    euiccCiPKIdListForSigning: ci,
    ...info,
  }
  const info2: EUICCInfo2 = {
    ...info1,
    profileVersion: Uint8Array.of(2, 3, 1),
    euiccFirmwareVer: Uint8Array.of(1, 0, 0),
    extCardResource: fromHex('8101008204000800008304000022b8'),
    uiccCapability: ['usimSupport', 'akaMilenage'],
    rspCapability: ['additionalProfile', 'crlSupport'],
    ppVersion: Uint8Array.of(1, 0, 0),
    sasAcreditationNumber: 'RS-TS-01',
  }
  const notificationMetadata = (operation: string, iccid: string, seqNumber: number): NotificationMetadata => ({
    seqNumber,
    profileManagementOperation: [operation as 'notificationEnable'],
    notificationAddress: 'smdp.example.com',
    iccid: iccidFromDigits(iccid),
  })
  return {
    eid: euicc.certificate.eid!,
    challenge: random(16),
    info1,
    authenticateServer: (ok, change = {}) => {
      const signer = change.euicc ?? euicc
      const euiccSigned1 = keep(EuiccSigned1, {
        transactionId: ok.transactionId,
        serverAddress: ok.serverSigned1.value.serverAddress,
        serverChallenge: ok.serverSigned1.value.serverChallenge,
        euiccInfo2: { ...info2, ...change.info2 },
        ctxParams1: {
          ctxParamsForCommonAuthentication: { matchingId: change.matchingId, deviceInfo: noDevice },
        },
        ...change.signed,
      })
      return {
        authenticateResponseOk: {
          euiccSigned1,
          euiccSignature1: sign(signer.privateKey, euiccSigned1.bytes),
          euiccCertificate: signer.certificate.der,
          eumCertificate: change.eum ?? pki.eum.certificate.der,
          otherCertsInChain: change.otherCertsInChain,
        },
      }
    },
    prepareDownload: (ok, change = {}) => {
      const pair = change.pair ?? generateOneTimeKeyPair(pki.curve, random)
      const euiccSigned2 = keep(EUICCSigned2, {
        transactionId: change.transactionId ?? ok.transactionId,
        euiccOtpk: change.euiccOtpk ?? pair.publicKey,
        hashCc: change.hashCc,
      })
      const covered = concat(euiccSigned2.bytes, encode(Signature, change.smdpSignature2 ?? ok.smdpSignature2))
      const euiccSignature2 = sign((change.euicc ?? euicc).privateKey, covered)
      return { pair, response: { downloadResponseOk: { euiccSigned2, euiccSignature2 } } }
    },
    cancelSession: (transactionId, reason, change = {}) => {
      const euiccCancelSessionSigned = keep(EuiccCancelSessionSigned, {
        transactionId: change.signedTransactionId ?? transactionId,
        smdpOid: change.smdpOid ?? pki.dpAuth.certificate.registeredId!,
        reason,
      })
      const euiccCancelSessionSignature = sign((change.euicc ?? euicc).privateKey, euiccCancelSessionSigned.bytes)
      return { cancelSessionResponseOk: { euiccCancelSessionSigned, euiccCancelSessionSignature } }
    },
    installationResult: (transactionId, iccid, outcome, change = {}) => {
      const profileInstallationResultData = keep(ProfileInstallationResultData, {
        transactionId,
        notificationMetadata: notificationMetadata('notificationInstall', iccid, change.seqNumber ?? 1),
        smdpOid: change.smdpOid ?? pki.dpPb.certificate.registeredId!,
        finalResult:
          outcome === undefined
            ? { successResult: { aid: fromHex('a0000005591010ffffffff8900001000'), simaResponse: fromHex('300080') } }
            : { errorResult: { bppCommandId: 'loadProfileElements', errorReason: outcome } },
      })
      const euiccSignPIR = sign((change.euicc ?? euicc).privateKey, profileInstallationResultData.bytes)
      return { profileInstallationResult: { profileInstallationResultData, euiccSignPIR } }
    },
    otherNotification: (operation, iccid, change = {}) => {
      const tbsOtherNotification = keep(NotificationMetadata, notificationMetadata(operation, iccid, 2))
      return {
        otherSignedNotification: {
          tbsOtherNotification,
          euiccNotificationSignature: sign((change.euicc ?? euicc).privateKey, tbsOtherNotification.bytes),
          euiccCertificate: euicc.certificate.der,
          eumCertificate: change.eum ?? pki.eum.certificate.der,
          otherCertsInChain: change.otherCertsInChain,
        },
      }
    },
  }
}
