import { fromHex } from '../../asn1/bytes.ts'
import { BenchError } from '../../host/error.ts'
import { ProfileError } from '../../profile/error.ts'
import {
  checkEachValue,
  PERSONAL_FIELDS,
  type PersonalField,
  type Personalization,
  SECRET_FIELDS,
} from '../../profile/personalize/values.ts'

/** Values as text, as the user writes them. */
export type PersonalTexts = { readonly [F in PersonalField]?: string | undefined }

const BYTES: ReadonlySet<PersonalField> = new Set(['k', 'opc', 'adm1', 'kic', 'kid', 'kik'])

/** The position of a value, for messages. */
export type Place = (field: PersonalField) => string

/** A message about `field` at `place`. Contains the value unless it is secret. */
export const refuseValue = (
  place: Place,
  field: PersonalField,
  value: string | undefined,
  problem: string,
): BenchError => {
  const shown = SECRET_FIELDS.has(field) || value === undefined ? '' : ` ${JSON.stringify(value)}`
  return new BenchError('inventory', `${place(field)}: ${field}${shown}: ${problem}`, { data: { field } })
}

const readBytes = (field: PersonalField, text: string): Uint8Array | undefined => {
  // An administrative key is often eight ASCII digits.
  if (field === 'adm1' && /^\d{8}$/.test(text)) return new TextEncoder().encode(text)
  const hex = text.replace(/[\s:]/g, '')
  return /^([0-9a-fA-F]{2})+$/.test(hex) ? fromHex(hex) : undefined
}

/** Parses and checks values. Throws BenchError with the position, and without secrets. */
export const readPersonalValues = (texts: PersonalTexts, place: Place): Personalization => {
  const values: Record<string, unknown> = {}
  for (const field of PERSONAL_FIELDS) {
    const text = texts[field]?.trim()
    if (text === undefined || text === '') continue
    if (BYTES.has(field)) {
      const bytes = readBytes(field, text)
      if (bytes === undefined) throw refuseValue(place, field, text, 'hexadecimal digits are expected')
      values[field] = bytes
    } else if (field === 'mncLength') values[field] = Number(text)
    else if (field === 'iccid') values[field] = text.replace(/f$/i, '')
    else values[field] = text
  }
  try {
    checkEachValue(values)
  } catch (error) {
    throw explain(error, texts, place)
  }
  return values
}

/** Adds the position to an error of the profile module. */
export const explain = (error: unknown, texts: PersonalTexts, place: Place): unknown => {
  if (!(error instanceof ProfileError)) return error
  const field = error.element as PersonalField | undefined
  if (field === undefined || !PERSONAL_FIELDS.includes(field)) return error
  return refuseValue(place, field, texts[field], error.message.slice(field.length + 2))
}
