import type { ESimFailure } from './operation-status.ts'
import type { DeviceFacts, Provider } from './service-client.ts'

/** One failed download. The app stores it until the next launch of the portal. */
export interface DownloadFailure {
  readonly status: ESimFailure
  readonly at: Date
  readonly iccid?: string
}

/** The first request to the portal (reference §3.1, §3.2). */
export interface Launch {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** An error page shows it as the correlation value CV. */
  readonly transactionId: string
  /** The host whose pages may call the bridge: the host of the operator's notification URI. */
  readonly bridgeHost: string
}

export interface LaunchInput {
  readonly provider: Provider
  readonly device: DeviceFacts
  readonly country: string
  /** ICCIDs of all profiles on the eUICC. */
  readonly profiles: readonly string[]
  readonly failures: readonly DownloadFailure[]
  readonly transactionId: string
}

const plain = (iccid: string): string => iccid.replace(/[fF]$/, '')
/** Ranges are compared without the check digit, as in the service. */
const front = (iccid: string): string => iccid.slice(0, 18)

export const belongsTo = (provider: Pick<Provider, 'iccidRanges'>, iccid: string): boolean =>
  provider.iccidRanges.some(({ start, end }) => front(start) <= front(iccid) && front(iccid) <= front(end))

export const composeLaunch = (input: LaunchInput): Launch => {
  const { provider, device, transactionId } = input
  const url = new URL(provider.portalUri)
  url.searchParams.set('market', device.market.toUpperCase())
  url.searchParams.set('location', input.country)
  url.searchParams.set('transactionId', transactionId)
  if (device.eid !== undefined) url.searchParams.set('eid', device.eid)
  url.searchParams.set('imei', device.imei)
  const own = input.profiles.map(plain).filter(iccid => belongsTo(provider, iccid))
  if (own.length > 0) url.searchParams.set('iccids', own.join(','))
  return {
    url: url.href,
    headers: { 'Accept-Language': device.language, ...failureHeaders(input.failures) },
    transactionId,
    bridgeHost: new URL(provider.notificationUri).hostname,
  }
}

/** The three headers after failed downloads. They contain at most one ICCID: the last known one. */
const failureHeaders = (failures: readonly DownloadFailure[]): Record<string, string> => {
  if (failures.length === 0) return {}
  const iccid = failures.findLast(failure => failure.iccid !== undefined)?.iccid
  return {
    'X-MP-LPAError-Codes': failures.map(({ status }) => status).join(','),
    'X-MP-LPAError-TimeStamps': failures.map(({ at }) => formatTimestamp(at)).join(','),
    ...(iccid !== undefined && { 'X-MP-LPAError-ICCIDs': plain(iccid) }),
  }
}

/** Formats a time in UTC like the example of the contract: `5/18/2018 11:17:23 PM`. */
const formatTimestamp = (at: Date): string => {
  const two = (value: number): string => String(value).padStart(2, '0')
  const hour = at.getUTCHours()
  const time = `${hour % 12 || 12}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} ${hour < 12 ? 'AM' : 'PM'}`
  return `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()} ${time}`
}
