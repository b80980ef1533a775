import { plainIccid } from './subscriptions.ts'

/** A valid query of GetBalance (reference §5.2), or the invalid parameter and the reason. */
export type BalanceQuery =
  | {
      readonly location: string | undefined
      readonly limit: number
      readonly fieldsTemplate: 'basic' | 'full'
      /** Set if a value deviates from the contract and is tolerated. */
      readonly warning?: string
    }
  | { readonly parameter: string; readonly detail: string }

const MAX_INT = 2147483647
const countryNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })
/** Region codes of CLDR that are not countries of ISO 3166. */
const NO_COUNTRY = new Set(['EU', 'EZ', 'QO', 'UN', 'XA', 'XB', 'ZZ'])

const isCountry = (code: string): boolean =>
  /^[A-Z]{2}$/.test(code) && !NO_COUNTRY.has(code) && countryNames.of(code) !== undefined

/**
 * Readings of the contract: the default template is `basic`; templates ignore the letter case; an empty `location` counts
 * as absent; `limit=0` is an error; a lower-case location, as in the samples, is tolerated with a warning.
 */
export const readBalanceQuery = (query: URLSearchParams): BalanceQuery => {
  for (const parameter of ['location', 'limit', 'fieldsTemplate'])
    if (query.getAll(parameter).length > 1) return { parameter, detail: `${parameter} occurs more than once` }

  const fields = query.get('fieldsTemplate') ?? 'basic'
  const fieldsTemplate = fields.toLowerCase()
  if (fieldsTemplate !== 'basic' && fieldsTemplate !== 'full')
    return { parameter: 'fieldsTemplate', detail: 'fieldsTemplate must be basic or full' }

  const asked = query.get('limit')
  const limit = asked === null ? MAX_INT : Number(asked)
  if (asked !== null && (!/^\d{1,10}$/.test(asked) || limit < 1 || limit > MAX_INT))
    return { parameter: 'limit', detail: `limit must be a whole number from 1 to ${MAX_INT}` }

  const location = query.get('location') || undefined
  if (location === undefined) return { location, limit, fieldsTemplate }
  const country = location.toUpperCase()
  if (location.length !== 2 || !isCountry(country))
    return { parameter: 'location', detail: 'location must be an ISO 3166 alpha-2 country code' }
  return location === country
    ? { location, limit, fieldsTemplate }
    : { location: country, limit, fieldsTemplate, warning: 'location is case-sensitive: use upper case' }
}

/** Parses the ICCID in the path segment: digits, or `iccid:` and digits, also percent-encoded. Returns undefined for other values. */
export const readSimId = (segment: string): string | undefined => {
  let text: string
  try {
    text = decodeURIComponent(segment)
  } catch {
    return undefined
  }
  const digits = plainIccid(text.replace(/^iccid:\s*/i, ''))
  return /^89\d{16,18}$/.test(digits) ? digits : undefined
}
