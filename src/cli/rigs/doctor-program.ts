import type { Command } from 'commander'
import type { Runtime } from '../../host/runtime.ts'
import { addCommand, addGroup, type CommandSink } from '../command-line.ts'
import { PkiOptions } from '../options.ts'
import { DiscoverRigsOptions } from './rigs-options.ts'

const load = {
  doctor: () => import('./doctor-command.ts'),
  rigs: () => import('./rigs-command.ts'),
} as const

/** Adds `esim-bench doctor` and `esim-bench rigs …`. */
export const addDoctorCommands = (program: Command, runtime: Runtime, sink: CommandSink): void => {
  addCommand(program, sink, {
    name: 'doctor',
    help: 'check drivers, services, permissions and readers, and suggest fixes',
    options: PkiOptions,
    run: async (_, options) => (await load.doctor()).doctorCommand(runtime, options),
  })
  const rigs = addGroup(program, 'rigs', 'find cards and create rig files')
  addCommand(rigs, sink, {
    name: 'discover',
    help: 'find readers, modems and their cards, and propose rig files',
    options: DiscoverRigsOptions,
    run: async (_, options) => (await load.rigs()).discoverRigsCommand(runtime, options),
  })
}
