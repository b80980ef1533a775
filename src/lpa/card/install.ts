import { equalBytes, toHex } from '../../asn1/bytes.ts'
import type { WithRawBytes } from '../../asn1/schema.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import { ES10b } from '../../rsp/interfaces/es10b.ts'
import type { ProfileInfo, StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { ProfileInstallationResult } from '../../rsp/notification.ts'
import { LpaError, type LpaFault } from '../errors.ts'
import { reported, stepOf } from '../report.ts'
import { cardRefused, type Isdr, readAnswer } from './isdr.ts'
import { listProfiles, WHOLE_PROFILE_INFO } from './profiles.ts'

/**
 * Loads the segments (SGP.22 §5.7.6), each a STORE DATA chain. The result comes with the last, or earlier with an
 * error; then nothing more is sent.
 */
export const loadSegments = (
  isdr: Isdr,
  segments: readonly Uint8Array[],
  signal?: AbortSignal,
): Promise<WithRawBytes<ProfileInstallationResult>> =>
  reported(isdr.report, ES10b.LoadBoundProfilePackage, async () => {
    const step = stepOf(ES10b.LoadBoundProfilePackage)
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
    throw new LpaError('bad-card-answer', 'card', `${step}: the card took the whole package and gave no result`, {
      step,
    })
  })

/** What went wrong on the card where the error result says so; the package's maker answers for the rest (SGP.22 §2.5.6). */
const CARD_REASONS: readonly (string | number | symbol)[] = [
  'installFailedDueToIccidAlreadyExistsOnEuicc',
  'installFailedDueToInsufficientMemoryForProfile',
  'installFailedDueToInterruption',
  'installFailedDueToUnknownError',
]

/** The AID of the new ISD-P; an error result is an LpaError, and so is a result of another download. */
export const readInstallationResult = (
  { value }: WithRawBytes<ProfileInstallationResult>,
  expected: { readonly transactionId: Uint8Array; readonly iccid: Uint8Array },
): Uint8Array => {
  const step = stepOf(ES10b.LoadBoundProfilePackage)
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

/** The installed profile as the card lists it, compared with the metadata that was shown to the user and the card's own result. */
export const readInstalled = async (
  isdr: Isdr,
  metadata: StoreMetadataRequest,
  isdpAid: Uint8Array,
): Promise<ProfileInfo> => {
  const iccid = iccidToDigits(metadata.iccid)
  const [info] = await listProfiles(isdr, { profile: { iccid }, tagList: WHOLE_PROFILE_INFO })
  if (info === undefined)
    throw new LpaError('state-not-changed', 'card', `the card said that ${iccid} is installed, and does not list it`, {
      step: 'ES10c.GetProfilesInfo',
    })
  // A profile is installed disabled (SGP.22 §3.1.3), in the ISD-P that the result named.
  const expected: ProfileInfo = { ...metadata, isdpAid, profileState: 'disabled' }
  const field = COMPARED.find(name => !sameValue(listed(info, name), listed(expected, name)))
  if (field !== undefined)
    throw new LpaError('card-mismatch', 'card', `the installed profile has another ${field} than it should`, {
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

/** All of it was asked for, so what is absent is not there; no class is the DEFAULT, an empty text is none. */
const listed = (info: ProfileInfo, name: (typeof COMPARED)[number]): unknown =>
  name === 'profileClass' ? (info.profileClass ?? 'operational') : info[name] === '' ? undefined : info[name]

/** By value; an absent rule list is an empty one. */
const sameValue = (a: unknown, b: unknown): boolean => show(a) === show(b)

const show = (value: unknown): string =>
  JSON.stringify(value ?? [], (_key, part: unknown) =>
    part instanceof Uint8Array ? (part.length === 0 ? [] : toHex(part)) : part,
  )
