import type { Command } from 'commander'
import { z } from 'zod'
import { checkLogLevel } from '../bench/bench-log.ts'
import type { Runtime } from '../host/runtime.ts'
import { VERSION } from '../host/version.ts'
import { addCardCommands } from './card/card-program.ts'
import { addCommand, addOption, argument, type CommandSink, createCommand, flag, option } from './command-line.ts'
import { addCompletionCommand } from './completion-command.ts'
import { addLpacCommand } from './lpac/lpac-program.ts'
import { json, verbose } from './options.ts'
import { addDoctorCommands } from './rigs/doctor-program.ts'
import { addEuiccCommands } from './rigs/euicc-program.ts'
import { RunOptions, ServeOptions, StartOptions } from './run/run-options.ts'
import { addSmdpCommands } from './smdp/smdp-program.ts'
import { Count } from './values.ts'

/** Loads the module of a command when the command runs: `card list` needs no browser and no server. */
const load = {
  run: () => import('./run/run-command.ts'),
  serve: () => import('./run/serve-command.ts'),
  bench: () => import('./run/bench-command.ts'),
  benchServer: () => import('./run/bench-server-command.ts'),
} as const

const SCENARIOS = ['activate'] as const

/** The command line of the program; `done` receives the exit code of the command. */
export const createProgram = (runtime: Runtime, done: (exitCode: number) => void): Command => {
  const program = createCommand('esim-bench')
  program
    .description('A hardware-in-the-loop test bench for eSIM cards. Without hardware it uses a software eUICC.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print the help text of a command')
    .configureOutput({
      writeOut: text => void runtime.out.write(text),
      // `reportError` prints errors.
      writeErr: () => undefined,
    })
    .hook('preAction', () => void checkLogLevel(runtime.environment))
  addOption(program, 'verbose', verbose())
  const sink: CommandSink = {
    warn: sentence => void runtime.err.write(`esim-bench: ${sentence}\n`),
    done,
  }

  addCommand(program, sink, {
    name: 'start',
    help: 'start the services and the dashboard, run one activation, and keep the dashboard open',
    options: StartOptions,
    run: async (_, options) => (await load.serve()).startCommand(runtime, options),
  })
  addCommand(program, sink, {
    name: 'run',
    help: 'run a scenario and report its verdict',
    arguments: [argument('<scenario>', 'the scenario to run', z.enum(SCENARIOS))],
    options: RunOptions,
    run: async (_, options) => (await load.run()).runCommand(runtime, options),
  })
  addCommand(program, sink, {
    name: 'serve',
    help: 'start the services and the dashboard without a run',
    options: ServeOptions,
    run: async (_, options) => (await load.serve()).serveCommand(runtime, options),
  })
  addCommand(program, sink, {
    name: 'bench',
    help: 'measure exchanges, durations and downloads per second, compared with bare cryptography',
    options: z.object({
      downloads: option('--downloads <count>', 'measure this number of downloads', Count.default(40)),
      json: json(),
      server: flag('--server', 'measure the SM-DP+ over TLS in a separate process, with each of its stores'),
      sessions: option('--sessions <count>', 'with --server: open this number of sessions', Count.default(20_000)),
    }),
    run: async (_, options) =>
      options.server
        ? (await load.benchServer()).benchServerCommand(runtime, options)
        : (await load.bench()).benchCommand(runtime, options),
  })

  addCardCommands(program, runtime, sink)
  addSmdpCommands(program, runtime, sink)
  addDoctorCommands(program, runtime, sink)
  addEuiccCommands(program, runtime, sink)
  addLpacCommand(program, runtime, sink)
  addCompletionCommand(program, runtime, sink)
  return program
}
