import { type Command, Option } from 'commander'
import { readHost } from './options.ts'
import { ca, certs, connectTo, curve, json, type Perform, rig, withOptions } from './shared-options.ts'
import type { World } from './terminal.ts'

/** Loaded when a card command is asked for. */
const commands = () => import('./card-command.ts')

/** `esim-bench card …`: what a phone does with its eSIM. */
export const addCardCommands = (program: Command, world: World, perform: Perform): void => {
  const card = program.command('card').description('what a phone does with its eSIM, on the card of a rig')
  const onCard = (name: string, description: string): Command =>
    withOptions(card.command(name), rig(), json(), certs(), curve()).description(description)

  onCard('download', 'download a profile and install it')
    .addOption(new Option('--smdp <host>', 'the SM-DP+').argParser(readHost))
    .option('--matching-id <id>', 'the matching id of the order')
    .option('--activation-code <code>', 'both in one, as in a QR code')
    .option('--confirmation-code <code>', 'where the operator asks for one')
    .addOption(connectTo())
    .addOption(ca())
    .action(perform(async options => (await commands()).downloadCommand(world, options as never)))
  onCard('list', 'the profiles on the card').action(
    perform(async options => (await commands()).listCommand(world, options as never)),
  )
  onCard('info', 'what the card says of itself').action(
    perform(async options => (await commands()).infoCommand(world, options as never)),
  )
  for (const action of ['enable', 'disable'] as const)
    onCard(action, `${action} a profile`)
      .argument('<iccid>')
      .action(
        perform(async (iccid, options) =>
          (await commands()).switchCommand(world, action, iccid as string, options as never),
        ),
      )
  onCard('delete', 'delete a disabled profile')
    .argument('<iccid>')
    .action(
      perform(async (iccid, options) => (await commands()).deleteCommand(world, iccid as string, options as never)),
    )
  onCard('nickname', 'give a profile a nickname; an empty one takes it away')
    .argument('<iccid>')
    .argument('<nickname>')
    .action(
      perform(async (iccid, name, options) =>
        (await commands()).nicknameCommand(world, iccid as string, name as string, options as never),
      ),
    )
  onCard('notifications', 'the notifications that wait on the card')
    .option('--send', 'send them, and take those off that a server has answered')
    .addOption(connectTo())
    .addOption(ca())
    .action(perform(async options => (await commands()).notificationsCommand(world, options as never)))
}
