import { z } from 'zod'
import { ROOT_DS_ADDRESS } from '../../rsp/identifiers.ts'
import { FAULTS } from '../../services/smdp/fault-kinds.ts'
import { flag, option, text } from '../command-line.ts'
import { certs, connectTo, json } from '../options.ts'
import {
  BitMask,
  Count,
  Eid,
  Host,
  HttpStatus,
  Iccid,
  MatchingId,
  Milliseconds,
  Offset,
  Port,
  Probability,
} from '../values.ts'

const db = () =>
  text('--db <location>', 'use this store: a file, a PostgreSQL URL, or memory (default: smdp.db in the state folder)')
const portOption = (flags: string, help: string) => option(flags, help, Port.optional())
const host = (help: string) => option('--host <name>', help, Host.optional())

export const SmdpServeOptions = z.object({
  host: host('use this name of the server (default: the name in its TLS certificate)'),
  listen: option('--listen <address>', 'listen on this address', z.string().default('127.0.0.1')),
  es9Port: option('--es9-port <number>', 'listen on this port for LPAs', Port.default(8443)),
  es2Port: portOption('--es2-port <number>', 'listen on this port for operators, with mutual TLS'),
  es11Port: portOption('--es11-port <number>', 'run an SM-DS and listen on this port for LPAs'),
  es12Port: portOption('--es12-port <number>', 'run an SM-DS and listen on this port for SM-DP+s, with mutual TLS'),
  smdsHost: option('--smds-host <name>', 'use this name of the SM-DS', Host.default(ROOT_DS_ADDRESS)),
  certs: certs(),
  es2Ca: text('--es2-ca <file>', 'also accept client certificates of this CA (PEM)'),
  operatorCa: text('--operator-ca <file>', 'also trust this CA (PEM) for the servers of operators'),
  keepDays: option(
    '--keep-days <number>',
    'keep undelivered notifications and reports for this number of days (default: 90)',
    Count.optional(),
  ),
  keepCount: option('--keep-count <number>', 'keep this number of each (default: 100000)', Count.optional()),
  inventory: text('--inventory <file>', 'add the profile types, stock, orders and operators of this YAML file'),
  reset: flag('--reset', 'delete the content of the store first'),
  yes: flag('--yes', 'with --reset: do not ask'),
  quiet: flag('--quiet', 'do not print a line for each call'),
  db: db(),
})

export const StoreOptions = z.object({ db: db(), json: json() })
export const OrderOptions = StoreOptions.extend({
  url: text('--url <url>', 'call ES2+ of this server, such as https://smdp.example.com:8444'),
  connectTo: connectTo(),
  cert: text('--cert <file>', 'with --url: use this client certificate (PEM; default: issued by the CA of the bench)'),
  key: text('--key <file>', 'use this private key of the client certificate (PEM)'),
  ca: text('--ca <file>', 'trust the server certificates of this CA (PEM; default: the CA of the bench)'),
  as: option('--as <name>', 'order as this operator', Host.default('operator.bench.example')),
})

const serverName = () =>
  option('--host <name>', 'print the activation code with this server name', Host.optional(), { conflicts: 'url' })
const eid = () => option('--eid <digits>', 'bind the order to this card', Eid.optional())
const matchingId = (help: string) => option('--matching-id <id>', help, MatchingId.optional())
const confirmationCode = (help: string) => text('--confirmation-code <code>', help)
const smds = (help: string) => option('--smds <host>', help, Host.optional())

export const CreateOrderOptions = OrderOptions.extend({
  iccid: option('--iccid <digits>', 'order this profile', Iccid.optional()),
  type: text('--type <name>', 'order any profile of this type'),
  eid: eid(),
  confirm: flag('--confirm', 'confirm and release the order immediately'),
  matchingId: matchingId('with --confirm: use this matching ID (default: a generated one)'),
  confirmationCode: confirmationCode('with --confirm: require this confirmation code'),
  smds: smds('with --confirm: register an event at this SM-DS'),
  host: serverName(),
})
export const ConfirmOrderOptions = OrderOptions.extend({
  eid: eid(),
  matchingId: matchingId('use this matching ID (default: a generated one)'),
  confirmationCode: confirmationCode('require this confirmation code'),
  smds: smds('register an event at this SM-DS'),
  host: serverName(),
  release: flag('--release', 'release the order immediately'),
})
export const CancelOrderOptions = OrderOptions.extend({
  unavailable: flag('--unavailable', 'make the profile unavailable instead of returning it to the stock'),
})
const ORDER_STATES = [
  ...['Available', 'Allocated', 'Linked', 'Confirmed', 'Released'],
  ...['Downloaded', 'Installed', 'Error', 'Unavailable'],
] as const
export const ListOrdersOptions = StoreOptions.extend({
  state: option('--state <state>', 'list only orders in this state', z.enum(ORDER_STATES).optional()),
  type: text('--type <name>', 'list only orders of this profile type'),
})
export const ShowOrderOptions = StoreOptions.extend({
  host: host('print the activation code with this server name'),
})

export const ImportOptions = StoreOptions.extend({
  template: flag('--template', 'create copies of the package with different values'),
  type: text('--type <name>', 'use this profile type (default: the name of the file)'),
  count: option('--count <number>', 'create this number of copies', Count.optional()),
  csv: text('--csv <file>', 'read the values of the copies from this file, one row a copy'),
  iccidRange: text('--iccid-range <first-last>', 'use these ICCIDs (default: random ones of the test operator)'),
  imsiRange: text('--imsi-range <first-last>', 'use these IMSIs'),
  msisdnRange: text('--msisdn-range <first-last>', 'use these phone numbers'),
  keepKeys: flag('--keep-keys', 'copy the keys, PUKs and administrative keys of the template instead of random ones'),
  algorithm: option('--algorithm <name>', 'replace the algorithm of the template', z.enum(['milenage']).optional()),
  spn: text('--spn <name>', 'set the service provider name in the metadata'),
  name: text('--name <name>', 'set the profile name in the metadata'),
  class: option(
    '--class <class>',
    'set the profile class in the metadata',
    z.enum(['test', 'provisioning', 'operational']).optional(),
  ),
})

export const AddFaultOptions = StoreOptions.extend({
  count: option('--count <number>', 'inject the fault this number of times (default: always)', Count.optional()),
  probability: option(
    '--probability <share>',
    'inject the fault with this probability, 0 to 1',
    Probability.optional(),
  ),
  offset: option(
    '--offset <byte>',
    'changed-byte: change the byte at this offset; a negative one counts from the end',
    Offset.optional(),
  ),
  mask: option('--mask <bits>', 'changed-byte: invert these bits', BitMask.optional()),
  milliseconds: option('--milliseconds <number>', 'delay: wait this long', Milliseconds.optional()),
  status: option('--status <number>', 'http-status: answer with this status', HttpStatus.optional()),
  after: flag('--after', 'http-status, reset: run the function first, and lose only its response'),
  certificate: text(
    '--certificate <fault or file>',
    `wrong-certificate: use a certificate with this fault, or this DER file: ${FAULTS.join(', ')}`,
  ),
  key: text('--key <file>', 'wrong-certificate: sign with this private key of the file'),
})

export type SmdpServeOptions = z.output<typeof SmdpServeOptions>
export type StoreOptions = z.output<typeof StoreOptions>
export type OrderOptions = z.output<typeof OrderOptions>
export type CreateOrderOptions = z.output<typeof CreateOrderOptions>
export type ConfirmOrderOptions = z.output<typeof ConfirmOrderOptions>
export type CancelOrderOptions = z.output<typeof CancelOrderOptions>
export type ListOrdersOptions = z.output<typeof ListOrdersOptions>
export type ShowOrderOptions = z.output<typeof ShowOrderOptions>
export type ImportOptions = z.output<typeof ImportOptions>
export type AddFaultOptions = z.output<typeof AddFaultOptions>
