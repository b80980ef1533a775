import type { Channel } from '../../src/apdu/channel.ts'
import { concat, fromHex } from '../../src/asn1/bytes.ts'
import { encode, keep } from '../../src/asn1/schema.ts'
import { toDeviceInfo } from '../../src/lpa/card/device-info.ts'
import { withIsdr } from '../../src/lpa/card/isdr.ts'
import { type Consent, type ConsentTerms, downloadProfile } from '../../src/lpa/download.ts'
import type { LpaEvent } from '../../src/lpa/report.ts'
import {
  AuthenticateServerResponse,
  CancelSessionResponse,
  type CtxParams1,
  EUICCSigned2,
  EuiccCancelSessionSigned,
  EuiccSigned1,
  PrepareDownloadResponse,
  ServerSigned1,
  SmdpSigned2,
} from '../../src/rsp/authentication.ts'
import { sign } from '../../src/rsp/crypto/ecdsa.ts'
import { EUICCInfo1, EUICCInfo2 } from '../../src/rsp/euicc-info.ts'
import type { Fetch } from '../../src/rsp/fetch.ts'
import { iccidFromDigits } from '../../src/rsp/identifiers.ts'
import { BoundProfilePackage } from '../../src/rsp/interfaces/es8p.ts'
import { ES9p } from '../../src/rsp/interfaces/es9p.ts'
import { ES10a } from '../../src/rsp/interfaces/es10a.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { ES10c } from '../../src/rsp/interfaces/es10c.ts'
import { type ProfileInfo, StoreMetadataRequest } from '../../src/rsp/metadata.ts'
import { ProfileInstallationResult, ProfileInstallationResultData } from '../../src/rsp/notification.ts'
import { testPki } from '../server/smdp/smdp-fixture.ts'
import { type FakeCard, fakeCard, type Told, told } from './fake-card.ts'
import { type FakeServer, fakeServer, type Served, served } from './fake-server.ts'

export const HOST = 'smdp.example.com'
export const ICCID = '89049032123451234512'
export const ISDP_AID = fromHex('a0000005591010ffffffff8900001000')
const TRANSACTION = fromHex('0102030405060708')
export const OTHER_TRANSACTION = fromHex('0102030405060709')
const CHALLENGE = new Uint8Array(16).fill(0xc1)
const SERVER_CHALLENGE = new Uint8Array(16).fill(0xc2)
const CI = new Uint8Array(20).fill(0xca)
export const OTHER_CI = new Uint8Array(20).fill(0xcb)
const SIGNATURE = new Uint8Array(64).fill(0x55)
const CERTIFICATE = fromHex('3000')
/** The card's and the server's true certificates and keys; the signatures that nobody is to check are not by them. */
export const PKI = testPki('P-256')
const POINT = Uint8Array.of(4, ...new Uint8Array(64).fill(0x11))

export const METADATA: StoreMetadataRequest = {
  iccid: iccidFromDigits(ICCID),
  serviceProviderName: 'Test operator',
  profileName: 'Plan',
  profileClass: 'operational',
  profileOwner: { mccMnc: fromHex('00f110') },
}
/** The profile as the card lists it when it is installed. */
export const LISTED: ProfileInfo = { ...METADATA, isdpAid: ISDP_AID, profileState: 'disabled' }
export const EUICC_INFO_2: EUICCInfo2 = {
  profileVersion: fromHex('020301'),
  svn: fromHex('020202'),
  euiccFirmwareVer: fromHex('010000'),
  extCardResource: fromHex('81010082030fffff83020fff'),
  uiccCapability: ['usimSupport', 'akaMilenage'],
  rspCapability: ['additionalProfile'],
  euiccCiPKIdListForVerification: [CI],
  euiccCiPKIdListForSigning: [CI],
  ppVersion: fromHex('010000'),
  sasAcreditationNumber: 'TEST',
}

/** Everything that can be flipped, one thing a test. */
export interface Twist {
  /** What the server says of itself and of the profile. */
  readonly serverAddress?: string
  readonly transactionIds?: Partial<
    Record<'initiate' | 'signed1' | 'client' | 'signed2' | 'bound' | 'card' | 'result', Uint8Array>
  >
  readonly euiccChallenge?: Uint8Array
  readonly ciToBeUsed?: Uint8Array
  readonly metadata?: StoreMetadataRequest
  /** In the package, where it is another than was shown. */
  readonly boundMetadata?: StoreMetadataRequest
  readonly ccRequired?: boolean
  readonly serverChallengeSigned?: Uint8Array
  readonly ctxParamsSigned?: CtxParams1
  /** What the card lists after the installation. */
  readonly listed?: readonly ProfileInfo[]
  readonly resultIccid?: Uint8Array
  readonly resultSignature?: Uint8Array
  readonly errorResult?:
    | { bppCommandId: 'initialiseSecureChannel'; errorReason: 'incorrectInputValues' }
    | { bppCommandId: 'loadProfileElements'; errorReason: 'installFailedDueToInsufficientMemoryForProfile' }
    | { bppCommandId: 'storeMetadata'; errorReason: 'installFailedDueToIccidAlreadyExistsOnEuicc' }
  /** The result comes with this segment (from 0) and not with the last. */
  readonly resultAt?: number
  readonly onSegment?: (index: number) => Uint8Array | number | undefined
  readonly notificationAddress?: string
  readonly rat?: readonly {
    pprIds: readonly ('ppr1' | 'ppr2')[]
    allowedOperators: readonly { mccMnc: Uint8Array }[]
    pprFlags: readonly 'consentRequired'[]
  }[]
  /** In place of the card's or server's own. */
  readonly card?: readonly Told[]
  readonly server?: readonly Served[]
  /** The server signs by its key and shows its certificates. */
  readonly genuineServer?: true
  /** The card signs what it is asked to authenticate with by its key. */
  readonly genuineCard?: true
}

const cardOf = (twist: Twist, removed: number[]): FakeCard => {
  const { transactionIds = {}, metadata = METADATA } = twist
  let segments = 0
  const profileInstallationResult = (): Uint8Array => {
    const profileInstallationResultData = keep(ProfileInstallationResultData, {
      transactionId: transactionIds.result ?? TRANSACTION,
      notificationMetadata: {
        seqNumber: 0,
        profileManagementOperation: ['notificationInstall'],
        notificationAddress: twist.notificationAddress ?? HOST,
        iccid: twist.resultIccid ?? metadata.iccid,
      },
      smdpOid: '2.999.10',
      finalResult:
        twist.errorResult === undefined
          ? { successResult: { aid: ISDP_AID, simaResponse: fromHex('30 00') } }
          : { errorResult: twist.errorResult },
    })
    const euiccSignPIR = twist.resultSignature ?? sign(PKI.euicc.privateKey, profileInstallationResultData.bytes)
    return encode(ProfileInstallationResult, { profileInstallationResultData, euiccSignPIR })
  }
  const info1: EUICCInfo1 = {
    svn: fromHex('020202'),
    euiccCiPKIdListForVerification: [CI, OTHER_CI],
    euiccCiPKIdListForSigning: [CI],
  }
  const functions = [
    told(ES10a.GetEuiccConfiguredAddresses, () => ({ defaultDpAddress: HOST, rootDsAddress: 'lpa.ds.gsma.com' })),
    told(ES10b.GetEUICCInfo1, () => keep(EUICCInfo1, info1)),
    told(ES10b.GetEUICCInfo2, () => keep(EUICCInfo2, EUICC_INFO_2)),
    told(ES10b.GetEUICCChallenge, () => ({ euiccChallenge: CHALLENGE })),
    told(ES10b.AuthenticateServer, ({ serverSigned1: { value: signed }, ctxParams1 }) => {
      const euiccSigned1 = keep(EuiccSigned1, {
        transactionId: transactionIds.card ?? signed.transactionId,
        serverAddress: signed.serverAddress,
        serverChallenge: twist.serverChallengeSigned ?? signed.serverChallenge,
        euiccInfo2: EUICC_INFO_2,
        ctxParams1: twist.ctxParamsSigned ?? ctxParams1,
      })
      return keep(AuthenticateServerResponse, {
        authenticateResponseOk: {
          euiccSigned1,
          euiccSignature1: twist.genuineCard ? sign(PKI.euicc.privateKey, euiccSigned1.bytes) : SIGNATURE,
          euiccCertificate: PKI.euicc.certificate.der,
          eumCertificate: CERTIFICATE,
        },
      })
    }),
    told(ES10b.PrepareDownload, ({ smdpSigned2, hashCc }) =>
      keep(PrepareDownloadResponse, {
        downloadResponseOk: {
          euiccSigned2: keep(EUICCSigned2, {
            transactionId: smdpSigned2.value.transactionId,
            euiccOtpk: POINT,
            ...(hashCc === undefined ? {} : { hashCc }),
          }),
          euiccSignature2: SIGNATURE,
        },
      }),
    ),
    told(ES10b.GetRAT, () => ({ rat: twist.rat ?? [] })),
    told(ES10b.CancelSession, ({ transactionId, reason }) =>
      keep(CancelSessionResponse, {
        cancelSessionResponseOk: {
          euiccCancelSessionSigned: keep(EuiccCancelSessionSigned, { transactionId, smdpOid: '2.999.10', reason }),
          euiccCancelSessionSignature: SIGNATURE,
        },
      }),
    ),
    told(ES10b.RemoveNotificationFromList, ({ seqNumber }) => {
      removed.push(seqNumber)
      return { deleteNotificationStatus: 'ok' as const }
    }),
    told(ES10c.GetProfilesInfo, () => ({
      profileInfoListOk: twist.listed ?? [{ ...LISTED, ...metadata }],
    })),
  ]
  const replaced = twist.card ?? []
  return fakeCard([...replaced, ...functions.filter(({ tag }) => !replaced.some(other => other.tag === tag))], {
    onSegment: () => {
      const index = segments++
      const said = twist.onSegment?.(index)
      if (said !== undefined) return said
      return index === (twist.resultAt ?? SEGMENTS - 1) ? profileInstallationResult() : new Uint8Array(0)
    },
  })
}

/** Secure channel, one '87', header and two '88', a second '87', header and three '86'. */
export const SEGMENTS = 10

const bind = (metadata: StoreMetadataRequest): Uint8Array => {
  const [mac, bytes] = [new Uint8Array(8).fill(0xaa), encode(StoreMetadataRequest, metadata)]
  return encode(BoundProfilePackage, {
    initialiseSecureChannelRequest: {
      remoteOpId: 'installBoundProfilePackage',
      transactionId: TRANSACTION,
      controlRefTemplate: { keyType: Uint8Array.of(0x88), keyLen: Uint8Array.of(16), hostId: Uint8Array.of(1) },
      smdpOtpk: POINT,
      smdpSign: SIGNATURE,
    },
    firstSequenceOf87: [new Uint8Array(24)],
    sequenceOf88: [concat(bytes.subarray(0, 10), mac), concat(bytes.subarray(10), mac)],
    secondSequenceOf87: [new Uint8Array(72)],
    sequenceOf86: [new Uint8Array(1000), new Uint8Array(1000), new Uint8Array(40)],
  })
}

const serverOf = (twist: Twist, cancelled: unknown[]): FakeServer => {
  const { transactionIds: ids = {}, metadata = METADATA } = twist
  const functions = [
    served(ES9p.InitiateAuthentication, ({ smdpAddress, euiccChallenge }) => {
      const serverSigned1 = keep(ServerSigned1, {
        transactionId: ids.signed1 ?? TRANSACTION,
        euiccChallenge: twist.euiccChallenge ?? euiccChallenge,
        serverAddress: twist.serverAddress ?? smdpAddress,
        serverChallenge: SERVER_CHALLENGE,
      })
      return {
        transactionId: ids.initiate ?? TRANSACTION,
        serverSigned1,
        serverSignature1: twist.genuineServer ? sign(PKI.dpAuth.privateKey, serverSigned1.bytes) : SIGNATURE,
        euiccCiPKIdToBeUsed: twist.ciToBeUsed ?? CI,
        serverCertificate: twist.genuineServer ? PKI.dpAuth.certificate.der : CERTIFICATE,
      }
    }),
    served(ES9p.AuthenticateClient, () => {
      const smdpSigned2 = keep(SmdpSigned2, {
        transactionId: ids.signed2 ?? TRANSACTION,
        ccRequiredFlag: twist.ccRequired ?? false,
      })
      const covered = concat(smdpSigned2.bytes, fromHex('5f3740'), SIGNATURE)
      return {
        transactionId: ids.client ?? TRANSACTION,
        profileMetadata: keep(StoreMetadataRequest, metadata),
        smdpSigned2,
        smdpSignature2: twist.genuineServer ? sign(PKI.dpPb.privateKey, covered) : SIGNATURE,
        smdpCertificate: twist.genuineServer ? PKI.dpPb.certificate.der : CERTIFICATE,
      }
    }),
    served(ES9p.GetBoundProfilePackage, () => ({
      transactionId: ids.bound ?? TRANSACTION,
      boundProfilePackage: bind(twist.boundMetadata ?? metadata),
    })),
    served(ES9p.HandleNotification, () => undefined),
    served(ES9p.CancelSession, ({ cancelSessionResponse }) => {
      const ok = cancelSessionResponse.value.cancelSessionResponseOk
      cancelled.push(ok?.euiccCancelSessionSigned.value.reason)
      return {}
    }),
  ]
  const replaced = twist.server ?? []
  return fakeServer([...replaced, ...functions.filter(({ path }) => !replaced.some(other => other.path === path))])
}

/** One download with one thing flipped, run to its end. */
export const tell = async (
  twist: Twist = {},
  consent: Consent | ((stop: AbortController) => Consent) = { accepted: true },
  source: { activationCode: string } | { smdpAddress: string } | { defaultSmdp: true } = {
    activationCode: `LPA:1$${HOST}$MATCHING-ID`,
  },
  wrapFetch: (fetch: Fetch) => Fetch = fetch => fetch,
  wrapCard: (card: FakeCard) => Channel = card => card,
) => {
  const cancelled: unknown[] = []
  const removed: number[] = []
  const events: LpaEvent[] = []
  const asked: { metadata: StoreMetadataRequest; terms: ConsentTerms; heard: readonly string[] }[] = []
  const card = cardOf(twist, removed)
  const server = serverOf(twist, cancelled)
  const stop = new AbortController()
  const outcome = await withIsdr(wrapCard(card), { report: event => events.push(event) }, isdr =>
    downloadProfile({
      ...source,
      isdr,
      fetch: wrapFetch(server.fetch),
      deviceInfo: toDeviceInfo('35290611'),
      signal: stop.signal,
      confirm: async (metadata, terms) => {
        asked.push({ metadata, terms, heard: [...server.log] })
        return typeof consent === 'function' ? consent(stop) : consent
      },
    }),
  ).then(
    download => ({ download, error: undefined }),
    (error: unknown) => ({ download: undefined, error }),
  )
  return { ...outcome, card, server, cancelled, removed, events, asked }
}
