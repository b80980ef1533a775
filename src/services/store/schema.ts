import { type Generated, type Kysely, sql } from 'kysely'

/** `sealed` columns are encrypted. Times are ISO 8601 in UTC, which sort as text. */
export interface Tables {
  orders: {
    n: Generated<number>
    iccid: string
    profile_type: string
    state: string
    matching_id: string | null
    event_id: string | null
    eid: string | null
    revision: number
    /** The order as JSON, without its bytes. */
    doc: string
    /** The bytes of the order, encrypted because a guess can find them (the hash of a confirmation code). */
    sealed: Uint8Array | null
  }
  profiles: { iccid: string; profile_type: string; sealed: Uint8Array }
  sessions: { transaction_id: string; expires_at: string; revision: number; sealed: Uint8Array }
  bound_copies: { iccid: string; sealed: Uint8Array }
  deliveries: { transaction_id: string; iccid: string; eid: string; at: string; doc: string }
  notifications: {
    n: Generated<number>
    digest: string
    at: string
    eid: string
    iccid: string | null
    operation: string
    seq_number: number
    matched: number
    bytes: Uint8Array
  }
  /** `at` is null if an entry has no age. */
  progress: { n: Generated<number>; id: string; requester: string; at: string | null; doc: string }
  /** The number of rows dropped over the limits; `requester` is empty for rows without one. */
  dropped: { kind: string; requester: string; count: number; at: string }
  calls: { n: Generated<number>; key: string; doc: string }
  smds_events: { n: Generated<number>; eid: string; event_id: string; revision: number; doc: string }
  smds_sessions: { transaction_id: string; expires_at: string; sealed: Uint8Array }
  /** A view of every state of an order since its profile came into stock. */
  transitions: { iccid: string; at: string; from_state: string | null; to_state: string; cause: string }
  /** One row: the format of the tables, and a sealed value that verifies the key. */
  smdp_store: { form: number; sealed: Uint8Array }
}

interface Words {
  readonly bytes: string
  readonly counted: string
  readonly transitions: string
  /** The present time in the format of the tables. */
  readonly now: string
}
const WORDS: Record<'sqlite' | 'postgres', Words> = {
  sqlite: {
    bytes: 'blob',
    counted: 'integer primary key autoincrement',
    transitions: `select iccid, value ->> '$.at."$date"' as at, value ->> '$.from' as from_state,
      value ->> '$.to' as to_state, value ->> '$.cause' as cause from orders, json_each(doc, '$.history')`,
    now: `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`,
  },
  postgres: {
    bytes: 'bytea',
    counted: 'serial primary key',
    transitions: `select iccid, value -> 'at' ->> '$date' as at, value ->> 'from' as from_state,
      value ->> 'to' as to_state, value ->> 'cause' as cause
      from orders, jsonb_array_elements(doc::jsonb -> 'history') as value`,
    now: `to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  },
}

/** The migrations, each from the format before. Append only; never change an entry. */
const MIGRATIONS: readonly ((words: Words) => readonly string[])[] = [
  ({ bytes, counted, transitions }) => [
    `create table smdp_store (form integer not null, sealed ${bytes} not null)`,
    `create table orders (
      n ${counted}, iccid text not null unique, profile_type text not null, state text not null, matching_id text,
      event_id text, eid text, revision integer not null, doc text not null, sealed ${bytes})`,
    `create unique index orders_matching_id on orders (matching_id) where matching_id <> ''`,
    `create index orders_event_id on orders (event_id) where event_id is not null`,
    `create index orders_default on orders (eid) where matching_id = ''`,
    'create index orders_type on orders (profile_type, state)',
    `create table profiles (iccid text primary key, profile_type text not null, sealed ${bytes} not null)`,
    `create table sessions (
      transaction_id text primary key, expires_at text not null, revision integer not null, sealed ${bytes} not null)`,
    'create index sessions_expiry on sessions (expires_at)',
    `create table bound_copies (iccid text primary key, sealed ${bytes} not null)`,
    `create table deliveries (
      transaction_id text primary key, iccid text not null, eid text not null, at text not null, doc text not null)`,
    `create table notifications (
      n ${counted}, digest text not null unique, at text not null, eid text not null, iccid text,
      operation text not null, seq_number bigint not null, matched integer not null, bytes ${bytes} not null)`,
    'create index notifications_iccid on notifications (iccid)',
    `create table progress (n ${counted}, id text not null unique, requester text not null, doc text not null)`,
    `create table calls (n ${counted}, key text not null unique, doc text not null)`,
    `create table smds_events (n ${counted}, eid text not null, event_id text not null, revision integer not null,
      doc text not null, unique (eid, event_id))`,
    `create table smds_sessions (
      transaction_id text primary key, expires_at text not null, sealed ${bytes} not null)`,
    'create index smds_sessions_expiry on smds_sessions (expires_at)',
    `create view transitions as ${transitions}`,
  ],
  // Retention limits, and an index for the pending reports of one requester.
  ({ now }) => [
    'alter table progress add column at text',
    `update progress set at = ${now} where doc not like '%"DeleteEvent"%'`,
    'create index progress_requester on progress (requester, n)',
    'create index progress_age on progress (at) where at is not null',
    'create index deliveries_age on deliveries (at, transaction_id)',
    'create index notifications_age on notifications (matched, at)',
    'create index notifications_order on notifications (matched, n)',
    // The state changes with each step of an order, and no query selects by it.
    'drop index orders_type',
    'create index orders_type on orders (profile_type)',
    `create table dropped (kind text not null, requester text not null, count bigint not null, at text not null,
      primary key (kind, requester))`,
  ],
]

/** The tables that clearing empties. */
export const TABLES = [
  'orders',
  'profiles',
  'sessions',
  'bound_copies',
  'deliveries',
  'notifications',
  'progress',
  'calls',
  'dropped',
  'smds_events',
  'smds_sessions',
] as const satisfies readonly (keyof Tables)[]

/** The table format of this esim-bench. */
export const FORM = MIGRATIONS.length

/** Migrates tables from format `from`. */
export const migrate = async (db: Kysely<Tables>, kind: 'sqlite' | 'postgres', from: number): Promise<void> => {
  for (const migration of MIGRATIONS.slice(from))
    for (const statement of migration(WORDS[kind])) await sql.raw(statement).execute(db)
}
