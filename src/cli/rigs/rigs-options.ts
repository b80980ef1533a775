import { z } from 'zod'
import { flag, option, text } from '../command-line.ts'
import { certs, curve, json, PkiOptions } from '../options.ts'
import { HostAndPort, ListenAddress, Path } from '../values.ts'

export const DiscoverRigsOptions = PkiOptions.extend({
  allPorts: flag('--all-ports', 'also send AT commands to serial ports of unknown manufacturers'),
  write: flag('--write', 'write the rig files; in existing files, change only the location of the card'),
})
export type DiscoverRigsOptions = z.output<typeof DiscoverRigsOptions>

export const EmulateOptions = z.object({
  certs: certs(),
  curve: curve(),
  name: option(
    '--name <name>',
    'use the software eUICC with this name, which keeps its state',
    z.string().default('card'),
  ),
  protocol: option('--protocol <name>', 'return responses as this protocol does', z.enum(['t0', 't1']).default('t0')),
  vpcd: option('--vpcd <host:port>', 'connect to the virtual reader vpcd (port 35963)', HostAndPort.optional()),
  pty: flag('--pty', 'emulate an AT modem on a pseudo-terminal'),
  link: option('--link <path>', 'with --pty: create this symbolic link to the pseudo-terminal', Path.optional()),
  quirks: text('--quirks <name>', 'with --pty: emulate the quirks of this modem'),
  manners: text('--manners <name>', 'the former name of --quirks', { replacedBy: '--quirks' }),
  tcp: option('--tcp <port>', 'listen on [HOST:]PORT for APDU JSON', ListenAddress.optional()),
})
export type EmulateOptions = z.output<typeof EmulateOptions>

export const ListOptions = z.object({ json: json() })
