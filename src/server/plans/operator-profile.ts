import { z } from 'zod'
import { PlansError } from './error.ts'
import { EnhancedGatewayTemplate, LocalizedText } from './gateway-template.ts'

/** Portal URI and notification URI: https, a host, no port, optionally a path (reference §3, §8.1). */
const plainHttps = (what: string) =>
  z.string().superRefine((value, context) => {
    const fault = faultOfUri(value)
    if (fault !== undefined) context.addIssue({ code: 'custom', message: `the ${what} ${fault}` })
  })

const faultOfUri = (value: string): string | undefined => {
  if (!URL.canParse(value)) return `must be an address such as https://portal.example.com, not "${value}"`
  const url = new URL(value)
  if (url.protocol !== 'https:') return 'must begin with https://'
  // URL removes :443, but the contract allows no port, so check the text.
  if (/^https:\/\/[^/?#]*:\d*([/?#]|$)/i.test(value)) return 'must not name a port'
  if (url.username !== '' || url.password !== '') return 'must not contain credentials'
  if (url.hash !== '' || url.search !== '') return 'must not have a query or a fragment: the app adds the parameters'
  return undefined
}

const Country = z.string().regex(/^[A-Z]{2}$/, 'a country is an upper-case ISO 3166 alpha-2 code')
const Model = z.strictObject({ make: z.string().min(1), model: z.string().min(1).optional() })
const IccidRange = z
  .strictObject({ start: z.string().regex(/^89\d{16,18}$/), end: z.string().regex(/^89\d{16,18}$/) })
  .refine(
    ({ start, end }) => start.length === end.length && start <= end,
    'a range needs equal lengths and start <= end',
  )
/** A REST base URL. A port is allowed. */
const RestBase = z.string().regex(/^https:\/\/[^\s?#]+$/, 'must be an https address without query')

/** The configuration of an operator in the service (reference §8.1). Unknown keys are rejected. */
const OperatorProfile = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'an id consists of a-z, 0-9 and -'),
  brandName: z.string().min(1),
  tagline: LocalizedText.optional(),
  brandColor: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'a color is written #rrggbb')
    .optional(),
  logo: z.string().min(1).optional(),
  countries: z.array(Country).min(1),
  portalUri: plainHttps('portal URI'),
  notificationUri: plainHttps('notification URI'),
  iccidRanges: z.array(IccidRange).min(1),
  moBaseUrl: RestBase,
  promotionTemplates: z.array(EnhancedGatewayTemplate).default([]),
  /** Restricts the operator to these devices of an OEM. */
  onlyOn: z.array(Model).optional(),
  /** Hides the operator on these devices. */
  notOn: z
    .strictObject({ models: z.array(Model).default([]), eids: z.array(z.string().regex(/^\d{1,32}$/)).default([]) })
    .optional(),
})
export type OperatorProfile = z.infer<typeof OperatorProfile>

/** Parses the operators of a service. Throws a {@link PlansError} with the path of an invalid value. */
export const checkOperatorProfiles = (configured: readonly unknown[]): readonly OperatorProfile[] => {
  const operators = configured.map((one, i) => {
    const read = OperatorProfile.safeParse(one)
    if (read.success) return read.data
    const issue = read.error.issues[0]!
    throw new PlansError('bad-configuration', `operators[${i}]${pathOf(issue.path)}`, issue.message)
  })
  operators.forEach((operator, i) => {
    if (operators.findIndex(({ id }) => id === operator.id) !== i)
      throw new PlansError('bad-configuration', `operators[${i}].id`, `"${operator.id}" occurs twice`)
    const ids = operator.promotionTemplates.map(({ id }) => id)
    const twice = ids.find((id, at) => ids.indexOf(id) !== at)
    if (twice !== undefined)
      throw new PlansError(
        'bad-configuration',
        `operators[${i}].promotionTemplates`,
        `template id "${twice}" occurs twice`,
      )
    for (const range of operator.iccidRanges)
      if (operators.some((other, at) => at < i && other.iccidRanges.some(theirs => overlap(range, theirs))))
        throw new PlansError(
          'bad-configuration',
          `operators[${i}].iccidRanges`,
          `${range.start} to ${range.end} overlaps another operator's range`,
        )
  })
  return operators
}

const pathOf = (path: readonly PropertyKey[]): string =>
  path.map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')

interface Range {
  readonly start: string
  readonly end: string
}
/** ICCIDs are compared by their first 18 digits, because an order may omit the check digit. */
const front = (iccid: string): string => iccid.slice(0, 18)
const overlap = (a: Range, b: Range): boolean => front(a.start) <= front(b.end) && front(b.start) <= front(a.end)

export const ownsIccid = (operator: Pick<OperatorProfile, 'iccidRanges'>, iccid: string): boolean =>
  operator.iccidRanges.some(({ start, end }) => front(start) <= front(iccid) && front(iccid) <= front(end))
