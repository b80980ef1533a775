import { HOSTS, OPERATOR } from './hosts.ts'

/** What the operator of this bench supplies to the Mobile Plans service; the service checks it. */
export const plansOperator = (): unknown => ({
  id: OPERATOR.id,
  brandName: OPERATOR.name,
  tagline: OPERATOR.tagline,
  brandColor: OPERATOR.color,
  countries: [OPERATOR.country, 'FR', 'GB', 'NL', 'US'],
  portalUri: `https://${HOSTS.portal}/`,
  notificationUri: `https://${HOSTS.portal}/`,
  // A profile that is given with --profile may have any ICCID, and the service asks the operator whose it is.
  iccidRanges: [{ start: `89${'0'.repeat(17)}`, end: `89${'9'.repeat(17)}` }],
  moBaseUrl: `https://${HOSTS.operator}/v1`,
})
