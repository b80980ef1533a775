import type { ESimFailure } from './operation-status.ts'
import type { DeviceFacts, Provider } from './service-client.ts'

/** One failed download, kept until the next visit to the operator's portal. */
export interface DownloadFailure {
  readonly status: ESimFailure
  readonly at: Date
  readonly iccid?: string
}

/** The first request of a visit to the portal (reference §3.1, §3.2). */
export interface Launch {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Also the correlation value that an error page shows as CV. */
  readonly transactionId: string
  /** The host whose pages may call the bridge, from the operator's notification URI. */
  readonly bridgeHost: string
}

export interface LaunchInput {
  readonly provider: Provider
  readonly device: DeviceFacts
  readonly country: string
  /** ICCIDs of all profiles on the eSIM. */
  readonly profiles: readonly string[]
  readonly failures: readonly DownloadFailure[]
  readonly transactionId: string
}

const plain = (iccid: string): string => iccid.replace(/[fF]$/, '')
/** Ranges are compared without the check digit, as the service does. */
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

/** The three headers after failed downloads. One ICCID at most: the one last handed over, and none while it is not known. */
const failureHeaders = (failures: readonly DownloadFailure[]): Record<string, string> => {
  if (failures.length === 0) return {}
  const iccid = failures.findLast(failure => failure.iccid !== undefined)?.iccid
  return {
    'X-MP-LPAError-Codes': failures.map(({ status }) => status).join(','),
    'X-MP-LPAError-TimeStamps': failures.map(({ at }) => formatTimestamp(at)).join(','),
    ...(iccid !== undefined && { 'X-MP-LPAError-ICCIDs': plain(iccid) }),
  }
}

/** As the contract's example writes it, in UTC: `5/18/2018 11:17:23 PM`. */
const formatTimestamp = (at: Date): string => {
  const two = (value: number): string => String(value).padStart(2, '0')
  const hour = at.getUTCHours()
  const time = `${hour % 12 || 12}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} ${hour < 12 ? 'AM' : 'PM'}`
  return `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()} ${time}`
}
