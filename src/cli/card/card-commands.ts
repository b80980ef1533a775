import type { Command } from 'commander'
import { z } from 'zod'
import { addCommand, addGroup, argument, type CommandSink } from '../command-line.ts'
import { CardOptions } from '../options.ts'
import { Host } from '../values.ts'
import {
  ApduOptions,
  DefaultSmdpOptions,
  DownloadOptions,
  NotifyOptions,
  RemoveOptions,
  ResetOptions,
  ServerOptions,
  SmdsOptions,
  SwitchOptions,
} from './card-options.ts'
import { load } from './lazy-commands.ts'
import type { CardRuntime } from './with-card.ts'

const profile = argument('<profile>', 'ICCID, AID of the ISD-P, or nickname', z.string())

/** Adds the card commands; `without` are the options of the rig, which the shell has already opened. */
export const fillCardCommands = (
  card: Command,
  runtime: CardRuntime,
  sink: CommandSink,
  without: readonly string[] = [],
): void => {
  addCommand(card, sink, {
    name: 'download',
    help: 'download a profile and install it',
    arguments: [argument('[code]', 'activation code: LPA:1$smdp.example.com$MATCHING-ID', z.string().optional())],
    options: DownloadOptions,
    without,
    run: async ([code], options) => (await load.download()).downloadCommand(runtime, code, options),
  })
  addCommand(card, sink, {
    name: 'discover',
    help: 'list the events that an SM-DS has for the card',
    arguments: [argument('[smds]', 'the SM-DS (default: the root SM-DS of the card)', Host.optional())],
    options: SmdsOptions,
    without,
    run: async ([smds], options) => (await load.discover()).discoverEventsCommand(runtime, smds, options),
  })
  addCommand(card, sink, {
    name: 'list',
    help: 'list the profiles on the card',
    options: CardOptions,
    without,
    run: async (_, options) => (await load.show()).listCommand(runtime, options),
  })
  addCommand(card, sink, {
    name: 'info',
    help: 'show the EID, addresses, versions and capabilities of the eUICC',
    options: CardOptions,
    without,
    run: async (_, options) => (await load.show()).infoCommand(runtime, options),
  })
  for (const action of ['enable', 'disable'] as const)
    addCommand(card, sink, {
      name: action,
      help: `${action} a profile, verify its state and send the notifications`,
      arguments: [profile],
      options: SwitchOptions,
      without,
      run: async ([name], options) => (await load.profile()).switchCommand(runtime, action, name, options),
    })
  addCommand(card, sink, {
    name: 'delete',
    help: 'delete a disabled profile and send the notifications',
    arguments: [profile],
    options: NotifyOptions,
    without,
    run: async ([name], options) => (await load.profile()).deleteCommand(runtime, name, options),
  })
  addCommand(card, sink, {
    name: 'nickname',
    help: 'set the nickname of a profile; an empty one removes it',
    arguments: [profile, argument('<nickname>', 'at most 64 bytes of UTF-8', z.string())],
    options: CardOptions,
    without,
    run: async ([name, nickname], options) => (await load.profile()).nicknameCommand(runtime, name, nickname, options),
  })
  addCommand(card, sink, {
    name: 'default-smdp',
    help: 'show, set or remove the default SM-DP+ of the card',
    arguments: [argument('[host]', 'the new default SM-DP+', Host.optional())],
    options: DefaultSmdpOptions,
    without,
    run: async ([host], options) => (await load.settings()).defaultSmdpCommand(runtime, host, options),
  })
  addCommand(card, sink, {
    name: 'reset',
    help: 'delete profiles by class (eUICC memory reset) and send the notifications',
    options: ResetOptions,
    without,
    run: async (_, options) => (await load.settings()).resetCommand(runtime, options),
  })
  addCommand(card, sink, {
    name: 'apdu',
    help: 'send command APDUs and show the responses',
    arguments: [argument('<hex...>', 'command APDUs in hexadecimal', z.array(z.string()))],
    options: ApduOptions,
    without,
    run: async ([hex], options) => (await load.apdu()).apduCommand(runtime, hex, options),
  })
  addNotifications(card, runtime, sink, without)
}

const addNotifications = (card: Command, runtime: CardRuntime, sink: CommandSink, without: readonly string[]): void => {
  const group = addGroup(card, 'notifications', 'list, send and remove the pending notifications of the card')
  const numbers = (help: string) => argument('[numbers...]', help, z.array(z.string()).default([]))
  addCommand(group, sink, {
    name: 'list',
    help: 'list the pending notifications',
    options: CardOptions,
    without,
    run: async (_, options) => (await load.notifications()).listNotificationsCommand(runtime, options),
  })
  addCommand(group, sink, {
    name: 'send',
    help: 'send the pending notifications and remove the acknowledged ones',
    arguments: [numbers('sequence numbers (default: all)')],
    options: ServerOptions,
    without,
    run: async ([chosen], options) => (await load.notifications()).sendNotificationsCommand(runtime, chosen, options),
  })
  addCommand(group, sink, {
    name: 'remove',
    help: 'delete notifications without sending them',
    arguments: [numbers('sequence numbers')],
    options: RemoveOptions,
    without,
    run: async ([chosen], options) => (await load.notifications()).removeNotificationsCommand(runtime, chosen, options),
  })
  addCommand(group, sink, {
    name: 'dump',
    help: 'print the signed notifications, one JSON object a line',
    arguments: [numbers('sequence numbers (default: all)')],
    options: CardOptions,
    without,
    run: async ([chosen], options) => (await load.notifications()).dumpNotificationsCommand(runtime, chosen, options),
  })
  addCommand(group, sink, {
    name: 'replay',
    help: 'send the notifications of a dump; the card keeps its own',
    arguments: [argument('<file>', 'a dump of esim-bench or of lpac', z.string())],
    options: ServerOptions,
    without,
    run: async ([file], options) => (await load.notifications()).replayNotificationsCommand(runtime, file, options),
  })
}
