import { concat } from '../../asn1/bytes.ts'
import { forgetKeyPair } from '../../rsp/crypto/key-agreement.ts'
import type { BppCommandId, ErrorReason } from '../../rsp/notification.ts'
import { PackageError } from '../../rsp/package/error.ts'
import { type OpenedCommand, openPackage } from '../../rsp/package/open.ts'
import { getFreeMemory } from '../es10/euicc-info.ts'
import type { Reply } from '../es10/response.ts'
import { NO_SESSION, type PackageLoading } from '../es10/session.ts'
import type { CardData } from '../state/card-data.ts'
import type { CardState } from '../state/state.ts'
import { installPackage } from './install-package.ts'
import {
  createFailedInstallation,
  createSuccessfulInstallation,
  type InstallationFailure,
} from './installation-result.ts'
import { refuseMetadata } from './metadata-check.ts'

const PACKAGE = 0xbf36
/** Start tags of segments (SGP.22 §2.5.5): the package, its four sequences, their elements. */
const SEGMENTS = [PACKAGE, 0xa0, 0xa1, 0xa2, 0xa3, 0x86, 0x87, 0x88]
export const isSegment = (tag: number): boolean => SEGMENTS.includes(tag)

/**
 * ES10b.LoadBoundProfilePackage (SGP.22 §5.7.6): one segment. The last one, or the first with an error, returns the
 * ProfileInstallationResult. Nothing is committed before.
 */
export const loadSegment = async (device: CardData, segment: Uint8Array): Promise<Reply> => {
  if (segment[0] === PACKAGE >> 8 && segment[1] === (PACKAGE & 0xff)) {
    await interruptLoading(device)
    if (device.session.phase !== 'prepared') return { status: 0x6985 }
    device.loading = startLoading(device, device.session)
  }
  const { loading } = device
  if (loading === undefined) return { status: 0x6985 }
  const failure = takeSegment(device, loading, segment)
  if (failure !== undefined) return finish(device, loading, createFailedInstallation(device, loading, failure))
  if (!loading.opened.complete) return { status: 0x9000 }

  const elements = concat(...loading.profileElements)
  const installed = installPackage(device, loading.metadata!, elements)
  return 'reason' in installed
    ? finish(
        device,
        loading,
        createFailedInstallation(device, loading, { command: 'loadProfileElements', ...installed }),
      )
    : finish(device, loading, createSuccessfulInstallation(device, loading, elements, installed))
}

const startLoading = ({ identity }: CardData, session: PackageLoading['session']): PackageLoading => ({
  session,
  opened: openPackage({
    transactionId: session.transactionId,
    eid: identity.eid,
    euiccOneTimeKey: session.oneTimeKey,
    smdpPublicKey: session.smdpCertificate.publicKey,
  }),
  metadata: undefined,
  dpProprietaryData: undefined,
  profileElements: [],
  length: 0,
})

const takeSegment = (
  device: CardData,
  loading: PackageLoading,
  segment: Uint8Array,
): InstallationFailure | undefined => {
  try {
    for (const opened of loading.opened.feed(segment)) {
      const reason = takeCommand(device, loading, opened)
      if (reason !== undefined) return { command: opened.command, reason }
    }
    return undefined
  } catch (error) {
    if (error instanceof PackageError) return { command: error.command, reason: error.code }
    throw error
  }
}

const takeCommand = (device: CardData, loading: PackageLoading, opened: OpenedCommand): ErrorReason | undefined => {
  switch (opened.command) {
    case 'configureISDP':
      loading.dpProprietaryData = opened.request.dpProprietaryData
      return undefined
    case 'storeMetadata':
      loading.metadata = opened.request
      return refuseMetadata(opened.request, device.state, device.identity)
    case 'loadProfileElements':
      loading.profileElements.push(opened.data)
      loading.length += opened.data.length
      return loading.length > getFreeMemory(device.state, device.identity)
        ? 'installFailedDueToInsufficientMemoryForProfile'
        : undefined
    default:
      return undefined
  }
}

/** Stores the result and its effects in one commit, returns it and ends the session. */
const finish = async (
  device: CardData,
  loading: PackageLoading,
  { state, result }: { state: CardState; result: Uint8Array },
): Promise<Reply> => {
  stop(device, loading)
  await device.commit(state)
  return { status: 0x9000, data: result }
}

const stop = (device: CardData, { opened, session }: PackageLoading): void => {
  opened.close()
  forgetKeyPair(session.oneTimeKey)
  device.loading = undefined
  device.session = NO_SESSION
}

/** Another function or package during a package: the device has aborted the first one. */
export const interruptLoading = async (device: CardData): Promise<void> => {
  const { loading } = device
  if (loading === undefined) return
  const command: BppCommandId = loading.opened.command
  const reason = 'installFailedDueToInterruption'
  await finish(device, loading, createFailedInstallation(device, loading, { command, reason }))
}
