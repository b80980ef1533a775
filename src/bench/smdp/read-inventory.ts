import { createHash, type X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { PersonalField, Personalisation } from '../../profile/personalise/values.ts'
import type { OrderState } from '../../server/smdp/order.ts'
import type { ProfileFacts } from '../../server/smdp/profile-facts.ts'
import type { Retention } from '../../server/smdp/retention.ts'
import { BenchError } from '../error.ts'
import { nearestKey } from '../rigs/near-key.ts'
import { parseYaml } from '../rigs/yaml-file.ts'
import {
  type DefaultsEntry,
  InventoryFile,
  type OrderEntry,
  type StockEntry,
  type TypeEntry,
} from './inventory-file.ts'
import { readMetadata } from './metadata-entry.ts'
import { type MisbehaviourEntry, settleEntry } from './misbehaviour-file.ts'
import { type PersonalTexts, type Place, readPersonalValues } from './personal-values.ts'
import { readIccidRange, readRange } from './ranges.ts'
import { readAuthorities } from './standalone-pki.ts'
import {
  makeCopy,
  openTemplate,
  planCopies,
  type Random,
  randomNumbers,
  randomSecrets,
  type StockItem,
  type StockTemplate,
  type TypeFacts,
} from './stock-copies.ts'
import { readSubscriberCsv } from './subscriber-csv.ts'

/** An order that a file asks for. */
export interface PlannedOrder {
  /** Where it stands, for reports. */
  readonly place: string
  readonly matchingId: string | undefined
  readonly eventId: string | undefined
  readonly eid: string | undefined
  readonly confirmationCodeHash: Uint8Array | undefined
  readonly state: OrderState
  readonly reusable: boolean
  readonly maxAttempts: number | undefined
  readonly expiresAt: Date | undefined
  readonly requester: string | undefined
  readonly metadata: Partial<ProfileFacts> | undefined
  /** One profile, or any of a type; `spare` makes one where the stock has none left. */
  readonly profile: StockItem | { readonly type: string; readonly spare?: (() => StockItem) | undefined }
}

export interface InventoryOperator {
  readonly name: string
  readonly callback?: string | undefined
  /** CAs of the server at its callback, beside the bench's own. */
  readonly authorities?: readonly X509Certificate[]
}

/** What a file describes, ready to be put into a store. */
export interface Inventory {
  readonly file: string
  readonly stock: readonly StockItem[]
  readonly orders: readonly PlannedOrder[]
  readonly operators: readonly InventoryOperator[]
  readonly keep: Partial<Retention>
  readonly misbehave: readonly MisbehaviourEntry[]
  readonly warnings: readonly string[]
}

export interface InventoryContext {
  readonly random: Random
  readonly environment: NodeJS.ProcessEnv
}

/** Files beside the inventory, each read once. A file of keys that others may read is worth a warning. */
export const createFolderReader = (folder: string) => {
  const known = new Map<string, Uint8Array>()
  const warnings: string[] = []
  const read = (name: string): Uint8Array => {
    const path = resolve(folder, name)
    const before = known.get(path)
    if (before !== undefined) return before
    try {
      const bytes = new Uint8Array(readFileSync(path))
      known.set(path, bytes)
      return bytes
    } catch (error) {
      const why =
        (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message
      throw new BenchError('file-unreadable', `cannot read ${path}: ${why}`, { cause: error })
    }
  }
  return {
    read,
    warnings,
    readSecrets(name: string, what = 'keys'): string {
      const bytes = read(name)
      const path = resolve(folder, name)
      const mode = statSync(path).mode & 0o777
      if ((mode & 0o077) !== 0)
        warnings.push(`${path} holds ${what} and can be read by others (mode ${mode.toString(8)}); chmod 600 it`)
      return new TextDecoder().decode(bytes)
    },
  }
}

const SPARE_FACTS: ProfileFacts = { serviceProviderName: 'esim-bench', profileName: 'profile' }

export const hashOf = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest())

/** Reads the file and everything that it names. Throws a BenchError with file and line; opens no store. */
export const readInventory = (path: string, { random, environment }: InventoryContext): Inventory => {
  const file = resolve(path)
  const folder = createFolderReader(dirname(file))
  const text = new TextDecoder().decode(folder.read(file))
  const content = parseYaml(InventoryFile, text, path)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const placeOf = (...at: readonly (string | number)[]): string => {
    const node = document.getIn(at, true)
    const offset = isNode(node) ? node.range?.[0] : undefined
    return offset === undefined ? path : `${path}, line ${lines.linePos(offset).line}`
  }

  const types = content.types ?? {}
  const templates = new Map<string, StockTemplate>()
  const templateOf = (name: string): StockTemplate => {
    const template = templates.get(name) ?? openTemplate(name, folder.read, random)
    templates.set(name, template)
    return template
  }
  const typeOf = (name: string, place: string): TypeEntry => {
    const entry = types[name]
    if (entry !== undefined) return entry
    const near = nearestKey(name, Object.keys(types))
    throw new BenchError(
      'inventory',
      `${place}: there is no profile type "${name}" under types; ${near ? `did you mean ${near}?` : 'describe it there'}`,
    )
  }
  const factsOf = (name: string, entry: TypeEntry): TypeFacts => ({
    profileType: name,
    metadata: {
      serviceProviderName: templateOf(entry.template).subscriber.serviceProviderName ?? SPARE_FACTS.serviceProviderName,
      profileName: name.slice(0, 64),
      ...readMetadata(entry.metadata, folder.read),
    },
    ...(entry.operator !== undefined && { owner: entry.operator }),
    ...(entry.memory !== undefined && { memory: entry.memory }),
    ...(entry.requires !== undefined && { requires: entry.requires }),
  })
  const defaultsOf = (name: string, entry: TypeEntry): Personalisation => {
    const place: Place = field => placeOf('types', name, 'defaults', field)
    return readPersonalValues(defaultTexts(entry.defaults ?? {}, environment, place), place)
  }

  const stockOf = (entry: StockEntry, at: number): StockItem[] => {
    const place = placeOf('stock', at)
    if ('profile' in entry) return [asIs(entry.profile, entry.type, readMetadata(entry.metadata, folder.read))]
    const type = typeOf(entry.type, place)
    const template = templateOf(type.template)
    const facts = factsOf(entry.type, type)
    const defaults = defaultsOf(entry.type, type)
    const randomKeys = (entry.keys ?? 'random') === 'random'
    if ('csv' in entry) {
      const rows = readSubscriberCsv(folder.readSecrets(entry.csv), entry.csv)
      return rows.map(row => ({
        ...facts,
        iccid: row.values.iccid!,
        isRepeatable: !randomKeys && type.template !== 'own',
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

  const asIs = (name: string, type: string | undefined, metadata: Partial<ProfileFacts>): StockItem => {
    const { subscriber, package: pkg } = templateOf(name)
    const bytes = Buffer.concat(pkg.elements.map(element => element.bytes))
    return {
      iccid: subscriber.iccid,
      profileType: type ?? basename(name),
      metadata: {
        serviceProviderName: subscriber.serviceProviderName ?? SPARE_FACTS.serviceProviderName,
        profileName: basename(name).slice(0, 64),
        ...metadata,
      },
      make: () => new Uint8Array(bytes),
      isRepeatable: true,
    }
  }

  const orderOf = (entry: OrderEntry, at: number): PlannedOrder => {
    const place = placeOf('orders', at)
    const metadata = readMetadata(entry.metadata, folder.read)
    const needsMatchingId = entry.state !== 'Allocated' && entry.state !== 'Linked' && entry.state !== 'Unavailable'
    if (entry.matchingId === undefined && needsMatchingId && entry.eid === undefined)
      throw new BenchError(
        'inventory',
        `${place}: an order without matchingId is the default one of an EID: give eid, or a matchingId`,
      )
    if (entry.state === 'Linked' && entry.eid === undefined)
      throw new BenchError('inventory', `${place}: an order that is Linked is linked to an EID: give eid`)
    return {
      place,
      matchingId: entry.matchingId ?? (needsMatchingId ? '' : undefined),
      eventId: entry.eventId,
      eid: entry.eid,
      confirmationCodeHash: entry.confirmationCode === undefined ? undefined : hashOf(entry.confirmationCode),
      state: entry.state,
      reusable: entry.reusable,
      maxAttempts: entry.maxAttempts,
      expiresAt: entry.expires === undefined ? undefined : new Date(entry.expires),
      requester: entry.operator,
      metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
      profile: orderedProfile(entry, placeOf('orders', at, 'profile')),
    }
  }
  const orderedProfile = (entry: OrderEntry, place: string): PlannedOrder['profile'] => {
    const type = types[entry.profile]
    if (type !== undefined || !/[./\\]/.test(entry.profile)) {
      const known = type ?? typeOf(entry.profile, place)
      const template = templateOf(known.template)
      const facts = factsOf(entry.profile, known)
      const defaults = defaultsOf(entry.profile, known)
      return {
        type: entry.profile,
        spare() {
          const numbers = { ...randomNumbers(template, random), ...(entry.iccid && { iccid: entry.iccid }) }
          const values = randomSecrets(template, random, { ...defaults, ...numbers })
          return {
            ...facts,
            iccid: numbers.iccid,
            isRepeatable: false,
            make: () => makeCopy(template, values, {}, () => place),
          }
        },
      }
    }
    const item = asIs(entry.profile, undefined, {})
    const { iccid } = entry
    if (iccid === undefined) return item
    const template = templateOf(entry.profile)
    return { ...item, iccid, make: () => makeCopy(template, { iccid }, { iccid }, () => place) }
  }

  const stock = (content.stock ?? []).flatMap(stockOf)
  const orders = (content.orders ?? []).map(orderOf)
  refuseRepeats(path, stock, orders)
  const misbehave = (content.misbehave ?? []).map(entry => settleEntry(entry, dirname(file)))
  if (orders.some(({ confirmationCodeHash }) => confirmationCodeHash !== undefined))
    folder.readSecrets(file, 'confirmation codes')
  return {
    file,
    stock,
    orders,
    operators: (content.operators ?? []).map(({ ca, ...operator }) => ({
      ...operator,
      ...(ca !== undefined && { authorities: readAuthorities(folder.read(ca), ca) }),
    })),
    keep: content.keep ?? {},
    misbehave,
    warnings: folder.warnings,
  }
}

const defaultTexts = (entry: DefaultsEntry, environment: NodeJS.ProcessEnv, place: Place): PersonalTexts =>
  Object.fromEntries(
    Object.entries(entry).map(([field, value]) => {
      if (typeof value !== 'object') return [field, String(value)]
      const text = environment[value.env]
      if (text === undefined)
        throw new BenchError(
          'inventory',
          `${place(field as PersonalField)}: ${field}: the environment has no ${value.env}`,
        )
      return [field, text]
    }),
  )

const refuseRepeats = (path: string, stock: readonly StockItem[], orders: readonly PlannedOrder[]): void => {
  const iccids = new Set<string>()
  for (const { iccid } of stock) {
    if (iccids.has(iccid)) throw new BenchError('inventory', `${path}: the ICCID ${iccid} is in the stock twice`)
    iccids.add(iccid)
  }
  const ordered = new Map<string, string>()
  const matchingIds = new Map<string, string>()
  for (const { matchingId, profile, place } of orders) {
    if (matchingId) {
      const before = matchingIds.get(matchingId)
      if (before !== undefined)
        throw new BenchError('inventory', `${place}: the matching id ${matchingId} is that of ${before} already`)
      matchingIds.set(matchingId, place)
    }
    if (!('iccid' in profile)) continue
    const before = ordered.get(profile.iccid)
    if (before !== undefined)
      throw new BenchError(
        'inventory',
        `${place}: the profile with ICCID ${profile.iccid} is ordered in ${before} already; ` +
          'give this order an `iccid` of its own, or make the file a profile type',
      )
    ordered.set(profile.iccid, place)
  }
}
