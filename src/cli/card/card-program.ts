import type { Command, Option } from 'commander'
import { ca, certs, connectTo, curve, type Perform, record, redact, rig, withOptions } from '../shared-options.ts'
import { fillCardCommands } from './card-commands.ts'
import type { CardRuntime } from './with-card.ts'

/** Loaded when it is asked for. */
const load = {
  shell: () => import('../shell/shell-command.ts'),
  asLpac: () => import('../lpac/as-lpac-command.ts'),
} as const

/** `esim-bench card …`: what a phone does with its eSIM. */
export const addCardCommands = (program: Command, runtime: CardRuntime, perform: Perform): void => {
  const card = program.command('card').description('what a phone does with its eSIM, on the card of a rig')
  const place = (): Option[] => [rig(), certs(), curve(), record(), redact()]
  fillCardCommands(card, runtime, perform, place)
  withOptions(card.command('shell'), ...place())
    .description('type card commands one after another, with history and completion; reads a pipe too')
    .action(perform(async options => (await load.shell()).shellCommand(runtime, options as never)))
  withOptions(card.command('as-lpac'), ...place(), connectTo(), ca())
    .description("take lpac's own arguments and answer as lpac: as-lpac --rig NAME -- profile list")
    .argument('[args...]', "lpac's arguments, behind --")
    .option('--script', 'print a script that does this with these options, to put in the place of lpac')
    .action(
      perform(async (args, options) =>
        (await load.asLpac()).asLpacCommand(runtime, args as unknown as string[], options as never),
      ),
    )
}
