import type { Command } from 'commander'
import { z } from 'zod'
import type { Runtime } from '../../host/runtime.ts'
import { addCommand, argument, type CommandSink } from '../command-line.ts'
import { LpacOptions } from './lpac-options.ts'

/** Adds `esim-bench lpac --rig NAME -- ARGS`. */
export const addLpacCommand = (program: Command, runtime: Runtime, sink: CommandSink): void =>
  addCommand(program, sink, {
    name: 'lpac',
    help: 'run an installed lpac ($LPAC or on the PATH) on the card of a rig, and record evidence',
    arguments: [argument('[args...]', 'arguments of lpac, after --', z.array(z.string()).default([]))],
    options: LpacOptions,
    run: async ([args], options) => (await import('./lpac-command.ts')).lpacCommand(runtime, args, options),
  })
