import { equalBytes, toHex } from '../../asn1/bytes.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { decode, encode, type Schema } from '../../asn1/schema.ts'
import { type Crl, parseCrl } from '../../rsp/certificates/crl.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { PendingNotification } from '../../rsp/notification.ts'
import { EuiccError } from '../error.ts'
import type { NonVolatileMemory } from './memory.ts'
import type { CardState, Profile } from './state.ts'
import { OneTimeKeyRecord, ProfileRecord, RootRecord, STATE_VERSION } from './state-records.ts'

const ROOT = 'card'
const ONE_TIME_KEY = 'one-time-key'
const PROFILE = 'profile/'
const NOTIFICATION = 'notification/'
const CRL = 'crl/'

/** The factory state of the card. */
export const createBlankState = (eid: Uint8Array): CardState => ({
  root: { version: STATE_VERSION, eid, nextSequenceNumber: 0 },
  profiles: new Map(),
  packages: new Map(),
  files: new Map(),
  notifications: new Map(),
  crls: new Map(),
  oneTimeKey: undefined,
})

/** Reads the state, or the factory state from an empty memory. */
export const loadState = async (memory: NonVolatileMemory, eid: Uint8Array): Promise<CardState> => {
  const rootBytes = await memory.read(ROOT)
  if (rootBytes === undefined) {
    if (memory.names().length > 0) throw damaged(memory.names()[0]!)
    return createBlankState(eid)
  }
  const root = read(RootRecord, ROOT, rootBytes)
  if (root.version > STATE_VERSION)
    throw new EuiccError(
      'newer-state',
      `the card's memory has version ${root.version} and this program knows ${STATE_VERSION}; use the newer program`,
      { entry: ROOT },
    )
  if (!equalBytes(root.eid, eid))
    throw new EuiccError('foreign-state', `the memory belongs to the card with EID ${toHex(root.eid)}`, { entry: ROOT })

  const profiles = new Map<string, Profile>()
  const packages = new Map<string, Uint8Array>()
  const files = new Map<string, Uint8Array>()
  const crls = new Map<string, Crl>()
  const notifications: [number, Uint8Array][] = []
  let oneTimeKey: OneTimeKeyRecord | undefined
  for (const name of memory.names()) {
    const bytes = (await memory.read(name))!
    const [, aid, part] = /^profile\/([0-9a-f]+)(?:\/(package|files))?$/.exec(name) ?? []
    if (name === ROOT) continue
    if (name === ONE_TIME_KEY) oneTimeKey = read(OneTimeKeyRecord, name, bytes)
    else if (aid !== undefined && part === undefined)
      profiles.set(aid, asProfile(read(ProfileRecord, name, bytes), name))
    else if (aid !== undefined) (part === 'package' ? packages : files).set(aid, bytes)
    else if (name.startsWith(CRL)) crls.set(name.slice(CRL.length), readCrl(name, bytes))
    else if (/^notification\/\d+$/.test(name)) notifications.push([Number(name.slice(NOTIFICATION.length)), bytes])
    else throw damaged(name)
  }
  notifications.sort(([a], [b]) => a - b)
  for (const aid of profiles.keys()) if (!packages.has(aid)) throw damaged(`${PROFILE}${aid}`)
  return {
    root,
    profiles,
    packages,
    files,
    crls,
    oneTimeKey,
    notifications: new Map(
      notifications.map(([number, bytes]) => [
        number,
        { value: read(PendingNotification, `${NOTIFICATION}${number}`, bytes), bytes },
      ]),
    ),
  }
}

const asProfile = (
  { info, ...rest }: { info: Profile['info'] | object } & Omit<Profile, 'info'>,
  name: string,
): Profile => {
  if (!('iccid' in info) || info.iccid === undefined) throw damaged(name)
  return { ...rest, info }
}

const read = <T>(schema: Schema<T>, entry: string, bytes: Uint8Array): T => {
  try {
    return decode(schema, bytes)
  } catch (cause) {
    if (cause instanceof Asn1Error) throw damaged(entry, cause)
    throw cause
  }
}

const readCrl = (entry: string, bytes: Uint8Array): Crl => {
  try {
    return parseCrl(bytes)
  } catch (cause) {
    if (cause instanceof CertificateError) throw damaged(entry, cause)
    throw cause
  }
}

const damaged = (entry: string, cause?: unknown): EuiccError =>
  new EuiccError('damaged-state', `the card's memory is damaged: entry "${entry}" cannot be read`, { entry, cause })

/** The entries to commit so that the memory contains `next` instead of `previous` (undefined: empty). */
export const getStateChanges = (
  previous: CardState | undefined,
  next: CardState,
): ReadonlyMap<string, Uint8Array | null> => {
  const changes = new Map<string, Uint8Array | null>()
  const compare = <K, V>(
    prefix: string,
    suffix: string,
    before: ReadonlyMap<K, V> | undefined,
    after: ReadonlyMap<K, V>,
    toBytes: (value: V) => Uint8Array,
  ) => {
    if (before === after) return
    for (const [key, value] of after)
      if (before?.get(key) !== value) changes.set(`${prefix}${key}${suffix}`, toBytes(value))
    for (const key of before?.keys() ?? []) if (!after.has(key)) changes.set(`${prefix}${key}${suffix}`, null)
  }
  const same = (bytes: Uint8Array) => bytes
  if (previous?.root !== next.root) changes.set(ROOT, encode(RootRecord, next.root))
  compare(PROFILE, '', previous?.profiles, next.profiles, profile => encode(ProfileRecord, profile))
  compare(PROFILE, '/package', previous?.packages, next.packages, same)
  compare(PROFILE, '/files', previous?.files, next.files, same)
  compare(NOTIFICATION, '', previous?.notifications, next.notifications, ({ bytes }) => bytes)
  compare(CRL, '', previous?.crls, next.crls, ({ der }) => der)
  if (previous?.oneTimeKey !== next.oneTimeKey)
    changes.set(ONE_TIME_KEY, next.oneTimeKey === undefined ? null : encode(OneTimeKeyRecord, next.oneTimeKey))
  return changes
}
