import type { Command } from 'commander'
import type { Runtime } from '../../host/runtime.ts'
import { ca, certs, connectTo, curve, type Perform, record, redact, rig, withOptions } from '../shared-options.ts'

/** `esim-bench lpac --rig NAME -- ARGS`. */
export const addLpacCommand = (program: Command, runtime: Runtime, perform: Perform): void => {
  withOptions(program.command('lpac'), rig(), certs(), curve(), record(), redact())
    .description('run an installed lpac (from $LPAC, or on the path) on the card of a rig, and keep what they say')
    .option('--http', "carry lpac's HTTP as well, with the trust of the card; else lpac has its own")
    .addOption(connectTo())
    .addOption(ca())
    .argument('[args...]', "lpac's own arguments, behind --")
    .action(
      perform(async (args, options) =>
        (await import('./lpac-command.ts')).lpacCommand(runtime, args as never, options as never),
      ),
    )
}
