/** What the app said on launch (reference §3.1, §3.2). Unknown parameters are passed over. */
export interface LaunchParameters {
  readonly eid?: string
  /** The operator's profiles that the eSIM already holds. */
  readonly iccids: readonly string[]
  /** The physical SIM, on a device without an eSIM. */
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

/** The rules for one parameter each; the sentence is for the operator's log, the page says it more gently. */
const RULES: Readonly<Record<string, { readonly shape: RegExp; readonly expected: string }>> = {
  eid: { shape: /^\d{32}$/, expected: '32 digits' },
  imei: { shape: /^\d{14,16}$/, expected: '14 to 16 digits' },
  iccid: { shape: /^89\d{16,18}$/, expected: '18 to 20 digits that begin with 89' },
  location: { shape: /^[A-Za-z]{2}$/, expected: 'a two-letter country' },
  market: { shape: /^[A-Za-z]{2}$/, expected: 'a two-letter country' },
  transactionId: { shape: /^[\x20-\x7e]{1,64}$/, expected: '1 to 64 characters' },
}

export interface LaunchReading {
  readonly parameters: LaunchParameters
  /** What was wrong or missing, one sentence each; the portal cannot serve a launch with any. */
  readonly faults: readonly string[]
}

/** Whether this request is a launch at all, rather than a visit to the first page. */
export const isLaunch = (query: URLSearchParams): boolean =>
  ['transactionId', 'eid', 'iccid', 'imei', 'iccids'].some(name => query.has(name))

export const readLaunch = (query: URLSearchParams, headers: Headers): LaunchReading => {
  const faults: string[] = []
  const read = (name: string, need: 'required' | 'optional'): string | undefined => {
    const rule = RULES[name]!
    const value = query.get(name)?.trim() // one documented example has a blank after the equals sign
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
    if (!RULES.iccid!.shape.test(one)) faults.push(`iccids must hold ICCIDs of ${RULES.iccid!.expected}`)
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

/** The failed downloads since the last visit. Only what looks like a member name is taken; the rest is left alone. */
const readLpaErrors = (headers: Headers): LpaErrorReport[] => {
  const list = (name: string): string[] => (headers.get(name) ?? '').split(',').map(part => part.trim())
  const times = list('x-mp-lpaerror-timestamps')
  return list('x-mp-lpaerror-codes')
    .map((code, i) => ({ code, at: times[i] ?? '' }))
    .filter(({ code }) => /^[A-Za-z]{1,64}$/.test(code))
}
