/** The launch parameters of the app (reference §3.1, §3.2). Unknown parameters are ignored. */
export interface LaunchParameters {
  readonly eid?: string
  /** ICCIDs of the profiles of this operator on the eUICC. */
  readonly iccids: readonly string[]
  /** The physical SIM of a device without an eUICC. */
  readonly iccid?: string
  readonly imei?: string
  /** ISO 3166 alpha-2, upper case. */
  readonly location?: string
  readonly market?: string
  readonly transactionId: string
  readonly lpaErrors: readonly LpaErrorReport[]
}
export interface LpaErrorReport {
  readonly code: string
  readonly at: string
}

/** One rule for each parameter. The sentence goes to the log of the operator; the page shows a general text. */
const RULES: Readonly<Record<string, { readonly shape: RegExp; readonly expected: string }>> = {
  eid: { shape: /^\d{32}$/, expected: '32 digits' },
  imei: { shape: /^\d{14,16}$/, expected: '14 to 16 digits' },
  iccid: { shape: /^89\d{16,18}$/, expected: '18 to 20 digits that begin with 89' },
  location: { shape: /^[A-Za-z]{2}$/, expected: 'a two-letter country code' },
  market: { shape: /^[A-Za-z]{2}$/, expected: 'a two-letter country code' },
  transactionId: { shape: /^[\x20-\x7e]{1,64}$/, expected: '1 to 64 characters' },
}

export interface LaunchReading {
  readonly parameters: LaunchParameters
  /** A sentence for each missing or invalid parameter. The portal rejects a launch with any of them. */
  readonly faults: readonly string[]
}

/** Reports whether a request is a launch by the app, and not a plain visit of the first page. */
export const isLaunch = (query: URLSearchParams): boolean =>
  ['transactionId', 'eid', 'iccid', 'imei', 'iccids'].some(name => query.has(name))

export const readLaunch = (query: URLSearchParams, headers: Headers): LaunchReading => {
  const faults: string[] = []
  const read = (name: string, need: 'required' | 'optional'): string | undefined => {
    const rule = RULES[name]!
    const value = query.get(name)?.trim() // a documented example has a space after the equals sign
    if (value === undefined || value === '') {
      if (need === 'required') faults.push(`${name} is missing`)
      return undefined
    }
    if (rule.shape.test(value)) return value
    faults.push(`${name} must be ${rule.expected}`)
    return undefined
  }
  const iccid = read('iccid', 'optional')
  const eid = read('eid', iccid === undefined ? 'required' : 'optional')
  const imei = read('imei', 'required')
  const location = read('location', 'required')?.toUpperCase()
  const market = read('market', 'required')?.toUpperCase()
  const transactionId = read('transactionId', 'required') ?? ''
  const iccids = (query.get('iccids') ?? '')
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
  for (const one of iccids)
    if (!RULES.iccid!.shape.test(one)) faults.push(`iccids must contain ICCIDs of ${RULES.iccid!.expected}`)
  return {
    parameters: {
      iccids,
      transactionId,
      lpaErrors: readLpaErrors(headers),
      ...(eid !== undefined && { eid }),
      ...(iccid !== undefined && { iccid }),
      ...(imei !== undefined && { imei }),
      ...(location !== undefined && { location }),
      ...(market !== undefined && { market }),
    },
    faults,
  }
}

/** Parses the failed downloads since the last visit. Values that are not member names are ignored. */
const readLpaErrors = (headers: Headers): LpaErrorReport[] => {
  const list = (name: string): string[] => (headers.get(name) ?? '').split(',').map(part => part.trim())
  const times = list('x-mp-lpaerror-timestamps')
  return list('x-mp-lpaerror-codes')
    .map((code, i) => ({ code, at: times[i] ?? '' }))
    .filter(({ code }) => /^[A-Za-z]{1,64}$/.test(code))
}
