import { CsvError, parse } from 'csv-parse/sync'
import { BenchError } from '../../host/error.ts'
import { nearestKey } from '../../host/yaml/near-key.ts'
import { PERSONAL_FIELDS, type PersonalField, type Personalization } from '../../profile/personalize/values.ts'
import { type PersonalTexts, type Place, readPersonalValues, refuseValue } from './personal-values.ts'

/** A checked row of a subscriber file. */
export interface SubscriberRow {
  readonly line: number
  readonly values: Personalization
  /** As written, for error messages. */
  readonly texts: PersonalTexts
  readonly place: Place
}

/** Column names that operators and card makers use. */
const OTHER_NAMES: Readonly<Record<string, PersonalField>> = {
  ki: 'k',
  key: 'k',
  smsc: 'smsp',
  servicecentre: 'smsp',
  adm: 'adm1',
  pin: 'pin1',
  puk: 'puk1',
  mnclength: 'mncLength',
}
const KNOWN = new Map<string, PersonalField>([
  ...PERSONAL_FIELDS.map(field => [field.toLowerCase(), field] as const),
  ...Object.entries(OTHER_NAMES),
])

const columnsOf = (header: readonly string[], file: string): PersonalField[] => {
  const columns = header.map((name, at) => {
    const field = KNOWN.get(name.toLowerCase().replace(/[^a-z0-9]/g, ''))
    if (field !== undefined) return field
    // A file without column names begins with values, possibly keys: the message must not quote them.
    if (/^[\da-f\s:.+-]{4,}$/i.test(name))
      throw new BenchError(
        'inventory',
        `${file}, line 1, column ${at + 1}: a value stands where a name should; a line of column names goes first`,
      )
    const near = nearestKey(name.toLowerCase(), PERSONAL_FIELDS)
    throw new BenchError(
      'inventory',
      `${file}, line 1, column ${at + 1}: there is no value called ${JSON.stringify(name.slice(0, 40))}; ` +
        (near ? `did you mean \`${near}\`?` : `known are ${PERSONAL_FIELDS.join(', ')}`),
    )
  })
  const twice = columns.find((field, at) => columns.indexOf(field) !== at)
  if (twice !== undefined) throw new BenchError('inventory', `${file}, line 1: there are two columns for \`${twice}\``)
  if (!columns.includes('iccid'))
    throw new BenchError('inventory', `${file}, line 1: a column \`iccid\` is needed, for each row makes a profile`)
  return columns
}

/** The separator of the first line: comma, semicolon or tab. */
const delimiterOf = (text: string): string => {
  const first = text.slice(0, text.search(/\r?\n|$/))
  return [',', ';', '\t'].sort((a, b) => first.split(b).length - first.split(a).length)[0]!
}

/** Reads a subscriber file: a line of column names, then one row for each profile. Errors contain no secrets. */
export const readSubscriberCsv = (text: string, file: string): readonly SubscriberRow[] => {
  let records: { record: string[]; info: { lines: number } }[]
  try {
    records = parse(text, {
      bom: true,
      delimiter: delimiterOf(text.replace(/^\ufeff/, '')),
      info: true,
      trim: true,
      skip_empty_lines: true,
      comment: '#',
    }) as unknown as typeof records
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    // The message of the parser can quote the row with its keys.
    const line = typeof error.lines === 'number' ? error.lines : 0
    const problem =
      error.code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH'
        ? 'the row has more or fewer values than the first line has columns'
        : `it is not CSV (${error.code})`
    throw new BenchError('inventory', `${file}, line ${line}: ${problem}`, { data: { line } })
  }
  const [header, ...rows] = records
  if (header === undefined) throw new BenchError('inventory', `${file} is empty; a line of column names is expected`)
  const columns = columnsOf(header.record, file)
  if (rows.length === 0)
    throw new BenchError('inventory', `${file} has column names and no rows; each row makes a profile`)
  const seen: Record<'iccid' | 'imsi', Map<string, number>> = { iccid: new Map(), imsi: new Map() }
  return rows.map(({ record, info: { lines: line } }) => {
    const place: Place = field => {
      const column = columns.indexOf(field)
      return `${file}, line ${line}${column < 0 ? '' : `, column ${column + 1}`}`
    }
    const texts: PersonalTexts = Object.fromEntries(columns.map((field, at) => [field, record[at]]))
    if (!texts.iccid) throw refuseValue(place, 'iccid', undefined, 'it is missing')
    const values = readPersonalValues(texts, place)
    for (const field of ['iccid', 'imsi'] as const) {
      const value = values[field]
      if (value === undefined) continue
      const before = seen[field].get(value)
      if (before !== undefined) throw refuseValue(place, field, value, `it is in line ${before} already`)
      seen[field].set(value, line)
    }
    return { line, values, texts, place }
  })
}
