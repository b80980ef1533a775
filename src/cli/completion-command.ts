import { join } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { BenchError } from '../host/error.ts'
import type { Runtime } from '../host/runtime.ts'
import { PACKAGE_FOLDER } from '../host/version.ts'
import { readRigs } from '../rigs/rig.ts'
import { addCommand, argument, type CommandSink, flag } from './command-line.ts'
import { describeCommands, SHELLS, writeCompletion } from './completion-scripts.ts'

const listRigNames = (runtime: Runtime): string[] =>
  readRigs([join(PACKAGE_FOLDER, 'rigs'), join(runtime.workingFolder, 'rigs')]).map(({ name }) => name)

/** Adds `esim-bench completion SHELL`. The scripts call `completion --rigs` for the names of rigs. */
export const addCompletionCommand = (program: Command, runtime: Runtime, sink: CommandSink): void =>
  addCommand(program, sink, {
    name: 'completion',
    help: 'print a completion script for a shell, such as: source <(esim-bench completion bash)',
    arguments: [argument('[shell]', 'the shell', z.enum(SHELLS).optional())],
    options: z.object({ rigs: flag('--rigs', 'list the names of the rigs instead') }),
    run: async ([shell], { rigs }) => {
      if (rigs) for (const name of listRigNames(runtime)) runtime.out.write(`${name}\n`)
      else if (shell === undefined)
        throw new BenchError('usage', `the argument [shell] is missing. The choices are: ${SHELLS.join(', ')}`)
      else runtime.out.write(writeCompletion(shell, describeCommands(program)))
      return 0
    },
  })
