import type { Channel } from '../../src/apdu/channel.ts'
import { storeData } from '../../src/apdu/store-data.ts'
import { concat } from '../../src/asn1/bytes.ts'
import { decode, encode, keep } from '../../src/asn1/schema.ts'
import { getChildren, getElementBytes, readOnlyTlv } from '../../src/asn1/tlv.ts'
import {
  type AuthenticateServerRequest,
  EUICCSigned2,
  type PrepareDownloadRequest,
  ServerSigned1,
  SmdpSigned2,
} from '../../src/rsp/authentication.ts'
import type { Credential } from '../../src/rsp/certificates/issue.ts'
import { sign, verify } from '../../src/rsp/crypto/ecdsa.ts'
import { generateOneTimeKeyPair } from '../../src/rsp/crypto/key-agreement.ts'
import { Signature } from '../../src/rsp/identifiers.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { StoreMetadataRequest } from '../../src/rsp/metadata.ts'
import type { ProfileInstallationResult } from '../../src/rsp/notification.ts'
import { bindProfilePackage, protectProfile } from '../../src/rsp/package/bind.ts'
import { seededRandom } from '../rsp/seeded-random.ts'
import { getTestPki, ICCIDS, type TestCard, testIdentity } from './card.ts'
import { testProfile } from './profile.ts'

/** A download as the SM-DP+ prepares it. Tests can change each part. */
export interface Download {
  readonly dpAuth: Credential
  readonly dpPb: Credential
  /** The card certificate under the same CI; verifies the signatures of the card. */
  readonly euicc: Credential
  readonly transactionId: Uint8Array
  readonly profile: Uint8Array
  readonly metadata: StoreMetadataRequest
  readonly confirmationCodeRequired?: boolean
  readonly hashCc?: Uint8Array
  readonly bppEuiccOtpk?: Uint8Array
  /** Changes the valid requests before they are sent. */
  readonly change?: {
    readonly authenticate?: (request: AuthenticateServerRequest) => AuthenticateServerRequest
    readonly prepare?: (request: PrepareDownloadRequest) => PrepareDownloadRequest
    readonly serverSigned1?: (signed: ServerSigned1) => ServerSigned1
    readonly smdpSigned2?: (signed: SmdpSigned2) => SmdpSigned2
  }
}

export const SERVER = 'smdp.test'
const random = seededRandom('smdp')

export const createDownload = (changes: Partial<Download> = {}): Download => ({
  dpAuth: getTestPki('P-256').dpAuth,
  dpPb: getTestPki('P-256').dpPb,
  euicc: getTestPki('P-256').euicc,
  transactionId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  profile: testProfile(),
  metadata: createMetadata(),
  ...changes,
})

export const createMetadata = (changes: Partial<StoreMetadataRequest> = {}): StoreMetadataRequest => ({
  iccid: ICCIDS[0]!,
  serviceProviderName: 'Test Operator',
  profileName: 'Plan',
  profileClass: 'operational',
  notificationConfigurationInfo: [
    { profileManagementOperation: ['notificationInstall', 'notificationEnable'], notificationAddress: 'notify.test' },
  ],
  ...changes,
})

/** InitiateAuthentication: creates the request of ES10b.AuthenticateServer for the challenge of the card. */
export const createAuthenticateRequest = (
  { dpAuth, transactionId, change }: Download,
  euiccChallenge: Uint8Array,
  ciPKId = dpAuth.certificate.authorityKeyId!,
): AuthenticateServerRequest => {
  const signed = { transactionId, euiccChallenge, serverAddress: SERVER, serverChallenge: random(16) }
  const serverSigned1 = keep(ServerSigned1, change?.serverSigned1?.(signed) ?? signed)
  const request: AuthenticateServerRequest = {
    serverSigned1,
    serverSignature1: sign(dpAuth.privateKey, serverSigned1.bytes),
    euiccCiPKIdToBeUsed: ciPKId,
    serverCertificate: dpAuth.certificate.der,
    ctxParams1: {
      ctxParamsForCommonAuthentication: {
        matchingId: 'M-1',
        deviceInfo: { tac: Uint8Array.of(0x35, 0x29, 0x06, 0x11), deviceCapabilities: {} },
      },
    },
  }
  return change?.authenticate?.(request) ?? request
}

/** AuthenticateClient: creates the request of ES10b.PrepareDownload. */
export const createPrepareRequest = (
  { dpPb, transactionId, confirmationCodeRequired = false, hashCc, bppEuiccOtpk, change }: Download,
  euiccSignature1: Uint8Array,
): PrepareDownloadRequest => {
  const signed = { transactionId, ccRequiredFlag: confirmationCodeRequired, ...(bppEuiccOtpk && { bppEuiccOtpk }) }
  const smdpSigned2 = keep(SmdpSigned2, change?.smdpSigned2?.(signed) ?? signed)
  const request: PrepareDownloadRequest = {
    smdpSigned2,
    smdpSignature2: sign(dpPb.privateKey, concat(smdpSigned2.bytes, encode(Signature, euiccSignature1))),
    smdpCertificate: dpPb.certificate.der,
    ...(hashCc && { hashCc }),
  }
  return change?.prepare?.(request) ?? request
}

/** GetBoundProfilePackage. */
export const bind = ({ dpPb, transactionId, profile, metadata }: Download, euiccOtpk: Uint8Array): Uint8Array =>
  bindProfilePackage({
    profile: protectProfile(profile, { random }),
    metadata: encode(StoreMetadataRequest, metadata),
    transactionId,
    eid: testIdentity().eid,
    hostId: random(16),
    smdpOneTimeKey: generateOneTimeKeyPair(dpPb.certificate.curve, random),
    euiccOtpk,
    smdpPrivateKey: dpPb.privateKey,
    configureISDP: { dpProprietaryData: { dpOid: '2.999.10.1' } },
  })

/** Splits the package as the LPA does (SGP.22 §2.5.5): one entry a STORE DATA command. */
export const cut = (boundPackage: Uint8Array): Uint8Array[] => {
  const whole = readOnlyTlv(boundPackage)
  const [initialise, first87, all88, ...rest] = getChildren(whole)
  const inPieces = (sequence: ReturnType<typeof readOnlyTlv>) => [
    boundPackage.subarray(sequence.start, sequence.valueStart),
    ...getChildren(sequence).map(getElementBytes),
  ]
  return [
    boundPackage.subarray(0, initialise!.end),
    getElementBytes(first87!),
    ...inPieces(all88!),
    ...(rest.length > 1 ? [getElementBytes(rest[0]!)] : []),
    ...inPieces(rest.at(-1)!),
  ]
}

/** Sends the segments until the card returns a result; undefined without a result. */
export const load = async (
  channel: Channel,
  number: number,
  pieces: readonly Uint8Array[],
): Promise<ProfileInstallationResult | undefined> => {
  for (const piece of pieces) {
    const answer = await storeData(channel, number, piece)
    if (answer.length > 0) return decode(ES10b.LoadBoundProfilePackage.response, answer).value
  }
  return undefined
}

/** Runs the session up to PrepareDownload; returns the otPK.EUICC for the bound profile package. */
export const authenticateAndPrepare = async ({ call }: TestCard, order: Download): Promise<Uint8Array> => {
  const { euiccChallenge } = await call(ES10b.GetEUICCChallenge, {})
  const authenticated = await call(ES10b.AuthenticateServer, createAuthenticateRequest(order, euiccChallenge))
  const { euiccSigned1, euiccSignature1, euiccCertificate } = authenticated.value.authenticateResponseOk!
  const { certificate } = order.euicc
  if (!verify(certificate.publicKey, euiccSigned1.bytes, euiccSignature1))
    throw new Error('euiccSignature1 does not verify')
  if (Buffer.compare(euiccCertificate, certificate.der) !== 0) throw new Error('another eUICC certificate')

  const request = createPrepareRequest(order, euiccSignature1)
  const prepared = (await call(ES10b.PrepareDownload, request)).value.downloadResponseOk!
  const signed = concat(prepared.euiccSigned2.bytes, encode(Signature, request.smdpSignature2))
  if (!verify(certificate.publicKey, signed, prepared.euiccSignature2))
    throw new Error('euiccSignature2 does not verify')
  return decode(EUICCSigned2, prepared.euiccSigned2.bytes).euiccOtpk
}
/** Runs a download from the challenge to the installation result. */
export const downloadTo = async (card: TestCard, order: Download = createDownload()) => {
  const euiccOtpk = await authenticateAndPrepare(card, order)
  return loadInto(card, bind(order, euiccOtpk))
}

export const loadInto = async (card: TestCard, boundPackage: Uint8Array) =>
  load(card.channel, await card.isdr(), cut(boundPackage))
