import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Address } from '../../host/net/address-book.ts'
import type { Runtime } from '../../host/runtime.ts'
import { readHostAndPort, readPort } from '../options.ts'
import { certs, curve, json, type Perform, withOptions } from '../shared-options.ts'

const commands = () => import('./euicc-command.ts')

const readPlace = (text: string): Address =>
  /^\d+$/.test(text) ? { host: '127.0.0.1', port: readPort(text) } : readHostAndPort(text)
const readLinkPath = (text: string): string => {
  if (text.trim() !== '') return text
  throw new InvalidArgumentError('it must be a path.')
}

/** `esim-bench euicc …`: the software eUICC, for other programs. */
export const addEuiccCommands = (program: Command, runtime: Runtime, perform: Perform): void => {
  const euicc = program.command('euicc').description('the software eUICC, plugged in where other programs find it')

  withOptions(euicc.command('plug'), certs(), curve())
    .description('plug it into a virtual reader, a modem on a tty, or a socket')
    .option('--name <name>', 'which card; each keeps its state', 'card')
    .addOption(new Option('--protocol <name>', 'how it hands over responses').choices(['t0', 't1']).default('t0'))
    .addOption(new Option('--vpcd <host:port>', 'into the virtual reader vpcd (35963)').argParser(readHostAndPort))
    .option('--pty', 'into an AT modem on a tty')
    .addOption(new Option('--link <path>', 'with --pty: a link to the tty, whose name changes').argParser(readLinkPath))
    .option('--manners <name>', 'with --pty: how the modem behaves')
    .addOption(new Option('--tcp <port>', 'onto a socket, in APDU JSON ([host:]port)').argParser(readPlace))
    .action(perform(async options => (await commands()).plugCommand(runtime, options as never)))
  withOptions(euicc.command('list'), json())
    .description('the cards that have a name')
    .action(perform(async options => (await commands()).listCardsCommand(runtime, options as never)))
  euicc
    .command('remove')
    .description('throw a card away, with all that is on it')
    .argument('<name>')
    .action(perform(async name => (await commands()).removeCardCommand(runtime, name as never)))
}
