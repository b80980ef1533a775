import type { Command } from 'commander'
import { z } from 'zod'
import { addCommand, addGroup, argument, type CommandSink } from '../command-line.ts'
import { RigOptions } from '../options.ts'
import { fillCardCommands } from './card-commands.ts'
import { AsLpacOptions } from './card-options.ts'
import type { CardRuntime } from './with-card.ts'

const load = {
  shell: () => import('../shell/shell-command.ts'),
  asLpac: () => import('../lpac/as-lpac-command.ts'),
} as const

/** Adds `esim-bench card …`: the functions of an LPA on the card of a rig. */
export const addCardCommands = (program: Command, runtime: CardRuntime, sink: CommandSink): void => {
  const card = addGroup(program, 'card', 'manage the profiles of a card as an LPA does')
  fillCardCommands(card, runtime, sink)
  addCommand(card, sink, {
    name: 'shell',
    help: 'run card commands from a prompt or a pipe, on one open card',
    options: RigOptions,
    run: async (_, options) => (await load.shell()).shellCommand(runtime, options),
  })
  addCommand(card, sink, {
    name: 'as-lpac',
    help: 'run with the arguments and the output of lpac: as-lpac --rig NAME -- profile list',
    arguments: [argument('[args...]', 'arguments of lpac, after --', z.array(z.string()).default([]))],
    options: AsLpacOptions,
    run: async ([args], options) => (await load.asLpac()).asLpacCommand(runtime, args, options),
  })
}
