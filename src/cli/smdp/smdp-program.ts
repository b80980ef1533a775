import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import type { Runtime } from '../../host/runtime.ts'
import { ROOT_DS_ADDRESS } from '../../rsp/identifiers.ts'
import { FAULTS, FUNCTIONS, KINDS } from '../../services/smdp/fault-kinds.ts'
import { readCount, readHost, readPort } from '../options.ts'
import { certs, connectTo, json, type Perform, withOptions } from '../shared-options.ts'

/** Loaded when an SM-DP+ command is asked for. */
const load = {
  serve: () => import('./smdp-serve-command.ts'),
  order: () => import('./smdp-order-command.ts'),
  stats: () => import('./smdp-stats-command.ts'),
  stock: () => import('./smdp-stock-command.ts'),
  misbehave: () => import('./smdp-faults-command.ts'),
} as const

const readPattern = (pattern: RegExp, expected: string) => (text: string) => {
  if (pattern.test(text)) return text
  throw new InvalidArgumentError(`it must be ${expected}.`)
}
const readWithin = (expected: string, isIn: (value: number) => boolean) => (text: string) => {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (isIn(value)) return value
  throw new InvalidArgumentError(`it must be ${expected}.`)
}
const portOption = (name: string, description: string): Option =>
  new Option(`--${name} <number>`, description).argParser(readPort)
const ORDER_STATES = [
  ...['Available', 'Allocated', 'Linked', 'Confirmed', 'Released'],
  ...['Downloaded', 'Installed', 'Error', 'Unavailable'],
]
const db = (): Option =>
  new Option('--db <place>', 'the store: a file, a postgres URL, or memory; by default smdp.db in the state folder')
const hostOption = (description: string): Option => new Option('--host <name>', description).argParser(readHost)
const iccidOption = (): Option =>
  new Option('--iccid <digits>', 'the profile').argParser(
    readPattern(/^89\d{16,18}F?$/i, 'an ICCID of 18 to 20 digits'),
  )
/** What ES2+ takes (SGP.22 §5.3.2); with an empty one the order is the default one of its EID. */
const matchingIdOption = (description: string): Option =>
  new Option('--matching-id <id>', description).argParser(
    readPattern(/^[0-9A-Z-]{0,255}$/, 'a matching id of A-Z, 0-9 and -'),
  )
const smdsOption = (description: string): Option => new Option('--smds <host>', description).argParser(readHost)
const serverName = (): Option =>
  hostOption('the name of the server, for the activation code; over ES2+ it says it').conflicts('url')
const eidOption = (): Option =>
  new Option('--eid <digits>', 'the card it is for').argParser(readPattern(/^\d{32}$/, 'an EID of 32 digits'))

/** `esim-bench smdp …`: an SM-DP+ that stands alone, its stock and its orders. */
export const addSmdpCommands = (program: Command, runtime: Runtime, perform: Perform): void => {
  const smdp = program.command('smdp').description('an SM-DP+ for cards and LPAs out there: server, stock, orders')

  withOptions(
    smdp.command('serve'),
    hostOption('the name of the server, by default the one in its TLS certificate'),
    new Option('--listen <address>', 'the address to listen on').default('127.0.0.1'),
    portOption('es9-port', 'for LPAs').default(8443),
    portOption('es2-port', 'for operators, with mutual TLS'),
    portOption('es11-port', 'an SM-DS for LPAs'),
    portOption('es12-port', 'the SM-DS for SM-DP+s, with mutual TLS'),
    new Option('--smds-host <name>', 'the name of the SM-DS').argParser(readHost).default(ROOT_DS_ADDRESS),
    certs(),
    new Option('--es2-ca <file>', "CA of operators' client certificates, beside the bench's own (PEM)"),
    new Option('--operator-ca <file>', "CA of operators' servers, for reports to them, beside the bench's own (PEM)"),
    new Option('--keep-days <number>', 'how long notifications and reports that nobody took are kept; 90').argParser(
      readCount,
    ),
    new Option('--keep-count <number>', 'how many of each are kept; 100000').argParser(readCount),
    new Option('--inventory <file>', 'profile types, stock, orders and operators (YAML)'),
    new Option('--reset', 'empty the store first'),
    new Option('--yes', 'do not ask'),
    new Option('--quiet', 'no line for each call'),
    db(),
  )
    .description('serve until it is interrupted')
    .action(perform(async options => (await load.serve()).smdpServeCommand(runtime, options as never)))

  const order = smdp.command('order').description("orders, over ES2+ with --url or in the server's store")
  const onOrder = (name: string, description: string): Command =>
    withOptions(
      order.command(name),
      db(),
      new Option('--url <url>', 'ES2+ of a server, such as https://smdp.example.com:8444'),
      connectTo(),
      new Option('--cert <file>', "client certificate (PEM) for --url; by default one of the bench's own CA"),
      new Option('--key <file>', 'its private key (PEM)'),
      new Option('--ca <file>', "CA of the server (PEM); by default the bench's own"),
      new Option('--as <name>', 'who orders').default('operator.bench.example').argParser(readHost),
      json(),
    ).description(description)
  onOrder('create', 'take a profile out of the stock')
    .addOption(iccidOption())
    .option('--type <name>', 'any profile of this type')
    .addOption(eidOption())
    .option('--confirm', 'confirm and release it at once')
    .addOption(matchingIdOption('with --confirm; by default one is made'))
    .option('--confirmation-code <code>', 'with --confirm')
    .addOption(smdsOption('with --confirm: raise an event there'))
    .addOption(serverName())
    .action(perform(async options => (await load.order()).createOrderCommand(runtime, options as never)))
  onOrder('confirm', 'give the order its matching id')
    .argument('<iccid>')
    .addOption(eidOption())
    .addOption(matchingIdOption('by default one is made'))
    .option('--confirmation-code <code>', 'to be asked of the user')
    .addOption(smdsOption('raise an event there'))
    .addOption(serverName())
    .option('--release', 'release it at once')
    .action(
      perform(async (iccid, options) =>
        (await load.order()).confirmOrderCommand(runtime, iccid as string, options as never),
      ),
    )
  onOrder('release', 'let it be downloaded')
    .argument('<iccid>')
    .action(
      perform(async (iccid, options) =>
        (await load.order()).releaseOrderCommand(runtime, iccid as string, options as never),
      ),
    )
  onOrder('cancel', 'take the order back')
    .argument('<iccid>')
    .option('--unavailable', 'the profile is not to be used again, in place of back into the stock')
    .action(
      perform(async (iccid, options) =>
        (await load.order()).cancelOrderCommand(runtime, iccid as string, options as never),
      ),
    )
  withOptions(order.command('list'), db(), json())
    .description('all orders of the store')
    .addOption(new Option('--state <state>', 'those in this state').choices(ORDER_STATES))
    .option('--type <name>', 'those of this profile type')
    .action(perform(async options => (await load.order()).listOrdersCommand(runtime, options as never)))
  withOptions(order.command('show'), db(), json(), hostOption('the name of the server, for the activation code'))
    .description('one order and how it came to its state')
    .argument('<order>', 'ICCID or matching id')
    .action(
      perform(async (which, options) =>
        (await load.order()).showOrderCommand(runtime, which as string, options as never),
      ),
    )

  withOptions(smdp.command('stats'), db(), json())
    .description('how much the store keeps, what waits for operators, and what was dropped')
    .action(perform(async options => (await load.stats()).showStatsCommand(runtime, options as never)))

  const stock = smdp.command('stock').description("profiles in the server's store")
  withOptions(stock.command('import'), db(), json())
    .description('put SAIP files into the stock as they are, or as a template of copies')
    .argument('<files...>', 'SAIP files; with --template also `own`, a package of the bench')
    .option('--template', 'make copies with values of their own')
    .option('--type <name>', 'the profile type; by default the name of the file')
    .addOption(new Option('--count <number>', 'how many copies').argParser(readCount))
    .option('--csv <file>', 'values of the copies, a row each')
    .option('--iccid-range <first-last>', 'ICCIDs of the copies; by default random ones of the test operator')
    .option('--imsi-range <first-last>', 'IMSIs of the copies')
    .option('--msisdn-range <first-last>', 'numbers of the copies')
    .option('--keep-keys', "the template's keys, PUKs and administrative keys in every copy, in place of random ones")
    .addOption(new Option('--algorithm <name>', "in place of the template's").choices(['milenage']))
    .option('--spn <name>', 'service provider name in the metadata')
    .option('--name <name>', 'profile name in the metadata')
    .addOption(
      new Option('--class <class>', 'profile class in the metadata').choices(['test', 'provisioning', 'operational']),
    )
    .action(
      perform(async (files, options) =>
        (await load.stock()).importStockCommand(runtime, files as string[], options as never),
      ),
    )
  withOptions(stock.command('list'), db(), json())
    .description('profile types, and how many profiles of each are in which state')
    .action(perform(async options => (await load.stock()).listStockCommand(runtime, options as never)))

  const misbehave = smdp.command('misbehave').description('tell the server of a store to be wrong on purpose, on ES9+')
  withOptions(misbehave.command('add'), db(), json())
    .description('from the next call on; counts of what stood before begin anew')
    .addArgument(new Argument('<function>', 'of ES9+').choices(FUNCTIONS))
    .addArgument(new Argument('<kind>', 'what is wrong').choices(KINDS))
    .addOption(new Option('--count <number>', 'how often; without it, always').argParser(readCount))
    .addOption(
      new Option('--probability <share>', 'of a call: 0 to 1').argParser(
        readWithin('above 0, up to 1', n => n > 0 && n <= 1),
      ),
    )
    .addOption(
      new Option('--offset <byte>', 'changed-byte: where in the package; from its end where negative').argParser(
        readWithin('a whole number', Number.isInteger),
      ),
    )
    .addOption(
      new Option('--mask <bits>', 'changed-byte: which bits').argParser(
        readWithin('from 1 to 255', n => Number.isInteger(n) && n >= 1 && n <= 255),
      ),
    )
    .addOption(
      new Option('--milliseconds <number>', 'delay: how long').argParser(
        readWithin('from 1 to 600000', n => Number.isInteger(n) && n >= 1 && n <= 600_000),
      ),
    )
    .addOption(
      new Option('--status <number>', 'http-status: which').argParser(
        readWithin('from 400 to 599', n => Number.isInteger(n) && n >= 400 && n <= 599),
      ),
    )
    .option('--after', 'http-status, reset: the function has run, and only its answer is lost')
    .option('--certificate <fault or file>', `wrong-certificate: ${FAULTS.join(', ')}, or a DER file`)
    .option('--key <file>', 'wrong-certificate: the private key of the file, so that the certificate alone is wrong')
    .action(
      perform(async (name, kind, options) =>
        (await load.misbehave()).addFaultsCommand(runtime, name as never, kind as never, options as never),
      ),
    )
  withOptions(misbehave.command('list'), db(), json())
    .description('how it was told to misbehave')
    .action(perform(async options => (await load.misbehave()).listFaultsCommand(runtime, options as never)))
  withOptions(misbehave.command('clear'), db(), json())
    .description('let it behave')
    .action(perform(async options => (await load.misbehave()).clearFaultsCommand(runtime, options as never)))
}
