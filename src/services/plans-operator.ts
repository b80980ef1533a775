import { HOSTS, OPERATOR } from './hosts.ts'

/** The operator record of the Mobile Plans service, which validates it. */
export const plansOperator = (): unknown => ({
  id: OPERATOR.id,
  brandName: OPERATOR.name,
  tagline: OPERATOR.tagline,
  brandColor: OPERATOR.color,
  countries: [OPERATOR.country, 'FR', 'GB', 'NL', 'US'],
  portalUri: `https://${HOSTS.portal}/`,
  notificationUri: `https://${HOSTS.portal}/`,
  // A profile of --profile can have any ICCID. The service asks the operator about its owner.
  iccidRanges: [{ start: `89${'0'.repeat(17)}`, end: `89${'9'.repeat(17)}` }],
  moBaseUrl: `https://${HOSTS.operator}/v1`,
})
