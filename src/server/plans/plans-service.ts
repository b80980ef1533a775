import type { Fetch } from '../../rsp/fetch.ts'
import { askBalance, type OperatorCredentials } from './balance-proxy.ts'
import { type AskingDevice, listOperators } from './catalog.ts'
import { countryOfMcc } from './countries.ts'
import { drawGateway, textIn } from './gateway-template.ts'
import { checkOperatorProfiles, type OperatorProfile, ownsIccid } from './operator-profile.ts'

/*
 * The contract names operations between app and service, but no addresses, messages or authentication.
 * The bench defines this REST API:
 *
 *     GET /v1/providers?mcc&mnc&make&model&eid          -> { country, providers: [Provider] }
 *     GET /v1/providers/{id}/gateway?mcc&mnc&make&model&eid -> GatewayPage
 *     GET /v1/sims/{iccid}/balance?location             -> { provider, balance, transactionId }
 *     an error                                          -> { error: { code, message, parameter? } }
 *
 * Accept-Language selects localized texts.
 */

export interface PlansServiceSettings {
  /** The configured operators, checked on creation. An error names the invalid value. */
  readonly operators: readonly unknown[]
  /** Fetches from the operator APIs. It presents the TLS client certificate of the service. */
  readonly fetch: Fetch
  readonly credentials?: OperatorCredentials
  /** Finds the country of a device without cellular network by its IP address. */
  readonly countryOfCaller: (request: Request) => string | undefined
  readonly random: (length: number) => Uint8Array
}

/** The Mobile Plans service: base data for the app, and a proxy to the operators. */
export const createPlansService = (settings: PlansServiceSettings): Fetch => {
  const service = { ...settings, operators: checkOperatorProfiles(settings.operators) }
  return async request => {
    if (request.method !== 'GET')
      return refuse(405, 'method-not-allowed', 'this service is read-only', { headers: { Allow: 'GET' } })
    const url = new URL(request.url)
    const [, version, resource, id, part, ...rest] = url.pathname.split('/')
    if (version === 'v1' && rest.length === 0) {
      if (resource === 'providers' && id === undefined) return answerProviders(service, request, url)
      if (resource === 'providers' && part === 'gateway') return answerGateway(service, request, url, id!)
      if (resource === 'sims' && part === 'balance') return answerBalance(service, url, id!)
    }
    return refuse(404, 'not-found', 'this resource does not exist')
  }
}

type Service = Omit<PlansServiceSettings, 'operators'> & { readonly operators: readonly OperatorProfile[] }

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })

const refuse = (
  status: number,
  code: string,
  message: string,
  more: { readonly parameter?: string; readonly headers?: Record<string, string> } = {},
): Response =>
  json(
    { error: { code, message, ...(more.parameter !== undefined && { parameter: more.parameter }) } },
    status,
    more.headers,
  )

/** Parses the tags of Accept-Language in the order of preference (RFC 9110 §12.5.4). */
export const parseLanguages = (request: Request): readonly string[] =>
  (request.headers.get('accept-language') ?? '')
    .split(',')
    .map(entry => entry.trim().split(/\s*;\s*q\s*=\s*/))
    .map(([tag, weight]) => ({ tag: tag ?? '', weight: weight === undefined ? 1 : Number(weight) }))
    .filter(({ tag, weight }) => tag !== '' && tag !== '*' && weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag)

/** Parses the requesting device, or returns a refusal. The country of the cellular network has priority over the IP address. */
const deviceOf = (service: Service, request: Request, url: URL): AskingDevice | Response => {
  const { searchParams: query } = url
  const [mcc, make, model, eid] = ['mcc', 'make', 'model', 'eid'].map(name => query.get(name) ?? undefined)
  if (mcc !== undefined && !/^\d{3}$/.test(mcc))
    return refuse(400, 'bad-parameter', 'mcc must be three digits', { parameter: 'mcc' })
  if (eid !== undefined && !/^\d{32}$/.test(eid))
    return refuse(400, 'bad-parameter', 'eid must be 32 digits', { parameter: 'eid' })
  // A test network (001, 999) has no country. Use the IP address as on Wi-Fi.
  const country = (mcc === undefined ? undefined : countryOfMcc(mcc)) ?? service.countryOfCaller(request)
  if (country === undefined)
    return refuse(422, 'country-unknown', 'the country of the device is unknown: give its network (mcc, mnc)', {
      parameter: 'mcc',
    })
  return {
    country,
    ...(make !== undefined && { make }),
    ...(model !== undefined && { model }),
    ...(eid !== undefined && { eid }),
  }
}

const answerProviders = (service: Service, request: Request, url: URL): Response => {
  const device = deviceOf(service, request, url)
  if (device instanceof Response) return device
  const languages = parseLanguages(request)
  const providers = listOperators(service.operators, device).map(operator => ({
    id: operator.id,
    brandName: operator.brandName,
    ...(operator.tagline !== undefined && { tagline: textIn(operator.tagline, languages) }),
    ...(operator.brandColor !== undefined && { brandColor: operator.brandColor }),
    ...(operator.logo !== undefined && { logo: operator.logo }),
    // The app needs these for the launch (reference §3.1) and the allow-list of the bridge (§4).
    portalUri: operator.portalUri,
    notificationUri: operator.notificationUri,
    iccidRanges: operator.iccidRanges,
  }))
  return json({ country: device.country, providers })
}

/** Returns template 0, for a device without an active profile of the operator (reference §2.4), without GetOffers. */
const answerGateway = (service: Service, request: Request, url: URL, id: string): Response => {
  const device = deviceOf(service, request, url)
  if (device instanceof Response) return device
  const operator = listOperators(service.operators, device).find(one => one.id === id)
  if (operator === undefined)
    return refuse(404, 'provider-unknown', `the provider "${id}" is not offered to this device`)
  const { promotionTemplates: templates, brandName } = operator
  return json(drawGateway(templates.find(({ id }) => id === '0') ?? templates[0], brandName, parseLanguages(request)))
}

const answerBalance = async (service: Service, url: URL, simId: string): Promise<Response> => {
  const iccid = simId.replace(/[fF]$/, '')
  if (!/^89\d{16,18}$/.test(iccid))
    return refuse(400, 'bad-parameter', 'the ICCID must be 18 to 20 digits that begin with 89', { parameter: 'iccid' })
  const location = url.searchParams.get('location') || undefined
  if (location !== undefined && !/^[A-Za-z]{2}$/.test(location))
    return refuse(400, 'bad-parameter', 'location must be a two-letter country code', { parameter: 'location' })
  const operator = service.operators.find(one => ownsIccid(one, iccid))
  // No operator has this ICCID in its ranges (BAL-053).
  if (operator === undefined) return refuse(404, 'sim-out-of-range', 'no operator of the service has this SIM')

  const transactionId = `MSFT-${uuid(service.random(16))}`
  const question = { operator, iccid, location: location?.toUpperCase(), transactionId }
  const answer = await askBalance(question, service.fetch, service.credentials ?? (() => ({})))
  const headers = { 'X-MS-DM-TransactionId': transactionId }
  if ('balance' in answer)
    return json({ provider: { id: operator.id, brandName: operator.brandName }, ...answer }, 200, headers)
  const { code, message, retryAfter } = answer.failure
  const status = code === 'sim-unknown' ? 404 : code === 'operator-busy' ? 503 : 502
  return refuse(status, code, message, {
    headers: { ...headers, ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }) },
  })
}

/** RFC 9562 §5.4. */
const uuid = (bytes: Uint8Array): string => {
  const marked = Uint8Array.from(bytes)
  marked[6] = (marked[6]! & 0x0f) | 0x40
  marked[8] = (marked[8]! & 0x3f) | 0x80
  return Buffer.from(marked)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
