import type { z } from 'zod'
import { nearestKey } from './near-key.ts'

const NOUNS: Readonly<Record<string, string>> = {
  array: 'a list',
  set: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
  map: 'a group of keys',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: '`true` or `false`',
  date: 'a date',
  null: 'empty',
  nan: 'a number',
}

const getNoun = (type: string): string => NOUNS[type] ?? `a value of the type ${type}`

const describeInput = (input: unknown): string => {
  if (input === null) return 'it has no value'
  if (Array.isArray(input)) return 'it is a list'
  if (input instanceof Date) return 'it is a date'
  if (typeof input === 'boolean') return `it is \`${input}\``
  return `it is ${getNoun(typeof input)}`
}

const SIZES: Readonly<Record<string, string>> = {
  string: 'characters',
  array: 'entries',
  set: 'entries',
  map: 'entries',
  file: 'bytes',
}

const describeLimit = (word: 'least' | 'most', origin: string, limit: number | bigint, inclusive: boolean): string => {
  const unit = SIZES[origin]
  if (unit !== undefined) return `this must have at ${word} ${limit} ${limit === 1 ? toSingular(unit) : unit}`
  if (inclusive) return `this must be at ${word} ${limit}`
  return `this must be ${word === 'least' ? 'greater' : 'less'} than ${limit}`
}

const toSingular = (unit: string): string => unit.replace(/ies$/, 'y').replace(/s$/, '')

const describeValues = (values: readonly unknown[], input: unknown): string => {
  const texts = values.map(String)
  const near = typeof input === 'string' ? nearestKey(input, texts) : undefined
  const list = texts.map(text => `\`${text}\``).join(', ')
  const permitted = texts.length === 1 ? `this must be ${list}` : `this must be one of ${list}`
  return near === undefined ? permitted : `${permitted}; did you mean \`${near}\`?`
}

/**
 * The sentence for a zod issue whose schema states none. Pass it as `error` to `safeParse`: the texts of the schema
 * have precedence. The caller puts the file, the line and the key before it.
 */
export const describeIssue = (issue: z.core.$ZodRawIssue): string => {
  const { input } = issue
  const isMissing = input === undefined && issue.code !== 'unrecognized_keys'
  switch (issue.code) {
    case 'invalid_type':
      return isMissing
        ? `this key is missing; it must be ${getNoun(issue.expected)}`
        : `this must be ${getNoun(issue.expected)}, but ${describeInput(input)}`
    case 'invalid_value':
      return isMissing
        ? `this key is missing; ${describeValues(issue.values, input)}`
        : describeValues(issue.values, input)
    case 'too_small':
      return describeLimit('least', issue.origin, issue.minimum, issue.inclusive !== false)
    case 'too_big':
      return describeLimit('most', issue.origin, issue.maximum, issue.inclusive !== false)
    case 'not_multiple_of':
      return `this must be a multiple of ${issue.divisor}`
    case 'invalid_format':
      return issue.format === 'regex'
        ? 'this text does not have the required form'
        : `this is not a valid ${issue.format}`
    case 'unrecognized_keys':
      return `there is no key ${issue.keys.map(key => `\`${key}\``).join(', ')} here`
    case 'invalid_key':
      return 'this key is not permitted here'
    case 'invalid_union':
      return isMissing ? 'this key is missing' : 'this value has none of the permitted forms'
    default:
      return 'this value is not permitted'
  }
}
