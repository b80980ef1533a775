import { Argument, Command, Option } from 'commander'
import type { Runtime } from '../host/runtime.ts'
import { VERSION } from '../host/version.ts'
import { addCardCommands } from './card/card-program.ts'
import { addLpacCommand } from './lpac/lpac-program.ts'
import { readCount } from './options.ts'
import { addDoctorCommands } from './rigs/doctor-program.ts'
import { addEuiccCommands } from './rigs/euicc-program.ts'
import { certs, curve, json, type Perform, port, profile, record, redact, rig, withOptions } from './shared-options.ts'
import { addSmdpCommands } from './smdp/smdp-program.ts'

/** Each command is loaded when it is asked for: listing a card's profiles needs no browser and no servers. */
const load = {
  run: () => import('./run/run-command.ts'),
  serve: () => import('./run/serve-command.ts'),
  bench: () => import('./run/bench-command.ts'),
  benchServer: () => import('./run/bench-server-command.ts'),
} as const

/** The command line. `done` gets the exit code. */
export const createProgram = (runtime: Runtime, done: (exitCode: number) => void): Command => {
  const program = new Command('esim-bench')
  program
    .description('A hardware-in-the-loop test bench for eSIM cards, with a software eUICC where no card is at hand.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: text => void runtime.out.write(text),
      // Errors are said in one place, in one form.
      writeErr: () => undefined,
    })
    .showSuggestionAfterError(true)
  const perform: Perform =
    <A extends unknown[]>(work: (...args: A) => Promise<number>) =>
    async (...args) => {
      // Commander puts the command itself last.
      done(await work(...(args.slice(0, -1) as A)))
    }

  withOptions(program.command('start'), rig(), profile(), certs(), curve(), port(), record(), redact())
    .description('start services and dashboard, run one activation, and stay up for the page')
    .option('--once', 'end after the run, with the exit code of its verdict')
    .action(perform(async options => (await load.serve()).startCommand(runtime, options as never)))

  withOptions(program.command('run'), rig(), profile(), certs(), curve(), json(), record(), redact())
    .description('run a scenario')
    .addArgument(new Argument('<scenario>', 'what to run').choices(['activate']))
    .action(perform(async (_scenario, options) => (await load.run()).runCommand(runtime, options as never)))

  withOptions(program.command('serve'), port(), rig(), certs(), curve())
    .description('start services and dashboard without a run')
    .action(perform(async options => (await load.serve()).serveCommand(runtime, options as never)))

  program
    .command('bench')
    .description('measure: exchanges, milliseconds and downloads a second, beside bare crypto')
    .addOption(new Option('--downloads <count>', 'downloads to measure').argParser(readCount).default(40))
    .addOption(json())
    .option('--server', 'measure the SM-DP+ over TLS instead, in a process of its own, on each of its stores')
    .addOption(new Option('--sessions <count>', 'with --server: sessions to open').argParser(readCount).default(20_000))
    .action(
      perform(async (options: { server?: true }) =>
        options.server
          ? (await load.benchServer()).benchServerCommand(runtime, options as never)
          : (await load.bench()).benchCommand(runtime, options as never),
      ),
    )

  addCardCommands(program, runtime, perform)
  addSmdpCommands(program, runtime, perform)
  addDoctorCommands(program, runtime, perform)
  addEuiccCommands(program, runtime, perform)
  addLpacCommand(program, runtime, perform)
  return program
}
