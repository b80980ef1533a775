import { equalBytes } from '../../asn1/bytes.ts'
import { ProfileError } from '../../profile/error.ts'
import { encodeEuiccResponse } from '../../profile/euicc-response.ts'
import type { InstalledProfile } from '../../profile/file-tree.ts'
import { installProfile, SUPPORTED_SERVICES } from '../../profile/install.ts'
import { decodeProfilePackage, type ProfilePackage } from '../../profile/package.ts'
import type { StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { ErrorReason } from '../../rsp/notification.ts'
import type { FunctionContext } from '../commands/answer.ts'
import { getFreeMemory } from '../es10/euicc-info.ts'
import { matchesMetadata } from './metadata-match.ts'

export interface PackageInstalled {
  readonly simaResponse: Uint8Array
  /** Bytes of memory that the profile uses. */
  readonly size: number
}
interface PackageRefused {
  readonly reason: ErrorReason
  readonly simaResponse?: Uint8Array
}

const SERVICES = new Set(SUPPORTED_SERVICES)
/** Reuses the file system that was built at installation, keyed by the bytes of the package. */
const built = new WeakMap<Uint8Array, InstalledProfile>()

/** Interprets the profile elements (SGP.22 §5.5.5) and compares them with the metadata. */
export const installPackage = (
  { state, identity }: Pick<FunctionContext, 'state' | 'identity'>,
  metadata: StoreMetadataRequest,
  elements: Uint8Array,
): PackageInstalled | PackageRefused => {
  const pkg = tryDecode(elements)
  if (pkg === undefined)
    return {
      reason: 'installFailedDueToPEProcessingError',
      simaResponse: encodeEuiccResponse({
        peStatus: [{ status: 'invalid-request-format' }],
        profileInstallationAborted: null,
      }),
    }
  const { profile, response } = installProfile(pkg, {
    services: SERVICES,
    freeMemory: getFreeMemory(state, identity),
  })
  const simaResponse = encodeEuiccResponse(response)
  if (profile === undefined) {
    const isFull = response.peStatus.some(({ status }) => status === 'not-enough-memory')
    const reason = isFull ? 'installFailedDueToInsufficientMemoryForProfile' : 'installFailedDueToPEProcessingError'
    return { reason, simaResponse }
  }
  if (!matchesMetadata(profile, metadata)) return { reason: 'installFailedDueToDataMismatch', simaResponse }
  if (metadata.profileClass === 'test' && !hasOnlyTestKeys(profile))
    return { reason: 'testProfileInstallFailedDueToInvalidNaaKey', simaResponse }
  built.set(elements, profile)
  return { simaResponse, size: Math.max(profile.memory, elements.length) }
}

/** Builds the files of an installed package. */
export const buildInstalled = (elements: Uint8Array): InstalledProfile | undefined => {
  const known = built.get(elements)
  if (known !== undefined) return known
  const pkg = tryDecode(elements)
  if (pkg === undefined) return undefined
  const { profile } = installProfile(pkg, { services: SERVICES, freeMemory: Number.POSITIVE_INFINITY })
  if (profile !== undefined) built.set(elements, profile)
  return profile
}

const tryDecode = (elements: Uint8Array): ProfilePackage | undefined => {
  try {
    return decodeProfilePackage(elements)
  } catch (error) {
    if (error instanceof ProfileError) return undefined
    throw error
  }
}

/**
 * SGP.22 §2.4.5.3: a test profile must not authenticate to a live network. With Milenage and TUAK the first 120 key
 * bits are zero; the test algorithm may use any key.
 */
const hasOnlyTestKeys = ({ aka }: InstalledProfile): boolean =>
  [...aka.values()].every(
    ({ algorithm: { algorithmID, key } }) =>
      algorithmID === 'usim-test-algorithm' || equalBytes(key.subarray(0, 15), new Uint8Array(15)),
  )
