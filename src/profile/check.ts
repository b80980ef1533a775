import { accessRuleFindings, directoryFindings, serviceTableFindings } from './check/file-findings.ts'
import type { ProfileFinding } from './check/finding.ts'
import { headerFindings, orderFindings } from './check/structure-findings.ts'
import { pinFindings, subscriberFindings } from './check/subscriber-findings.ts'
import { installProfile, SUPPORTED_SERVICES } from './install.ts'
import type { ProfilePackage } from './package.ts'
import { getUsim } from './subscriber.ts'

/**
 * Checks a profile package. An `error` makes cards reject the profile or devices fail; a `warning` works, but the
 * author should know about it. Findings contain no secrets.
 */
export const checkProfilePackage = (pkg: ProfilePackage): readonly ProfileFinding[] => {
  const findings = [...orderFindings(pkg), ...headerFindings(pkg), ...pinFindings(pkg)]
  const outcome = installProfile(pkg, {
    services: new Set(SUPPORTED_SERVICES),
    freeMemory: Number.POSITIVE_INFINITY,
  })
  if ('reason' in outcome) {
    const { status, identification } = outcome.response.peStatus[0]!
    const element = pkg.elements.find(candidate => candidate.identification === identification)
    return [
      ...findings,
      {
        rule: 'installs',
        severity: 'error',
        message: `a card rejects it with ${status}: ${outcome.reason}`,
        ...(identification !== undefined && { identification }),
        ...(element && { offset: element.offset }),
      },
    ]
  }
  const { profile } = outcome
  for (const [index, { status }] of outcome.statuses.entries()) {
    const element = pkg.elements[index]!
    if (status !== 'ok')
      findings.push({
        rule: 'installs',
        severity: 'warning',
        message: `cards that do not support ${element.kind} skip it (${status})`,
        ...(element.identification !== undefined && { identification: element.identification }),
        offset: element.offset,
      })
  }
  return [
    ...findings,
    ...subscriberFindings(profile!, getUsim(profile!)),
    ...directoryFindings(profile!),
    ...accessRuleFindings(profile!),
    ...serviceTableFindings(getUsim(profile!)),
  ]
}
