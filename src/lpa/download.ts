import { toHex } from '../asn1/bytes.ts'
import { encode, type WithRawBytes } from '../asn1/schema.ts'
import type { DeviceInfo } from '../rsp/authentication.ts'
import { hashConfirmationCode } from '../rsp/crypto/confirmation-code.ts'
import type { Fetch } from '../rsp/fetch.ts'
import { iccidToDigits } from '../rsp/identifiers.ts'
import { ES9p } from '../rsp/interfaces/es9p.ts'
import { ES10b } from '../rsp/interfaces/es10b.ts'
import { type ProfileInfo, StoreMetadataRequest } from '../rsp/metadata.ts'
import type { ProfileInstallationResult } from '../rsp/notification.ts'
import { reasonToCancel } from './cancel-reason.ts'
import { loadSegments, readInstallationResult, readInstalled } from './card/install.ts'
import { functionRefused, type Isdr } from './card/isdr.ts'
import { listProfiles } from './card/profiles.ts'
import { segmentPackage } from './card/segments.ts'
import { checkIsSmdp, checkOid, type DownloadSource, findSource } from './download-source.ts'
import { isLpaError, LpaError } from './errors.ts'
import { asNotification, deliver, listNotifications } from './notifications.ts'
import { getPolicyRules, judgePolicyRules, type PolicyRule } from './policy.ts'
import { getStepName } from './report.ts'
import { type Attempt, findResult, isInterruption } from './resume-download.ts'
import { asElement, faultOfDownloadError, isGenuine, withFaultOfRefusal } from './server/judge-refusal.ts'
import { callServer, type ServerAccess } from './server/server-call.ts'
import { cancelSession, checkTransactionId, openSession, type RspSession } from './session.ts'

/** What the user must accept, in addition to the metadata. */
export interface ConsentTerms {
  readonly confirmationCodeRequired: boolean
  /** Policy rules of the profile: PPR1 forbids disabling it, PPR2 forbids deleting it. */
  readonly ppr: readonly PolicyRule[]
  /** The card requires the user's consent to these rules. */
  readonly pprConsentRequired: boolean
}
export type Consent =
  | { readonly accepted: true; readonly confirmationCode?: string | undefined }
  | { readonly accepted: false; readonly reason: 'endUserRejection' | 'postponed' | 'timeout' }

export type DownloadRequest = DownloadSource & {
  readonly isdr: Isdr
  readonly fetch: Fetch
  readonly deviceInfo: DeviceInfo
  /** Called once, after authentication and before the profile is bound. */
  readonly confirm: (metadata: StoreMetadataRequest, terms: ConsentTerms) => Promise<Consent>
  readonly protocolVersion?: string | undefined
  /** Leaves the installation result on the card, for a later delivery. */
  readonly keepNotification?: boolean | undefined
  /**
   * Stops the download between two steps and cancels the session: a TimeoutError with reason timeout, else with
   * endUserRejection.
   */
  readonly signal?: AbortSignal | undefined
  /** From `retryAfterLostResponse`: the state of the previous attempt. */
  readonly attempt?: Attempt | undefined
}

export interface Download {
  readonly smdpAddress: string
  readonly transactionId: string
  readonly iccid: string
  readonly isdpAid: Uint8Array
  readonly metadata: StoreMetadataRequest
  /** As listed by the card. */
  readonly profile: ProfileInfo
  readonly seqNumber: number
  /** False: the result remains on the card for `sendNotifications`. */
  readonly notificationSent: boolean
  readonly packageLength: number
}

/**
 * Profile download and installation (SGP.22 §3.1.3). A failed session is canceled on card and server with its reason,
 * unless the server closed it or the card is removed.
 */
export const downloadProfile = async (request: DownloadRequest): Promise<Download> => {
  const { isdr, fetch, protocolVersion, signal, deviceInfo, attempt } = request

  // 0. Use the result of the previous attempt, if any.
  if (attempt?.lost !== undefined) {
    signal?.throwIfAborted()
    const earlier = await resume(request, attempt)
    if (earlier !== undefined) return earlier
  }

  // 1. Select the SM-DP+.
  const source = await findSource(isdr, request)
  const server: ServerAccess = { fetch, address: source.smdpAddress, report: isdr.report, protocolVersion, signal }

  // 2. Common mutual authentication; the server returns the metadata.
  const { smdpOid, matchingId } = source
  const checkServerCertificate = (certificate: Uint8Array): void => {
    checkIsSmdp(server.address, certificate)
    if (smdpOid !== undefined) checkOid(smdpOid, certificate)
  }
  const session = await openSession({ isdr, server, matchingId, deviceInfo, checkServerCertificate })

  // 3.-6. An error in these steps leaves a session open.
  let loaded: Loaded
  try {
    loaded = await bindAndLoad(request, session)
  } catch (error) {
    const reason = reasonToCancel(error)
    if (reason === undefined) throw error
    await cancelSession(session, reason)
    throw error instanceof LpaError ? error.with({ cancelReason: reason }) : error
  }

  return finish(request, session, loaded)
}

const finish = async (request: DownloadRequest, session: RspSession, loaded: Loaded): Promise<Download> => {
  const { isdr } = request
  const { result, packageLength, isDelivered } = loaded
  const { server, transactionId, profileMetadata } = session
  // 7. The result ends the session on the card; it is sent to the server, also if it is an error.
  const notification = result.value.profileInstallationResultData.value.notificationMetadata
  const notificationSent = isDelivered || (!request.keepNotification && (await deliverResult(request, result)))
  checkResultSignature(result, session.euiccCertificate)
  const isdpAid = await readResult(isdr, session, result)

  // 8. The listed profile must match what the user accepted.
  const profile = await readInstalled(isdr, profileMetadata, isdpAid)
  return {
    smdpAddress: server.address,
    transactionId: toHex(transactionId).toUpperCase(),
    iccid: iccidToDigits(profileMetadata.iccid),
    isdpAid,
    metadata: profileMetadata,
    profile,
    seqNumber: notification.seqNumber,
    notificationSent,
    packageLength,
  }
}

interface Loaded {
  readonly result: WithRawBytes<ProfileInstallationResult>
  readonly packageLength: number
  /** The server received it in an earlier attempt, and it was removed from the card. */
  readonly isDelivered?: boolean
}

/**
 * Continues after the previous attempt if the card has its result. A result of an aborted package is sent to the
 * server.
 */
const resume = async (request: DownloadRequest, attempt: Attempt): Promise<Download | undefined> => {
  const { isdr } = request
  const note = (text: string): void => isdr.report({ kind: 'noted', text })
  const had = attempt.loading?.result
  if (had !== undefined) {
    note('the installation result was received before the response was lost, and is used')
    const { seqNumber } = had.value.profileInstallationResultData.value.notificationMetadata
    const waits = (await listNotifications(isdr)).some(each => each.seqNumber === seqNumber)
    const isDelivered = !request.keepNotification && !waits
    attempt.lost = undefined
    return finish(request, attempt.loading!.session, { ...attempt.loading!, result: had, isDelivered })
  }
  const result = await findResult(isdr, attempt)
  if (result !== undefined && !isInterruption(result)) {
    note('the card has executed the lost command and stored the installation result, which is used')
    attempt.lost = undefined
    const { session, packageLength } = attempt.loading!
    return finish(request, session, { result, packageLength })
  }
  note(
    attempt.loading === undefined
      ? 'no package was sent yet: the download is restarted once'
      : 'the card has no installation result: the download is restarted once',
  )
  if (result !== undefined) await deliverResult(request, result)
  return undefined
}

const bindAndLoad = async (request: DownloadRequest, session: RspSession): Promise<Loaded> => {
  const { isdr, signal, attempt } = request
  const { server, transactionId, profileMetadata } = session

  // 3. Check the policy rules and ask the user.
  signal?.throwIfAborted()
  const pprConsentRequired = await checkPolicy(isdr, profileMetadata)
  const confirmationCodeRequired = session.smdpSigned2.value.ccRequiredFlag
  const ppr = getPolicyRules(profileMetadata)
  const agreed = attempt?.agreed && sameMetadata(attempt.agreed.metadata, profileMetadata) ? attempt.agreed : undefined
  const consent: Consent = agreed
    ? { accepted: true, confirmationCode: agreed.confirmationCode }
    : await request.confirm(profileMetadata, { confirmationCodeRequired, ppr, pprConsentRequired })
  signal?.throwIfAborted()
  if (!consent.accepted)
    throw new LpaError('rejected', 'user', `the user did not accept the profile: ${consent.reason}`, {
      cancelReason: consent.reason,
    })
  if (confirmationCodeRequired && !consent.confirmationCode)
    throw new LpaError(
      'confirmation-code-missing',
      'user',
      'the operator requires a confirmation code, but none was entered',
    )
  if (attempt) attempt.agreed = { metadata: profileMetadata, confirmationCode: consent.confirmationCode }

  // 4. The card generates its one-time key; the server binds the profile to it.
  const prepared = await isdr.call(ES10b.PrepareDownload, {
    smdpSigned2: session.smdpSigned2,
    smdpSignature2: session.smdpSignature2,
    ...(confirmationCodeRequired ? { hashCc: hashConfirmationCode(consent.confirmationCode!, transactionId) } : {}),
    smdpCertificate: session.smdpCertificate,
  })
  if (prepared.value.downloadResponseError !== undefined) {
    const { downloadErrorCode: code } = prepared.value.downloadResponseError
    const fault = faultOfDownloadError(code, {
      covered: [session.smdpSigned2.bytes, asElement(session.euiccSignature1)],
      signature: session.smdpSignature2,
      certificate: session.smdpCertificate,
    })
    throw functionRefused(ES10b.PrepareDownload, code, fault)
  }
  signal?.throwIfAborted()
  const { euiccSigned2, euiccSignature2: signature } = prepared.value.downloadResponseOk
  const covered = [euiccSigned2.bytes, asElement(session.smdpSignature2)]
  const bound = await callServer(server, ES9p.GetBoundProfilePackage, {
    transactionId,
    prepareDownloadResponse: prepared,
  }).catch(error => {
    throw withFaultOfRefusal(error, { covered, signature, certificate: session.euiccCertificate })
  })
  checkTransactionId(getStepName(ES9p.GetBoundProfilePackage), transactionId, bound.transactionId)

  // 5. The metadata of the package, which are not encrypted, must match the accepted ones.
  const { segments, metadata } = segmentPackage(bound.boundProfilePackage)
  if (!sameMetadata(metadata, profileMetadata))
    throw new LpaError(
      'metadata-mismatch',
      'server',
      'the bound package is for another profile than the accepted one',
      {
        step: getStepName(ES9p.GetBoundProfilePackage),
        field: toHex(metadata.iccid) === toHex(profileMetadata.iccid) ? 'profileMetadata' : 'iccid',
      },
    )

  // 6. Load the segments onto the card.
  const packageLength = bound.boundProfilePackage.length
  if (attempt) attempt.loading = { session, packageLength }
  const result = await loadSegments(isdr, segments, signal)
  if (attempt) attempt.loading = { session, packageLength, result }
  return { result, packageLength }
}

/** Returns true if the card requires the user's consent to the rules. */
const checkPolicy = async (isdr: Isdr, metadata: StoreMetadataRequest): Promise<boolean> => {
  if (getPolicyRules(metadata).length === 0) return false
  const { rat } = await isdr.call(ES10b.GetRAT, {})
  const { forbiddenProfilePolicyRules = [] } = (await isdr.call(ES10b.GetEUICCInfo2, {})).value
  const installed = await listProfiles(isdr)
  const verdict = judgePolicyRules(metadata, { rat, forbidden: forbiddenProfilePolicyRules, installed })
  if (verdict.allowed) return verdict.consentRequired
  const { rule, why } = verdict
  throw new LpaError('ppr-not-allowed', 'server', `the profile has ${rule}, which this card does not allow: ${why}`, {
    field: rule,
  })
}

/** Compares the metadata that the eUICC stores; the package omits the part for the LPA. */
const sameMetadata = (a: StoreMetadataRequest, b: StoreMetadataRequest): boolean => {
  const comparable = (metadata: StoreMetadataRequest): string =>
    toHex(encode(StoreMetadataRequest, { ...metadata, serviceSpecificDataNotStoredInEuicc: undefined }))
  return comparable(a) === comparable(b)
}

/** A server ignores a result with an invalid signature without an error, so the LPA verifies it. */
const checkResultSignature = (
  { value }: WithRawBytes<ProfileInstallationResult>,
  euiccCertificate: Uint8Array,
): void => {
  const { profileInstallationResultData, euiccSignPIR } = value
  const claim = {
    covered: [profileInstallationResultData.bytes],
    signature: euiccSignPIR,
    certificate: euiccCertificate,
  }
  if (isGenuine(claim)) return
  const step = getStepName(ES10b.LoadBoundProfilePackage)
  throw new LpaError(
    'card-mismatch',
    'card',
    `${step}: the signature of the result does not match the card's certificate`,
    {
      step,
      field: 'euiccSignPIR',
    },
  )
}

/** A rejected duplicate ICCID is an error of the order if the card does list that ICCID. */
const readResult = async (
  isdr: Isdr,
  { transactionId, profileMetadata: { iccid } }: RspSession,
  result: WithRawBytes<ProfileInstallationResult>,
): Promise<Uint8Array> => {
  try {
    return readInstallationResult(result, { transactionId, iccid })
  } catch (error) {
    const alreadyExists = 'installFailedDueToIccidAlreadyExistsOnEuicc'
    if (!isLpaError(error, 'install-failed') || error.data.errorReason !== alreadyExists) throw error
    const [present] = await listProfiles(isdr, { profile: { iccid: iccidToDigits(iccid) } })
    throw present === undefined ? error : error.with({}, 'user')
  }
}

/**
 * Sends the installation result at once. If the server rejects it, the profile stays installed and the result on the
 * card.
 */
const deliverResult = async (
  { isdr, fetch, protocolVersion }: DownloadRequest,
  { value, bytes }: WithRawBytes<ProfileInstallationResult>,
): Promise<boolean> => {
  const metadata = value.profileInstallationResultData.value.notificationMetadata
  try {
    await deliver({ isdr, fetch, protocolVersion }, metadata, asNotification(bytes))
    return true
  } catch (error) {
    if (!isLpaError(error)) throw error
    const text = `the installation result (${metadata.seqNumber}) remains on the card: ${error.message}`
    isdr.report({ kind: 'noted', text, error })
    return false
  }
}
