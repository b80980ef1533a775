import { keep } from '../../asn1/schema.ts'
import { sign } from '../../rsp/crypto/ecdsa.ts'
import {
  type BppCommandId,
  type ErrorReason,
  ProfileInstallationResult,
  ProfileInstallationResultData,
} from '../../rsp/notification.ts'
import { getFreeIsdpAid } from '../commands/aids.ts'
import type { FunctionContext } from '../commands/answer.ts'
import { withInstallationResult, withNotifications } from '../es10/notifications.ts'
import type { PackageLoading } from '../es10/session.ts'
import { getCiPKId } from '../state/identity.ts'
import { type CardState, getProfileKey, type Profile, withEntry } from '../state/state.ts'
import type { PackageInstalled } from './install-package.ts'

export interface InstallationFailure {
  readonly command: BppCommandId
  readonly reason: ErrorReason
  readonly simaResponse?: Uint8Array | undefined
}

type Card = Pick<FunctionContext, 'state' | 'identity'>
interface Installation {
  readonly state: CardState
  /** The encoded ProfileInstallationResult. */
  readonly result: Uint8Array
}

/** The profile is not installed; the result contains command and reason for the SM-DP+ (SGP.22 §2.5.6). */
export const createFailedInstallation = (
  { state }: Card,
  loading: PackageLoading,
  { command, reason, simaResponse }: InstallationFailure,
): Installation => {
  // Only after an interruption may the SM-DP+ bind the package to the same key again.
  const isToBeRetried = reason === 'installFailedDueToInterruption'
  return withResult(isToBeRetried ? state : { ...state, oneTimeKey: undefined }, loading, {
    errorResult: {
      bppCommandId: command,
      errorReason: reason,
      ...(simaResponse === undefined ? {} : { simaResponse }),
    },
  })
}

/** Stores the profile, disabled, in a new ISD-P, with the result and the configured notifications. */
export const createSuccessfulInstallation = (
  { state, identity }: Card,
  loading: PackageLoading,
  elements: Uint8Array,
  { simaResponse, size }: PackageInstalled,
): Installation => {
  const { serviceSpecificDataNotStoredInEuicc: _notStored, ...metadata } = loading.metadata!
  const profile: Profile = {
    isdpAid: getFreeIsdpAid(state),
    ciPKId: getCiPKId(loading.session.credential),
    size,
    info: {
      ...metadata,
      ...(loading.dpProprietaryData === undefined ? {} : { dpProprietaryData: loading.dpProprietaryData }),
    },
  }
  const key = getProfileKey(profile)
  const installed: CardState = {
    ...state,
    profiles: withEntry(state.profiles, key, profile),
    packages: withEntry(state.packages, key, elements),
    oneTimeKey: undefined,
  }
  const recorded = withResult(installed, loading, { successResult: { aid: profile.isdpAid, simaResponse } })
  return { ...recorded, state: withNotifications(recorded.state, identity, profile, 'notificationInstall') }
}

const withResult = (
  state: CardState,
  { session, metadata }: PackageLoading,
  finalResult: ProfileInstallationResultData['finalResult'],
): Installation => {
  const profileInstallationResultData = keep(ProfileInstallationResultData, {
    transactionId: session.transactionId,
    notificationMetadata: {
      seqNumber: state.root.nextSequenceNumber,
      profileManagementOperation: ['notificationInstall'],
      notificationAddress: session.serverAddress,
      ...(metadata === undefined ? {} : { iccid: metadata.iccid }),
    },
    smdpOid: session.smdpCertificate.registeredId!,
    finalResult,
  })
  const result: ProfileInstallationResult = {
    profileInstallationResultData,
    euiccSignPIR: sign(session.credential.euiccPrivateKey, profileInstallationResultData.bytes),
  }
  return { state: withInstallationResult(state, result), result: keep(ProfileInstallationResult, result).bytes }
}
