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
import { judgePolicyRules, type PolicyRule, policyRulesOf } from './policy.ts'
import { stepOf } from './report.ts'
import { type Attempt, findResult, isInterruption } from './resume-download.ts'
import { asElement, faultOfDownloadError, isGenuine, withFaultOfRefusal } from './server/judge-refusal.ts'
import { callServer, type ServerAccess } from './server/server-call.ts'
import { cancelSession, checkTransactionId, openSession, type RspSession } from './session.ts'

/** What the user is asked besides the profile's metadata. */
export interface ConsentTerms {
  readonly confirmationCodeRequired: boolean
  /** Policy rules of the profile: PPR1 may not be disabled, PPR2 may not be deleted. */
  readonly ppr: readonly PolicyRule[]
  /** The card wants the user told of these rules and asked for them. */
  readonly pprConsentRequired: boolean
}
export type Consent =
  | { readonly accepted: true; readonly confirmationCode?: string | undefined }
  | { readonly accepted: false; readonly reason: 'endUserRejection' | 'postponed' | 'timeout' }

export type DownloadRequest = DownloadSource & {
  readonly isdr: Isdr
  readonly fetch: Fetch
  readonly deviceInfo: DeviceInfo
  /** Asked once, after the server has said what it has and before anything is bound. */
  readonly confirm: (metadata: StoreMetadataRequest, terms: ConsentTerms) => Promise<Consent>
  readonly protocolVersion?: string | undefined
  /** Leaves the installation result on the card, for somebody who sends it later. */
  readonly keepNotification?: boolean | undefined
  /** Stops the download between two steps, and cancels the session: a TimeoutError as timeout, all else as the user's no. */
  readonly signal?: AbortSignal | undefined
  /** From `retryAfterLostResponse`: whether this is the second try, and what is known of the first. */
  readonly attempt?: Attempt | undefined
}

export interface Download {
  readonly smdpAddress: string
  readonly transactionId: string
  readonly iccid: string
  readonly isdpAid: Uint8Array
  readonly metadata: StoreMetadataRequest
  /** As the card lists it. */
  readonly profile: ProfileInfo
  readonly seqNumber: number
  /** False: the result waits on the card for `sendNotifications`. */
  readonly notificationSent: boolean
  readonly packageLength: number
}

/**
 * Profile download and installation (SGP.22 §3.1.3). A session that does not come to its end is cancelled on card and
 * server with the true reason, but where the server has closed it or the card is gone.
 */
export const downloadProfile = async (request: DownloadRequest): Promise<Download> => {
  const { isdr, fetch, protocolVersion, signal, deviceInfo, attempt } = request

  // 0. Not if it has been done already.
  if (attempt?.lost !== undefined) {
    signal?.throwIfAborted()
    const earlier = await resume(request, attempt)
    if (earlier !== undefined) return earlier
  }

  // 1. Whose door?
  const source = await findSource(isdr, request)
  const server: ServerAccess = { fetch, address: source.smdpAddress, report: isdr.report, protocolVersion, signal }

  // 2. Common mutual authentication; the server tells what it has.
  const { smdpOid, matchingId } = source
  const checkServerCertificate = (certificate: Uint8Array): void => {
    checkIsSmdp(server.address, certificate)
    if (smdpOid !== undefined) checkOid(smdpOid, certificate)
  }
  const session = await openSession({ isdr, server, matchingId, deviceInfo, checkServerCertificate })

  // 3.-6. What fails here leaves a session open.
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
  const { result, packageLength, isTold } = loaded
  const { server, transactionId, profileMetadata } = session
  // 7. The result has ended the session on the card; the server hears of it, whatever it says.
  const notification = result.value.profileInstallationResultData.value.notificationMetadata
  const notificationSent = isTold || (!request.keepNotification && (await tell(request, result)))
  checkResultSignature(result, session.euiccCertificate)
  const isdpAid = await readResult(isdr, session, result)

  // 8. What the card lists must be what the user accepted.
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
  /** The server had it in an earlier try: it is on the card no more. */
  readonly isTold?: boolean
}

/** What came of the try before, where the card knows it; the server hears of a package that was given up, too. */
const resume = async (request: DownloadRequest, attempt: Attempt): Promise<Download | undefined> => {
  const { isdr } = request
  const note = (text: string): void => isdr.report({ kind: 'noted', text })
  const had = attempt.loading?.result
  if (had !== undefined) {
    note('the result of the installation had come before; it counts')
    const { seqNumber } = had.value.profileInstallationResultData.value.notificationMetadata
    const waits = (await listNotifications(isdr)).some(each => each.seqNumber === seqNumber)
    const isTold = !request.keepNotification && !waits
    attempt.lost = undefined
    return finish(request, attempt.loading!.session, { ...attempt.loading!, result: had, isTold })
  }
  const result = await findResult(isdr, attempt)
  if (result !== undefined && !isInterruption(result)) {
    note('the card had carried out what got lost, and keeps the result of the installation: it counts')
    attempt.lost = undefined
    const { session, packageLength } = attempt.loading!
    return finish(request, session, { result, packageLength })
  }
  note(
    attempt.loading === undefined
      ? 'no package was on its way yet: the download begins anew, once'
      : 'the card knows of no installation: the download begins anew, once',
  )
  if (result !== undefined) await tell(request, result)
  return undefined
}

const bindAndLoad = async (request: DownloadRequest, session: RspSession): Promise<Loaded> => {
  const { isdr, signal, attempt } = request
  const { server, transactionId, profileMetadata } = session

  // 3. May it come onto this card, and does the user want it?
  signal?.throwIfAborted()
  const pprConsentRequired = await checkPolicy(isdr, profileMetadata)
  const confirmationCodeRequired = session.smdpSigned2.value.ccRequiredFlag
  const ppr = policyRulesOf(profileMetadata)
  const agreed = attempt?.agreed && sameMetadata(attempt.agreed.metadata, profileMetadata) ? attempt.agreed : undefined
  const consent: Consent = agreed
    ? { accepted: true, confirmationCode: agreed.confirmationCode }
    : await request.confirm(profileMetadata, { confirmationCodeRequired, ppr, pprConsentRequired })
  signal?.throwIfAborted()
  if (!consent.accepted)
    throw new LpaError('rejected', 'user', `the user did not take the profile: ${consent.reason}`, {
      cancelReason: consent.reason,
    })
  if (confirmationCodeRequired && !consent.confirmationCode)
    throw new LpaError(
      'confirmation-code-missing',
      'user',
      'the operator asks for a confirmation code, and none was given',
    )
  if (attempt) attempt.agreed = { metadata: profileMetadata, confirmationCode: consent.confirmationCode }

  // 4. The card makes its one-time key; the server binds the profile to it.
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
  checkTransactionId(stepOf(ES9p.GetBoundProfilePackage), transactionId, bound.transactionId)

  // 5. Is it the profile that was shown? Its metadata are protected, not encrypted.
  const { segments, metadata } = segmentPackage(bound.boundProfilePackage)
  if (!sameMetadata(metadata, profileMetadata))
    throw new LpaError('metadata-mismatch', 'server', 'the bound package is for another profile than the one shown', {
      step: stepOf(ES9p.GetBoundProfilePackage),
      field: toHex(metadata.iccid) === toHex(profileMetadata.iccid) ? 'profileMetadata' : 'iccid',
    })

  // 6. Onto the card, segment by segment.
  const packageLength = bound.boundProfilePackage.length
  if (attempt) attempt.loading = { session, packageLength }
  const result = await loadSegments(isdr, segments, signal)
  if (attempt) attempt.loading = { session, packageLength, result }
  return { result, packageLength }
}

/** True if the card wants the user asked about the rules. */
const checkPolicy = async (isdr: Isdr, metadata: StoreMetadataRequest): Promise<boolean> => {
  if (policyRulesOf(metadata).length === 0) return false
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

/** What the eUICC keeps of the metadata; the part for the LPA alone is not in the package. */
const sameMetadata = (a: StoreMetadataRequest, b: StoreMetadataRequest): boolean => {
  const comparable = (metadata: StoreMetadataRequest): string =>
    toHex(encode(StoreMetadataRequest, { ...metadata, serviceSpecificDataNotStoredInEuicc: undefined }))
  return comparable(a) === comparable(b)
}

/** A server passes over a result that does not verify, and tells nobody; so it is the LPA that has to see it. */
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
  const step = stepOf(ES10b.LoadBoundProfilePackage)
  throw new LpaError(
    'card-mismatch',
    'card',
    `${step}: the result is not signed by the key of the card's certificate`,
    {
      step,
      field: 'euiccSignPIR',
    },
  )
}

/** A card that refuses an ICCID because it has it is right where it lists it: then nobody should have ordered that. */
const readResult = async (
  isdr: Isdr,
  { transactionId, profileMetadata: { iccid } }: RspSession,
  result: WithRawBytes<ProfileInstallationResult>,
): Promise<Uint8Array> => {
  try {
    return readInstallationResult(result, { transactionId, iccid })
  } catch (error) {
    const isThere = 'installFailedDueToIccidAlreadyExistsOnEuicc'
    if (!isLpaError(error, 'install-failed') || error.data.errorReason !== isThere) throw error
    const [present] = await listProfiles(isdr, { profile: { iccid: iccidToDigits(iccid) } })
    throw present === undefined ? error : error.with({}, 'user')
  }
}

/** Sends the installation result at once. A server that does not take it does not undo the installation: the card keeps it. */
const tell = async (
  { isdr, fetch, protocolVersion }: DownloadRequest,
  { value, bytes }: WithRawBytes<ProfileInstallationResult>,
): Promise<boolean> => {
  const metadata = value.profileInstallationResultData.value.notificationMetadata
  try {
    await deliver({ isdr, fetch, protocolVersion }, metadata, asNotification(bytes))
    return true
  } catch (error) {
    if (!isLpaError(error)) throw error
    const text = `the installation result (${metadata.seqNumber}) stays on the card: ${error.message}`
    isdr.report({ kind: 'noted', text, error })
    return false
  }
}
