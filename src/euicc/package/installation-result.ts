import { keep } from '../../asn1/schema.ts'
import { sign } from '../../rsp/crypto/ecdsa.ts'
import {
  type BppCommandId,
  type ErrorReason,
  ProfileInstallationResult,
  ProfileInstallationResultData,
} from '../../rsp/notification.ts'
import { freeIsdpAid } from '../commands/aids.ts'
import type { Situation } from '../commands/answer.ts'
import { withInstallationResult, withNotifications } from '../es10/notifications.ts'
import type { Loading } from '../es10/session.ts'
import { ciPKIdOf } from '../state/identity.ts'
import { type CardState, keyOf, type Profile, withEntry } from '../state/state.ts'
import type { PackageInstalled } from './install-package.ts'

export interface InstallationFailure {
  readonly command: BppCommandId
  readonly reason: ErrorReason
  readonly simaResponse?: Uint8Array | undefined
}

type Card = Pick<Situation, 'state' | 'identity'>
interface Installation {
  readonly state: CardState
  /** The encoded ProfileInstallationResult. */
  readonly result: Uint8Array
}

/** The profile is not installed; the result contains command and reason for the SM-DP+ (SGP.22 §2.5.6). */
export const failedInstallation = (
  { state }: Card,
  loading: Loading,
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
export const successfulInstallation = (
  { state, identity }: Card,
  loading: Loading,
  elements: Uint8Array,
  { simaResponse, size }: PackageInstalled,
): Installation => {
  const { serviceSpecificDataNotStoredInEuicc: _notStored, ...metadata } = loading.metadata!
  const profile: Profile = {
    isdpAid: freeIsdpAid(state),
    ciPKId: ciPKIdOf(loading.session.credential),
    size,
    info: {
      ...metadata,
      ...(loading.dpProprietaryData === undefined ? {} : { dpProprietaryData: loading.dpProprietaryData }),
    },
  }
  const key = keyOf(profile)
  const installed: CardState = {
    ...state,
    profiles: withEntry(state.profiles, key, profile),
    packages: withEntry(state.packages, key, elements),
    oneTimeKey: undefined,
  }
  const told = withResult(installed, loading, { successResult: { aid: profile.isdpAid, simaResponse } })
  return { ...told, state: withNotifications(told.state, identity, profile, 'notificationInstall') }
}

const withResult = (
  state: CardState,
  { session, metadata }: Loading,
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
