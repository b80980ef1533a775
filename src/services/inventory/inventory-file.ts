import { z } from 'zod'
import { UICC_CAPABILITIES } from '../../rsp/euicc-info.ts'
import { DEVICE_RELEASES } from '../../server/smdp/es9p/profile-requirements.ts'
import { FaultFile } from '../smdp/fault-file.ts'

/** YAML parses long digit strings as numbers and loses digits. */
const text = (pattern: RegExp, expected: string) =>
  z
    .string({ error: `${expected} is expected, in quotes where it is all digits` })
    .regex(pattern, `${expected} is expected`)
const words = z.string({ error: 'text is expected, in quotes where it is all digits' }).min(1, 'text is expected')
const iccid = text(/^89\d{16,18}$/, 'an ICCID of 18 to 20 digits')
const eid = text(/^\d{32}$/, 'an EID of 32 digits')
const range = text(/^\+?\d{6,20}(\s*(-|\.\.)\s*\+?\d{6,20})?$/, 'FIRST or FIRST-LAST')

const NOTIFY = ['install', 'enable', 'disable', 'delete'] as const
const metadata = z.strictObject({
  serviceProviderName: words.max(32, 'at most 32 characters').optional(),
  profileName: words.max(64, 'at most 64 characters').optional(),
  profileClass: z.enum(['test', 'provisioning', 'operational']).optional(),
  /** A JPEG or PNG file. */
  icon: words.optional(),
  owner: z
    .strictObject({
      mccMnc: text(/^\d{5,6}$/, 'five or six digits'),
      gid1: text(/^([0-9a-fA-F]{2})+$/, 'hexadecimal digits').optional(),
      gid2: text(/^([0-9a-fA-F]{2})+$/, 'hexadecimal digits').optional(),
    })
    .optional(),
  policyRules: z.array(z.enum(['pprUpdateControl', 'ppr1', 'ppr2'])).optional(),
  notify: z.array(z.enum(NOTIFY)).optional(),
})
export type MetadataEntry = z.infer<typeof metadata>

/** A reference to a key in an environment variable; files contain no keys. */
const fromEnvironment = z.strictObject(
  { env: text(/^[A-Za-z_]\w*$/, 'the name of an environment variable') },
  {
    error: ({ code }) => (code === 'invalid_type' ? 'keys are not written here: { env: NAME } is expected' : undefined),
  },
)
const defaults = z.strictObject({
  imsi: text(/^\d{6,15}$/, 'an IMSI').optional(),
  mncLength: z.union([z.literal(2), z.literal(3)]).optional(),
  msisdn: words.optional(),
  smsp: words.optional(),
  algorithm: z.literal('milenage').optional(),
  k: fromEnvironment.optional(),
  opc: fromEnvironment.optional(),
  pin1: fromEnvironment.optional(),
  pin2: fromEnvironment.optional(),
  puk1: fromEnvironment.optional(),
  puk2: fromEnvironment.optional(),
  adm1: fromEnvironment.optional(),
  kic: fromEnvironment.optional(),
  kid: fromEnvironment.optional(),
  kik: fromEnvironment.optional(),
})
export type DefaultsEntry = z.infer<typeof defaults>

const version = z
  .union([z.int().min(1).max(255).transform(String), z.string()], {
    error: 'a release such as 15 or 15.4.0 is expected',
  })
  .pipe(text(/^\d{1,3}(\.\d{1,3}){0,2}$/, 'a release such as 15 or 15.4.0'))
  // VersionType has one octet for each part.
  .refine(written => written.split('.').every(part => Number(part) <= 255), 'no number of a release is over 255')
  .transform(written => {
    const [major = 0, minor = 0, revision = 0] = written.split('.').map(Number)
    return [major, minor, revision] as const
  })
/** Capabilities of card and device in AuthenticateClient, spelled as in SGP.22. */
const requirements = z.strictObject({
  deviceCapabilities: z.partialRecord(z.enum(DEVICE_RELEASES), version).optional(),
  uiccCapability: z.array(z.enum(UICC_CAPABILITIES)).optional(),
})

const profileType = z.strictObject({
  /** A SAIP file, or `own` for a generated package. */
  template: words,
  metadata: metadata.optional(),
  defaults: defaults.optional(),
  memory: z.number().int().min(0).optional(),
  requires: requirements.optional(),
  /** The operator that owns the stock; without it, every operator can order. */
  operator: words.optional(),
})
export type TypeEntry = z.infer<typeof profileType>

const stock = z.union([
  z.strictObject({
    type: words,
    iccid: range,
    count: z.number().int().min(1).max(100_000).optional(),
    imsi: range.optional(),
    msisdn: range.optional(),
    keys: z.enum(['random', 'template']).optional(),
  }),
  z.strictObject({ type: words, csv: words, keys: z.enum(['random', 'template']).optional() }),
  /** A package that is used unchanged. */
  z.strictObject({ profile: words, type: words.optional(), metadata: metadata.optional() }),
])
export type StockEntry = z.infer<typeof stock>

const STATES = [
  'Allocated',
  'Linked',
  'Confirmed',
  'Released',
  'Downloaded',
  'Installed',
  'Error',
  'Unavailable',
] as const

const order = z.strictObject({
  matchingId: text(/^[0-9A-Z-]{1,255}$/, 'a matching id of A-Z, 0-9 and -').optional(),
  eventId: text(/^[0-9A-Za-z.-]{1,255}$/, 'an event id').optional(),
  /** A profile type of this file or of the stock, or a SAIP file. */
  profile: words,
  /** The ICCID that the package of the file gets, so that one file serves several orders. */
  iccid: iccid.optional(),
  eid: eid.optional(),
  confirmationCode: words.optional(),
  state: z.enum(STATES).default('Released'),
  reusable: z.boolean().default(false),
  maxAttempts: z.number().int().min(1).optional(),
  expires: z.iso.datetime({ offset: true, error: 'a time such as 2026-12-31T12:00:00Z is expected' }).optional(),
  operator: words.optional(),
  metadata: metadata.optional(),
})
export type OrderEntry = z.infer<typeof order>

const operator = z.strictObject({
  /** The host name in its client certificate. */
  name: words,
  /** The URL for HandleDownloadProgressInfo. */
  callback: z.url({ protocol: /^https$/, error: 'an https address is expected' }).optional(),
  /** CA certificates of that server (PEM or DER), if the CA is not the bench's own. */
  ca: words.optional(),
})

/** The inventory file: the stock and the orders of an SM-DP+. */
export const InventoryFile = z.strictObject(
  {
    types: z.record(z.string(), profileType).optional(),
    stock: z.array(stock).optional(),
    orders: z.array(order).optional(),
    operators: z.array(operator).optional(),
    /** Limits by age and by number for notifications, deliveries and reports to operators. */
    keep: z
      .strictObject({
        days: z.int().min(1).max(36_500).optional(),
        count: z.int().min(1).max(100_000_000).optional(),
      })
      .optional(),
    /** Fault rules, as `smdp faults` passes them to a running server. */
    faults: FaultFile.optional(),
    /** The deprecated name of `faults`. */
    misbehave: FaultFile.optional(),
  },
  {
    error: ({ code }) =>
      code === 'invalid_type' ? 'types, stock, orders, operators or faults are expected' : undefined,
  },
)
export type InventoryFile = z.infer<typeof InventoryFile>
