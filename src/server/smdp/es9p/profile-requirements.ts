import type { DeviceInfo } from '../../../rsp/authentication.ts'
import type { UICCCapability } from '../../../rsp/euicc-info.ts'

type DeviceCapabilities = DeviceInfo['deviceCapabilities']

/** Members of DeviceCapabilities that name a release or a version. */
export const DEVICE_RELEASES = [
  'gsmSupportedRelease',
  'utranSupportedRelease',
  'cdma2000onexSupportedRelease',
  'cdma2000hrpdSupportedRelease',
  'cdma2000ehrpdSupportedRelease',
  'eutranEpcSupportedRelease',
  'contactlessSupportedRelease',
  'rspCrlSupportedVersion',
  'nrEpcSupportedRelease',
  'nr5gcSupportedRelease',
  'eutran5gcSupportedRelease',
  'lpaSvn',
] as const satisfies readonly (keyof DeviceCapabilities)[]
export type DeviceRelease = (typeof DEVICE_RELEASES)[number]

/** Major, minor and revision; of a 3GPP release the first is its number. */
type Version = readonly [major: number, minor: number, revision: number]

/** Requirements of a profile on card and device, in addition to those of its package. */
export interface ProfileRequirements {
  /** The minimum release or version of the device. */
  readonly deviceCapabilities?: Readonly<Partial<Record<DeviceRelease, Version>>>
  readonly uiccCapability?: readonly Exclude<UICCCapability[number], number>[]
}

const order = ([major = 0, minor = 0, revision = 0]: ArrayLike<number> & Iterable<number>): number =>
  (major << 16) | (minor << 8) | revision

/**
 * Describes the first requirement that card or device does not meet. A device lists everything that it supports
 * (SGP.22 §4.2), so an absent member means no support.
 */
export const findLack = (
  { deviceCapabilities = {}, uiccCapability = [] }: ProfileRequirements,
  device: DeviceCapabilities,
  card: UICCCapability,
): string | undefined => {
  const missing = uiccCapability.find(capability => !card.includes(capability))
  if (missing !== undefined) return `the profile needs ${missing}`
  for (const [name, least] of Object.entries(deviceCapabilities) as [DeviceRelease, Version][]) {
    const has = device[name]
    if (has === undefined || order(has) < order(least))
      return `the profile needs a device with ${name} ${least.join('.')}, this one has ${has?.join('.') ?? 'none'}`
  }
  return undefined
}
