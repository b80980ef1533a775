import { equalBytes } from '../asn1/bytes.ts'
import { isFileSystemKind, type ProfileHeader, type ServiceName } from './elements/profile-element.ts'
import type { EUICCResponse, PEStatus, PEStatusName } from './euicc-response.ts'
import type { InstalledProfile } from './file-tree.ts'
import { PeFailure } from './install/failure.ts'
import { installFileSystem, installGenericFiles } from './install/file-elements.ts'
import { type Installation, startInstallation, takeMemory } from './install/installation.ts'
import { installAka, installPins, installPuks } from './install/security-elements.ts'
import type { ProfileElement, ProfilePackage } from './package.ts'
import { getTemplate } from './templates.ts'

/** The capabilities of a card for a profile. */
export interface CardCapabilities {
  /** The services of SAIP's ServicesList that the card has, as in its UICCCapability. */
  readonly services: ReadonlySet<ServiceName>
  /** The maximum memory of the profile in bytes. */
  readonly freeMemory: number
}

/**
 * The services that a card with this module's file tree and algorithms supports. Java Card applications are stored and
 * counted, because profiles contain them, but not executed. CSIM has its files, but no CAVE.
 */
export const SUPPORTED_SERVICES: readonly ServiceName[] = [
  'usim',
  'isim',
  'csim',
  'milenage',
  'tuak128',
  'tuak256',
  'usim-test-algorithm',
  'multiple-usim',
  'multiple-isim',
  'multiple-csim',
  'javacard',
  'ber-tlv',
  'dfLink',
  'get-identity',
  'profile-a-x25519',
  'profile-b-p256',
]

export type InstallationOutcome =
  | { readonly profile: InstalledProfile; readonly response: EUICCResponse; readonly statuses: readonly PEStatus[] }
  | {
      readonly profile?: undefined
      readonly response: EUICCResponse
      readonly statuses: readonly PEStatus[]
      readonly reason: string
    }

const statusOf = (element: ProfileElement, status: PEStatusName): PEStatus => ({
  status,
  ...(element.identification !== undefined && { identification: element.identification }),
})

/**
 * Installs a profile: interprets its elements in order into a file tree (SAIP §7 and §8).
 *
 * The first failing element ends the installation. An unsupported element that is not mandated is skipped and reported.
 * `response` is the EUICCResponse of the card; `statuses` has one entry for each processed element.
 */
export const installProfile = (pkg: ProfilePackage, capabilities: CardCapabilities): InstallationOutcome => {
  const installation = startInstallation(capabilities.freeMemory)
  const statuses: PEStatus[] = []
  let failed: ProfileElement | undefined
  try {
    checkOrder(pkg)
    for (const element of pkg.elements) {
      failed = element
      statuses.push(statusOf(element, installElement(installation, element, capabilities)))
    }
    const profile = finish(installation, pkg.elements[0]!.value as ProfileHeader)
    const passedOver = statuses.filter(({ status }) => status !== 'ok')
    return { profile, statuses, response: { peStatus: [{ status: 'ok' }, ...passedOver] } }
  } catch (error) {
    if (!(error instanceof PeFailure)) throw error
    const status: PEStatus = failed === undefined ? { status: error.status } : statusOf(failed, error.status)
    return {
      statuses: [...statuses, status],
      response: { peStatus: [status], profileInstallationAborted: null },
      reason: error.message,
    }
  }
}

const checkOrder = ({ elements }: ProfilePackage): void => {
  if (elements[0]?.kind !== 'header') throw new PeFailure('invalid-request-format', 'no ProfileHeader at the beginning')
  if (elements.at(-1)?.kind !== 'end') throw new PeFailure('invalid-request-format', 'no PE-End at the end')
  const inside = elements.slice(1, -1).find(({ kind }) => kind === 'header' || kind === 'end')
  if (inside !== undefined) throw new PeFailure('invalid-request-format', `a ${inside.kind} in the middle`)
}

/** Interprets one element and returns its status. Throws a PeFailure if the installation cannot continue. */
const installElement = (
  installation: Installation,
  element: ProfileElement,
  { services }: CardCapabilities,
): PEStatusName => {
  const { kind, value } = element
  if (isFileSystemKind(kind)) {
    installFileSystem(installation, kind, value as Parameters<typeof installFileSystem>[2])
    return 'ok'
  }
  switch (kind) {
    case 'header':
      checkHeader(value, services)
      return 'ok'
    case 'genericFileManagement':
      installGenericFiles(installation, value)
      return 'ok'
    case 'pukCodes':
      installPuks(installation, value)
      return 'ok'
    case 'pinCodes':
      installPins(installation, value)
      return 'ok'
    case 'akaParameter':
      installAka(installation, value, services)
      return 'ok'
    case 'securityDomain':
      installInstance(installation, value.instance.instanceAID, element.bytes.length)
      return 'ok'
    case 'rfm': {
      const aid = value.adfRFMAccess?.adfAID
      const known = [...installation.adfs.values()].some(adf => adf.aid && aid && equalBytes(adf.aid, aid))
      if (aid !== undefined && !known) throw new PeFailure('bad-values', 'remote file management of an unknown ADF')
      installInstance(installation, value.instanceAID, element.bytes.length)
      return 'ok'
    }
    case 'cdmaParameter':
      takeMemory(installation, element.bytes.length)
      return 'ok'
    case 'end':
      return 'ok'
    case 'application':
      if (!services.has('javacard')) return passOver(element, 'runtime-not-supported')
      takeMemory(installation, element.bytes.length)
      for (const { instanceAID } of value.instanceList ?? []) installInstance(installation, instanceAID, 0)
      return 'ok'
    default:
      return passOver(element, 'pe-not-supported')
  }
}

/** An unsupported element ends the installation only if it is mandated (SAIP §8.1). */
const passOver = ({ kind, mandated }: ProfileElement, status: PEStatusName): PEStatusName => {
  if (mandated) throw new PeFailure(status, `${kind} is mandated`)
  return status
}

const installInstance = (installation: Installation, aid: Uint8Array, bytes: number): void => {
  if (installation.instances.some(other => equalBytes(other, aid)))
    throw new PeFailure('bad-values', 'two instances with one AID')
  takeMemory(installation, bytes)
  installation.instances.push(aid)
}

/** The services with their own status for lack of support (SAIP §8.11). */
const RUNTIMES: readonly string[] = ['javacard', 'multos']

const checkHeader = (header: ProfileHeader, services: ReadonlySet<ServiceName>): void => {
  const major = header['major-version']
  if (major < 2 || major > 3) throw new PeFailure('unsupported-profile-version', `version ${major}`)
  for (const service of Object.keys(header['eUICC-Mandatory-services'])) {
    if (services.has(service as ServiceName)) continue
    throw new PeFailure(RUNTIMES.includes(service) ? 'runtime-not-supported' : 'feature-not-supported', service)
  }
  for (const oid of header['eUICC-Mandatory-GFSTEList'])
    if (getTemplate(oid) === undefined) throw new PeFailure('template-not-supported', oid)
  if ((header['eUICC-Mandatory-AIDs'] ?? []).length > 0)
    throw new PeFailure('lib-not-supported', 'a library is mandatory, and the card has none')
}

const finish = (installation: Installation, header: ProfileHeader): InstalledProfile => {
  const { mf } = installation
  if (mf === undefined) throw new PeFailure('bad-values', 'a profile without MF')
  const iccid = mf.children.get(0x2fe2)
  const swapped = header.iccid.map(octet => ((octet & 0x0f) << 4) | (octet >> 4))
  if (iccid?.kind !== 'EF' || !equalBytes(iccid.initialContent, swapped))
    throw new PeFailure('bad-values', 'EF.ICCID and the ICCID of the header differ')
  return {
    iccid: header.iccid,
    profileType: header.profileType,
    mf,
    applications: [...installation.adfs.values()],
    files: installation.files,
    pins: installation.pins,
    pinsOf: installation.pinsOf,
    puks: installation.puks,
    aka: installation.aka,
    instances: installation.instances,
    memory: installation.memory,
  }
}
