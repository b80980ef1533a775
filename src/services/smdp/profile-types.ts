import { basename } from 'node:path'
import { BenchError } from '../../host/error.ts'
import { nearestKey } from '../../host/yaml/near-key.ts'
import type { PersonalField, Personalization } from '../../profile/personalize/values.ts'
import type { ProfileFacts } from '../../server/smdp/profile-facts.ts'
import type { FolderReader } from '../inventory/folder-reader.ts'
import type { DefaultsEntry, TypeEntry } from '../inventory/inventory-file.ts'
import { readMetadata } from '../inventory/metadata-entry.ts'
import { type PersonalTexts, type Place, readPersonalValues } from '../inventory/personal-values.ts'
import { openTemplate, type Random, type StockItem, type StockTemplate, type TypeFacts } from './stock-copies.ts'

export interface InventoryContext {
  readonly random: Random
  readonly environment: NodeJS.ProcessEnv
}

/** The position in the file, for messages. */
export type PlaceOf = (...at: readonly (string | number)[]) => string

/** The properties that all profiles of a type share. */
interface KnownType {
  readonly template: StockTemplate
  readonly facts: TypeFacts
  readonly defaults: Personalization
}

/** The profile types of an inventory, and the profile packages beside it. */
export interface ProfileTypes {
  has(name: string): boolean
  /** Throws if no type has this name; `place` is the position of the reference. */
  typeOf(name: string, place: string): KnownType
  templateOf(name: string): StockTemplate
  /** The unchanged package of a file. */
  asIs(name: string, type: string | undefined, metadata: Partial<ProfileFacts>): StockItem
}

/** The context for reading inventory entries. */
export interface InventoryReading {
  readonly types: ProfileTypes
  readonly folder: FolderReader
  readonly placeOf: PlaceOf
  readonly random: Random
}

const SPARE_NAME = 'esim-bench'

export const createProfileTypes = (
  types: Readonly<Record<string, TypeEntry>>,
  folder: FolderReader,
  placeOf: PlaceOf,
  { random, environment }: InventoryContext,
): ProfileTypes => {
  const templates = new Map<string, StockTemplate>()
  const templateOf = (name: string): StockTemplate => {
    const template = templates.get(name) ?? openTemplate(name, folder.read, random)
    templates.set(name, template)
    return template
  }
  const entryOf = (name: string, place: string): TypeEntry => {
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
      serviceProviderName: templateOf(entry.template).subscriber.serviceProviderName ?? SPARE_NAME,
      profileName: name.slice(0, 64),
      ...readMetadata(entry.metadata, folder.read),
    },
    ...(entry.operator !== undefined && { owner: entry.operator }),
    ...(entry.memory !== undefined && { memory: entry.memory }),
    ...(entry.requires !== undefined && { requires: entry.requires }),
  })
  const defaultsOf = (name: string, entry: TypeEntry): Personalization => {
    const place: Place = field => placeOf('types', name, 'defaults', field)
    return readPersonalValues(defaultTexts(entry.defaults ?? {}, environment, place), place)
  }
  return {
    has: name => types[name] !== undefined,
    templateOf,
    typeOf(name, place) {
      const entry = entryOf(name, place)
      return { template: templateOf(entry.template), facts: factsOf(name, entry), defaults: defaultsOf(name, entry) }
    },
    asIs(name, type, metadata) {
      const { subscriber, package: pkg } = templateOf(name)
      const bytes = Buffer.concat(pkg.elements.map(element => element.bytes))
      return {
        iccid: subscriber.iccid,
        profileType: type ?? basename(name),
        metadata: {
          serviceProviderName: subscriber.serviceProviderName ?? SPARE_NAME,
          profileName: basename(name).slice(0, 64),
          ...metadata,
        },
        make: () => new Uint8Array(bytes),
        isRepeatable: true,
      }
    },
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
