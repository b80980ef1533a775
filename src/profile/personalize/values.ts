import { hasLuhn } from '../digits.ts'
import { ProfileError } from '../error.ts'

/** The individual values of a copy. Omitted values are those of the template. */
export interface Personalization {
  /** 18 to 20 digits; the last one is the Luhn digit. */
  readonly iccid?: string
  /** The IMSI. EF.ACC, the home networks and the identities of an ISIM are derived from it. */
  readonly imsi?: string
  /** Default: the value in EF.AD of the template. */
  readonly mncLength?: 2 | 3
  readonly msisdn?: string
  /** The service center of EF.SMSP. */
  readonly smsp?: string
  /** Replaces the algorithm of the template with Milenage; requires `k` and `opc`. */
  readonly algorithm?: 'milenage'
  readonly k?: Uint8Array
  readonly opc?: Uint8Array
  readonly pin1?: string
  readonly pin2?: string
  readonly puk1?: string
  readonly puk2?: string
  /** Eight bytes. */
  readonly adm1?: Uint8Array
  /** The first key set for over-the-air messages (SCP80): ciphering, message authentication, key encryption. */
  readonly kic?: Uint8Array
  readonly kid?: Uint8Array
  readonly kik?: Uint8Array
}
export type PersonalField = keyof Personalization

/** Secret values: an error describes the problem without the value. */
export const SECRET_FIELDS: ReadonlySet<PersonalField> = new Set([
  ...(['k', 'opc', 'pin1', 'pin2', 'puk1', 'puk2', 'adm1', 'kic', 'kid', 'kik'] as const),
])

const fits = (pattern: RegExp, expected: string) => (value: string) => (pattern.test(value) ? undefined : expected)
const isLong =
  (...lengths: readonly number[]) =>
  ({ length }: Uint8Array) =>
    lengths.includes(length) ? undefined : `${lengths.join(' or ')} bytes are expected, not ${length}`

const KEY = isLong(16, 24, 32)
const PIN = fits(/^\d{4,8}$/, '4 to 8 digits are expected')
const PUK = fits(/^\d{8}$/, '8 digits are expected')
const NUMBER = fits(/^\+?\d{1,20}$/, 'up to 20 digits are expected, with or without a leading +')

const checkIccid = (iccid: string): string | undefined => {
  if (!/^\d{18,20}$/.test(iccid)) return '18 to 20 digits are expected'
  if (!iccid.startsWith('89')) return 'it must begin with 89 (ITU-T E.118)'
  return hasLuhn(iccid) ? undefined : 'its last digit is not the check digit (Luhn)'
}

/** Returns the problem of a value without the value, or undefined. */
const CHECKS: { readonly [F in PersonalField]-?: (value: NonNullable<Personalization[F]>) => string | undefined } = {
  iccid: checkIccid,
  imsi: fits(/^\d{6,15}$/, '6 to 15 digits are expected'),
  mncLength: length => (length === 2 || length === 3 ? undefined : '2 or 3 is expected'),
  msisdn: NUMBER,
  smsp: NUMBER,
  algorithm: name => (name === 'milenage' ? undefined : 'milenage is expected'),
  k: isLong(16, 32),
  opc: isLong(16, 32),
  pin1: PIN,
  pin2: PIN,
  puk1: PUK,
  puk2: PUK,
  adm1: isLong(8),
  kic: KEY,
  kid: KEY,
  kik: KEY,
}
export const PERSONAL_FIELDS = Object.keys(CHECKS) as readonly PersonalField[]

export const badValue = (field: PersonalField, problem: string): ProfileError =>
  new ProfileError('bad-parameter', `${field}: ${problem}`, { element: field })

/** Checks each value separately. Throws a ProfileError whose `element` is the field. */
export const checkEachValue = (values: Personalization): void => {
  for (const field of PERSONAL_FIELDS) {
    const value = values[field]
    if (value === undefined) continue
    const problem = (CHECKS[field] as (value: unknown) => string | undefined)(value)
    if (problem !== undefined) throw badValue(field, problem)
  }
}

/** Checks the values of a copy and that they are complete. */
export const checkPersonalization = (values: Personalization): void => {
  checkEachValue(values)
  if (values.algorithm !== undefined && values.k === undefined) throw badValue('k', `${values.algorithm} requires it`)
  if (values.algorithm !== undefined && values.opc === undefined)
    throw badValue('opc', `${values.algorithm} requires it`)
}
