import { type Command, Option } from 'commander'
import { readCount, readHost, readHostAndPort, readSeconds } from '../options.ts'
import { ca, connectTo, json, lpac, noNotify, type Perform, withOptions, yes } from '../shared-options.ts'
import { load } from './load.ts'
import type { CardRuntime } from './with-card.ts'

/** The commands themselves; `place` are the options that say which card, which a shell has said once for all. */
export const fillCardCommands = (
  card: Command,
  runtime: CardRuntime,
  perform: Perform,
  place: () => readonly Option[],
): void => {
  const onCard = (name: string, description: string, parent = card): Command =>
    withOptions(parent.command(name), ...place(), json()).description(description)
  const withLpac = (name: string, description: string, parent = card): Command =>
    onCard(name, description, parent).addOption(lpac())
  const toServer = (command: Command): Command => withOptions(command, connectTo(), ca())
  const smdsAt = (): Option =>
    new Option('--smds-at <host:port>', 'where the SM-DS is, whatever its name says').argParser(readHostAndPort)
  const imei = (): Option => new Option('--imei <digits>', 'the IMEI to tell the server, or the TAC')

  addDownload(
    toServer(withLpac('download', 'download a profile and install it')).addOption(smdsAt()),
    imei(),
    runtime,
    perform,
  )
  toServer(withLpac('discover', "what the card's SM-DS, or another, has for this card"))
    .argument('[smds]', 'the SM-DS; the root of the card where none is given', readHost)
    .addOption(imei())
    .addOption(smdsAt())
    .action(
      perform(async (smds, options) =>
        (await load.discover()).discoverCommand(runtime, smds as string | undefined, options as never),
      ),
    )
  withLpac('list', 'the profiles on the card').action(
    perform(async options => (await load.list()).listCommand(runtime, options as never)),
  )
  withLpac('info', 'what the card says of itself').action(
    perform(async options => (await load.info()).infoCommand(runtime, options as never)),
  )
  for (const action of ['enable', 'disable'] as const)
    toServer(withLpac(action, `${action} a profile, read its state back, and tell the servers`))
      .argument('<profile>', 'ICCID, AID of the ISD-P, or nickname')
      .option('--no-refresh', 'do without REFRESH: the flag that some firmwares and modems want left out')
      .addOption(yes())
      .addOption(noNotify())
      .action(
        perform(async (profile, options) =>
          (await load.profile()).switchCommand(runtime, action, profile as string, options as never),
        ),
      )
  toServer(withLpac('delete', 'delete a disabled profile, and tell the servers'))
    .argument('<profile>', 'ICCID, AID of the ISD-P, or nickname')
    .addOption(yes())
    .addOption(noNotify())
    .action(
      perform(async (profile, options) =>
        (await load.profile()).deleteCommand(runtime, profile as string, options as never),
      ),
    )
  withLpac('nickname', 'give a profile a nickname; an empty one takes it away')
    .argument('<profile>', 'ICCID, AID of the ISD-P, or nickname')
    .argument('<nickname>')
    .action(
      perform(async (profile, name, options) =>
        (await load.profile()).nicknameCommand(runtime, profile as string, name as string, options as never),
      ),
    )
  withLpac('default-smdp', 'show, set or take away the default SM-DP+ of the card')
    .argument('[host]', 'the new one', readHost)
    .option('--clear', 'take it away')
    .addOption(yes())
    .action(
      perform(async (host, options) =>
        (await load.settings()).defaultSmdpCommand(runtime, host as string | undefined, options as never),
      ),
    )
  toServer(withLpac('reset', 'eUICC memory reset: delete profiles by their kind, and tell the servers'))
    .option('--operational', 'all operational profiles')
    .option('--test', 'all test profiles that were downloaded')
    .option('--default-address', 'the default SM-DP+ address back to what the maker gave it')
    .addOption(yes())
    .addOption(noNotify())
    .action(perform(async options => (await load.settings()).resetCommand(runtime, options as never)))
  onCard('apdu', 'send raw APDUs, and show what the card answers')
    .argument('<hex...>', 'command APDUs in hexadecimal')
    .option('--isdr', 'on a logical channel with the ISD-R selected')
    .option('--aid <hex>', 'on a logical channel with this application selected')
    .option('--raw', 'take 61xx and 6Cxx for answers, and fetch nothing')
    .action(
      perform(async (hex, options) =>
        (await load.apdu()).apduCommand(runtime, hex as unknown as string[], options as never),
      ),
    )
  addNotifications(
    card.command('notifications').description('what the card has to tell the servers'),
    { withLpac, toServer },
    runtime,
    perform,
  )
}

const addDownload = (command: Command, imei: Option, runtime: CardRuntime, perform: Perform): void =>
  void command
    .argument('[code]', 'the activation code: LPA:1$smdp.example.com$MATCHING-ID')
    .option('--activation-code <code>', 'the same as an option')
    .option('--qr <image.png>', 'the activation code in a QR code')
    .addOption(new Option('--smdp <host>', 'the SM-DP+').argParser(readHost))
    .option('--matching-id <id>', 'the matching id of the order there')
    .addOption(
      // Commander puts a preset through the parser too.
      new Option('--discover [smds]', "what the card's SM-DS, or another, has for this card")
        .preset(true as never)
        .argParser((host: string | true) => (host === true ? host : readHost(host))),
    )
    .addOption(new Option('--event <number>', 'which of several that --discover finds').argParser(readCount))
    .option('--event-id <id>', 'the same by its id')
    .option('--all', 'all that --discover finds')
    .option('--confirmation-code <code>', 'where the operator asks for one')
    .addOption(new Option('--consent-timeout <seconds>', 'how long to wait for an answer').argParser(readSeconds))
    .addOption(imei)
    .addOption(yes())
    .addOption(noNotify())
    .action(
      perform(async (code, options) =>
        (await load.download()).downloadCommand(runtime, code as string | undefined, options as never),
      ),
    )

const addNotifications = (
  notifications: Command,
  {
    withLpac,
    toServer,
  }: {
    withLpac: (name: string, description: string, parent: Command) => Command
    toServer: (command: Command) => Command
  },
  runtime: CardRuntime,
  perform: Perform,
): void => {
  const numbers = '[numbers...]'
  withLpac('list', 'those that wait on the card', notifications).action(
    perform(async options => (await load.notifications()).listNotificationsCommand(runtime, options as never)),
  )
  toServer(withLpac('send', 'send them, and take those off that a server has answered', notifications))
    .argument(numbers, 'only these')
    .action(
      perform(async (chosen, options) =>
        (await load.notifications()).sendNotificationsCommand(runtime, chosen as unknown as string[], options as never),
      ),
    )
  withLpac('remove', 'take them off the card unsent: no server will hear of them', notifications)
    .argument(numbers, 'these')
    .option('--all', 'all that wait')
    .addOption(yes())
    .action(
      perform(async (chosen, options) =>
        (await load.notifications()).removeNotificationsCommand(
          runtime,
          chosen as unknown as string[],
          options as never,
        ),
      ),
    )
  withLpac('dump', 'print them as the card signed them, a line of JSON each', notifications)
    .argument(numbers, 'only these')
    .action(
      perform(async (chosen, options) =>
        (await load.notifications()).dumpNotificationsCommand(runtime, chosen as unknown as string[], options as never),
      ),
    )
  toServer(withLpac('replay', 'send what a dump holds; the card keeps what it has', notifications))
    .argument('<file>', 'a dump of this bench, or of lpac')
    .action(
      perform(async (file, options) =>
        (await load.notifications()).replayNotificationsCommand(runtime, file as string, options as never),
      ),
    )
}
