import type { InventoryReading } from '../smdp/profile-types.ts'
import { makeCopy, OWN_TEMPLATE, planCopies, randomSecrets, type StockItem } from '../smdp/stock-copies.ts'
import type { StockEntry } from './inventory-file.ts'
import { readMetadata } from './metadata-entry.ts'
import { readIccidRange, readRange } from './ranges.ts'
import { readSubscriberCsv } from './subscriber-csv.ts'

/** Reads the profiles of entry `at` of `stock`. */
export const readStock = (
  entry: StockEntry,
  at: number,
  { types, folder, placeOf, random }: InventoryReading,
): StockItem[] => {
  if ('profile' in entry) return [types.asIs(entry.profile, entry.type, readMetadata(entry.metadata, folder.read))]
  const { template, facts, defaults } = types.typeOf(entry.type, placeOf('stock', at))
  const randomKeys = (entry.keys ?? 'random') === 'random'
  if ('csv' in entry) {
    const rows = readSubscriberCsv(folder.readSecrets(entry.csv), entry.csv)
    return rows.map(row => ({
      ...facts,
      iccid: row.values.iccid!,
      isRepeatable: !randomKeys && template.name !== OWN_TEMPLATE,
      make() {
        const given = { ...defaults, ...row.values }
        const values = randomKeys ? randomSecrets(template, random, given) : given
        return makeCopy(template, values, row.texts, row.place)
      },
    }))
  }
  const iccid = readIccidRange(entry.iccid, placeOf('stock', at, 'iccid'))
  return planCopies({
    template,
    facts,
    defaults,
    count: entry.count ?? iccid.count ?? 1,
    iccid,
    imsi: entry.imsi === undefined ? undefined : readRange(entry.imsi, placeOf('stock', at, 'imsi')),
    msisdn: entry.msisdn === undefined ? undefined : readRange(entry.msisdn, placeOf('stock', at, 'msisdn')),
    randomKeys,
    random,
    place: field => placeOf('stock', at, field),
  })
}
