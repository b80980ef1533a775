import { equalBytes, toHex } from '../../asn1/bytes.ts'
import type { WithRawBytes } from '../../asn1/schema.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import { ES10b } from '../../rsp/interfaces/es10b.ts'
import type { ProfileInfo, StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { ProfileInstallationResult } from '../../rsp/notification.ts'
import { LpaError, type LpaFault } from '../errors.ts'
import { getStepName, reported } from '../report.ts'
import { cardRefused, type Isdr, readAnswer } from './isdr.ts'
import { listProfiles, WHOLE_PROFILE_INFO } from './profiles.ts'

/**
 * Sends the segments (SGP.22 §5.7.6), each as a STORE DATA chain. The card returns the result with the last segment, or
 * earlier with an error; then the remaining segments are not sent.
 */
export const loadSegments = (
  isdr: Isdr,
  segments: readonly Uint8Array[],
  signal?: AbortSignal,
): Promise<WithRawBytes<ProfileInstallationResult>> =>
  reported(isdr.report, ES10b.LoadBoundProfilePackage, async () => {
    const step = getStepName(ES10b.LoadBoundProfilePackage)
    const total = segments.reduce((sum, segment) => sum + segment.length, 0)
    let done = 0
    for (const segment of segments) {
      signal?.throwIfAborted()
      let answer: Uint8Array
      try {
        answer = await isdr.send(segment)
      } catch (error) {
        throw cardRefused(step, error)
      }
      done += segment.length
      isdr.report({ kind: 'progress', step, done, total })
      if (answer.length > 0) return readAnswer(ES10b.LoadBoundProfilePackage, answer)
    }
    throw new LpaError(
      'bad-card-answer',
      'card',
      `${step}: the card accepted the whole package but returned no result`,
      {
        step,
      },
    )
  })

/** Error reasons that concern the card; the others concern the package (SGP.22 §2.5.6). */
const CARD_REASONS: readonly (string | number | symbol)[] = [
  'installFailedDueToIccidAlreadyExistsOnEuicc',
  'installFailedDueToInsufficientMemoryForProfile',
  'installFailedDueToInterruption',
  'installFailedDueToUnknownError',
]

/** Returns the AID of the new ISD-P. Throws an LpaError for an error result or a result of another download. */
export const readInstallationResult = (
  { value }: WithRawBytes<ProfileInstallationResult>,
  expected: { readonly transactionId: Uint8Array; readonly iccid: Uint8Array },
): Uint8Array => {
  const step = getStepName(ES10b.LoadBoundProfilePackage)
  const { transactionId, notificationMetadata, finalResult } = value.profileInstallationResultData.value
  const mismatch = (field: string): LpaError =>
    new LpaError('card-mismatch', 'card', `${step}: the result is for another ${field}`, { step, field })
  if (!equalBytes(transactionId, expected.transactionId)) throw mismatch('transactionId')
  if (finalResult.errorResult !== undefined) {
    const { bppCommandId, errorReason } = finalResult.errorResult
    const fault: LpaFault = CARD_REASONS.includes(errorReason) ? 'card' : 'server'
    const message = `${step}: the profile was not installed: ${String(errorReason)} at ${String(bppCommandId)}`
    const { seqNumber } = notificationMetadata
    throw new LpaError('install-failed', fault, message, { step, bppCommandId, errorReason, seqNumber })
  }
  if (notificationMetadata.iccid === undefined || !equalBytes(notificationMetadata.iccid, expected.iccid))
    throw mismatch('iccid')
  return finalResult.successResult.aid
}

/**
 * Reads the installed profile and compares it with the metadata that the user accepted and with the installation
 * result.
 */
export const readInstalled = async (
  isdr: Isdr,
  metadata: StoreMetadataRequest,
  isdpAid: Uint8Array,
): Promise<ProfileInfo> => {
  const iccid = iccidToDigits(metadata.iccid)
  const [info] = await listProfiles(isdr, { profile: { iccid }, tagList: WHOLE_PROFILE_INFO })
  if (info === undefined)
    throw new LpaError(
      'state-not-changed',
      'card',
      `the card reported the installation of ${iccid}, but does not list it`,
      {
        step: 'ES10c.GetProfilesInfo',
      },
    )
  // A profile is installed disabled (SGP.22 §3.1.3), in the ISD-P of the result.
  const expected: ProfileInfo = { ...metadata, isdpAid, profileState: 'disabled' }
  const field = COMPARED.find(name => !sameValue(listed(info, name), listed(expected, name)))
  if (field !== undefined)
    throw new LpaError('card-mismatch', 'card', `the installed profile has an unexpected ${field}`, {
      step: 'ES10c.GetProfilesInfo',
      field,
    })
  return info
}

const COMPARED = [
  'iccid',
  'isdpAid',
  'profileState',
  'serviceProviderName',
  'profileName',
  'iconType',
  'icon',
  'profileClass',
  'profileOwner',
  'profilePolicyRules',
] as const

/** All tags were requested, so an absent one does not exist. The DEFAULT of the class is operational. */
const listed = (info: ProfileInfo, name: (typeof COMPARED)[number]): unknown =>
  name === 'profileClass' ? (info.profileClass ?? 'operational') : info[name] === '' ? undefined : info[name]

/** Compares by value; an absent list equals an empty one. */
const sameValue = (a: unknown, b: unknown): boolean => show(a) === show(b)

const show = (value: unknown): string =>
  JSON.stringify(value ?? [], (_key, part: unknown) =>
    part instanceof Uint8Array ? (part.length === 0 ? [] : toHex(part)) : part,
  )
