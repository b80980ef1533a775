import type { Command } from 'commander'
import type { Runtime } from '../../host/runtime.ts'
import { certs, curve, json, type Perform, withOptions } from '../shared-options.ts'

/** Loaded when one of these is asked for. */
const load = {
  doctor: () => import('./doctor-command.ts'),
  rigs: () => import('./rigs-command.ts'),
} as const

/** `esim-bench doctor` and `esim-bench rigs …`: the machine under the bench. */
export const addDoctorCommands = (program: Command, runtime: Runtime, perform: Perform): void => {
  withOptions(program.command('doctor'), json(), certs(), curve())
    .description('look at everything between the bench and a card, and say what to do')
    .action(perform(async options => (await load.doctor()).doctorCommand(runtime, options as never)))

  const rigs = program.command('rigs').description('the rig files of this machine')
  withOptions(rigs.command('discover'), json(), certs(), curve())
    .description('find readers, modems and the cards in them, and propose rig files')
    .option('--all-ports', 'ask serial ports of other devices too: they may take AT for something else')
    .option('--write', 'write them; in files that are there, only what moved is changed')
    .action(perform(async options => (await load.rigs()).discoverCommand(runtime, options as never)))
}
