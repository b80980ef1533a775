import type { Command } from 'commander'
import { z } from 'zod'
import type { Runtime } from '../../host/runtime.ts'
import { addCommand, addGroup, argument, type CommandSink } from '../command-line.ts'
import { NoOptions } from '../options.ts'
import { EmulateOptions, ListOptions } from './rigs-options.ts'

const load = () => import('./euicc-command.ts')

/** Adds `esim-bench euicc …`: software eUICCs for other programs. */
export const addEuiccCommands = (program: Command, runtime: Runtime, sink: CommandSink): void => {
  const euicc = addGroup(program, 'euicc', 'emulate a software eUICC for other programs')
  for (const [name, replacedBy] of [['emulate'], ['plug', 'euicc emulate']] as const)
    addCommand(euicc, sink, {
      name,
      help: 'emulate a card in a virtual reader, in a modem on a pseudo-terminal, or on a socket',
      options: EmulateOptions,
      ...(replacedBy !== undefined && { replacedBy }),
      run: async (_, options) => (await load()).emulateCommand(runtime, options),
    })
  addCommand(euicc, sink, {
    name: 'list',
    help: 'list the software eUICCs that have a name',
    options: ListOptions,
    run: async (_, options) => (await load()).listCardsCommand(runtime, options),
  })
  addCommand(euicc, sink, {
    name: 'remove',
    help: 'delete a software eUICC and its data',
    arguments: [argument('<name>', 'the name that `euicc list` shows', z.string())],
    options: NoOptions,
    run: async ([name]) => (await load()).removeCardCommand(runtime, name),
  })
}
