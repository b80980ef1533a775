import { Argument, Command, Option } from 'commander'
import { VERSION } from '../version.ts'
import { readCount, readCurve, readHost, readHostAndPort, readPort } from './options.ts'

import type { World } from './terminal.ts'

const rig = (): Option => new Option('--rig <name>', 'the rig to use; else the first one that is attached')
const json = (): Option => new Option('--json', 'the result as one JSON object on the last line')
const certs = (): Option =>
  new Option('--certs <dir>', 'certificates and keys in the shape of SGP.26, in place of our own')
const curve = (): Option =>
  new Option('--curve <name>', 'the curve of the certificates: nist or brainpool').argParser(readCurve).default('nist')
const profile = (): Option =>
  new Option('--profile <file>', 'the profile package to download, in place of one of our own')
const port = (): Option => new Option('--port <number>', "the dashboard's port on 127.0.0.1").argParser(readPort)
const ca = (): Option =>
  new Option('--ca <file>', "CA of the server's TLS certificate (PEM), in place of the card's list")
const connectTo = (): Option =>
  new Option('--connect-to <host:port>', 'where the server is, whatever its name says').argParser(readHostAndPort)

const withOptions = (command: Command, ...options: readonly Option[]): Command => {
  for (const option of options) command.addOption(option)
  return command
}

/** Each command is loaded when it is asked for: listing a card's profiles needs no browser and no servers. */
const load = {
  run: () => import('./run-command.ts'),
  serve: () => import('./serve-command.ts'),
  bench: () => import('./bench-command.ts'),
  card: () => import('./card-command.ts'),
} as const

/** The command line. `done` gets the exit code. */
export const createProgram = (world: World, done: (exitCode: number) => void): Command => {
  const program = new Command('esim-bench')
  program
    .description('A hardware-in-the-loop test bench for eSIM cards, with a software eUICC where no card is at hand.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: text => void world.out.write(text),
      // Errors are said in one place, in one form.
      writeErr: () => undefined,
    })
    .showSuggestionAfterError(true)
  const perform =
    <A extends unknown[]>(work: (...args: A) => Promise<number>) =>
    async (...args: unknown[]): Promise<void> => {
      // Commander puts the command itself last.
      done(await work(...(args.slice(0, -1) as A)))
    }

  withOptions(program.command('start'), rig(), profile(), certs(), curve(), port())
    .description('start services and dashboard, run one activation, and stay up for the page')
    .option('--once', 'end after the run, with the exit code of its verdict')
    .action(perform(async options => (await load.serve()).startCommand(world, options as never)))

  withOptions(program.command('run'), rig(), profile(), certs(), curve(), json())
    .description('run a scenario')
    .addArgument(new Argument('<scenario>', 'what to run').choices(['activate']))
    .action(perform(async (_scenario, options) => (await load.run()).runCommand(world, options as never)))

  withOptions(program.command('serve'), port(), rig(), certs(), curve())
    .description('start services and dashboard without a run')
    .action(perform(async options => (await load.serve()).serveCommand(world, options as never)))

  program
    .command('bench')
    .description('measure: exchanges, milliseconds and downloads a second, beside bare crypto')
    .addOption(new Option('--downloads <count>', 'downloads to measure').argParser(readCount).default(40))
    .addOption(json())
    .action(perform(async options => (await load.bench()).benchCommand(world, options as never)))

  const card = program.command('card').description('what a phone does with its eSIM, on the card of a rig')
  const onCard = (name: string, description: string): Command =>
    withOptions(card.command(name), rig(), json(), certs(), curve()).description(description)

  onCard('download', 'download a profile and install it')
    .addOption(new Option('--smdp <host>', 'the SM-DP+').argParser(readHost))
    .option('--matching-id <id>', 'the matching id of the order')
    .option('--activation-code <code>', 'both in one, as in a QR code')
    .option('--confirmation-code <code>', 'where the operator asks for one')
    .addOption(connectTo())
    .addOption(ca())
    .action(perform(async options => (await load.card()).downloadCommand(world, options as never)))
  onCard('list', 'the profiles on the card').action(
    perform(async options => (await load.card()).listCommand(world, options as never)),
  )
  onCard('info', 'what the card says of itself').action(
    perform(async options => (await load.card()).infoCommand(world, options as never)),
  )
  for (const action of ['enable', 'disable'] as const)
    onCard(action, `${action} a profile`)
      .argument('<iccid>')
      .action(
        perform(async (iccid, options) =>
          (await load.card()).switchCommand(world, action, iccid as string, options as never),
        ),
      )
  onCard('delete', 'delete a disabled profile')
    .argument('<iccid>')
    .action(
      perform(async (iccid, options) => (await load.card()).deleteCommand(world, iccid as string, options as never)),
    )
  onCard('nickname', 'give a profile a nickname; an empty one takes it away')
    .argument('<iccid>')
    .argument('<nickname>')
    .action(
      perform(async (iccid, name, options) =>
        (await load.card()).nicknameCommand(world, iccid as string, name as string, options as never),
      ),
    )
  onCard('notifications', 'the notifications that wait on the card')
    .option('--send', 'send them, and take those off that a server has answered')
    .addOption(connectTo())
    .addOption(ca())
    .action(perform(async options => (await load.card()).notificationsCommand(world, options as never)))

  return program
}
