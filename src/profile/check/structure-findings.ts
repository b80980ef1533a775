import { hasLuhn, unpackDigits } from '../digits.ts'
import { isFileSystemKind, type ServiceName } from '../elements/profile-element.ts'
import { getElements, type ProfileElement, type ProfilePackage } from '../package.ts'
import { getTemplate } from '../templates.ts'
import type { ProfileFinding } from './finding.ts'

const at = ({ identification, offset }: ProfileElement): Pick<ProfileFinding, 'identification' | 'offset'> => ({
  ...(identification !== undefined && { identification }),
  offset,
})

/**
 * The header is first and the end last, each once; every PE has a unique number; the mandatory elements are present
 * (SAIP §8.1).
 */
export const orderFindings = ({ elements }: ProfilePackage): ProfileFinding[] => {
  const findings: ProfileFinding[] = []
  if (elements[0]?.kind !== 'header')
    findings.push({ rule: 'element-order', severity: 'error', message: 'the ProfileHeader is not the first element' })
  if (elements.at(-1)?.kind !== 'end')
    findings.push({ rule: 'element-order', severity: 'error', message: 'PE-End is not the last element' })
  const seen = new Set<number>()
  for (const element of elements) {
    const { identification, kind } = element
    if (kind === 'unknown')
      findings.push({
        rule: 'element-order',
        severity: 'warning',
        message: 'an element of an unknown kind',
        ...at(element),
      })
    if (identification === undefined) continue
    if (seen.has(identification))
      findings.push({
        rule: 'identification',
        severity: 'error',
        message: `${kind} has the number ${identification} of another element`,
        ...at(element),
      })
    seen.add(identification)
  }
  for (const kind of ['mf', 'pukCodes', 'pinCodes', 'akaParameter', 'securityDomain'] as const)
    if (!elements.some(element => element.kind === kind))
      findings.push({
        rule: 'mandatory-elements',
        severity: kind === 'mf' ? 'error' : 'warning',
        message: `there is no ${kind}`,
      })
  if (!elements.some(({ kind }) => kind === 'usim' || kind === 'isim' || kind === 'csim' || kind === 'iot'))
    findings.push({ rule: 'mandatory-elements', severity: 'error', message: 'there is no network access application' })
  return findings
}

/** The services that the elements of a package require. */
const servicesUsed = (pkg: ProfilePackage): ReadonlySet<ServiceName> => {
  const used = new Set<ServiceName>()
  for (const kind of ['usim', 'isim', 'csim'] as const) if (getElements(pkg, kind).length > 0) used.add(kind)
  for (const { value } of getElements(pkg, 'akaParameter')) {
    const algorithm = value.algoConfiguration.algoParameter
    if (algorithm?.algorithmID === 'tuak') used.add(algorithm.key.length === 32 ? 'tuak256' : 'tuak128')
    else if (typeof algorithm?.algorithmID === 'string') used.add(algorithm.algorithmID as ServiceName)
  }
  if (getElements(pkg, 'application').length > 0) used.add('javacard')
  return used
}

/** The header matches the package: version, ICCID, services and templates (SAIP §8.2). */
export const headerFindings = (pkg: ProfilePackage): ProfileFinding[] => {
  const header = getElements(pkg, 'header')[0]
  if (header === undefined) return []
  const findings: ProfileFinding[] = []
  const { value } = header
  const version = `${value['major-version']}.${value['minor-version']}`
  if (value['major-version'] < 2 || value['major-version'] > 3)
    findings.push({ rule: 'version', severity: 'error', message: `format version ${version} is unknown` })
  const iccid = unpackDigits(value.iccid)
  if (iccid === undefined || !/^89\d{16,18}$/.test(iccid))
    findings.push({
      rule: 'iccid',
      severity: 'error',
      message: 'the ICCID does not have 18 to 20 digits that begin with 89',
    })
  else if (!hasLuhn(iccid))
    findings.push({
      rule: 'iccid',
      severity: 'warning',
      message: `the last digit of ICCID ${iccid} is not the Luhn digit`,
    })
  const stated = new Set(Object.keys(value['eUICC-Mandatory-services']))
  for (const service of servicesUsed(pkg))
    if (!stated.has(service))
      findings.push({
        rule: 'mandatory-services',
        severity: 'warning',
        message: `${service} is used, but not among the mandatory services: a card without it fails late`,
      })
  const listed = new Set(value['eUICC-Mandatory-GFSTEList'])
  for (const element of pkg.elements) {
    if (!isFileSystemKind(element.kind)) continue
    const { templateID } = element.value as { templateID: string }
    if (getTemplate(templateID) === undefined)
      findings.push({
        rule: 'templates',
        severity: 'error',
        message: `template ${templateID} is unknown`,
        ...at(element),
      })
    else if (!listed.has(templateID))
      findings.push({
        rule: 'templates',
        severity: 'warning',
        message: `template ${templateID} is used, but not in eUICC-Mandatory-GFSTEList`,
        ...at(element),
      })
  }
  return findings
}
