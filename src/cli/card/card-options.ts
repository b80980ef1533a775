import { z } from 'zod'
import { flag, option, text } from '../command-line.ts'
import { CardOptions, ca, connectTo, yes } from '../options.ts'
import { Count, Host, HostAndPort, Seconds } from '../values.ts'

const noNotify = () =>
  option('--no-notify', 'keep the notifications of the operation on the card', z.boolean().optional())
const imei = () => text('--imei <digits>', 'send this IMEI or TAC to the server')

/** Options of each command that calls a server. */
export const ServerOptions = CardOptions.extend({ connectTo: connectTo(), ca: ca() })
export const SmdsOptions = ServerOptions.extend({
  smdsAt: option(
    '--smds-at <host:port>',
    'connect to this address instead of the host of the SM-DS',
    HostAndPort.optional(),
  ),
  imei: imei(),
})
export const ConsentOptions = CardOptions.extend({ yes: yes() })
export const NotifyOptions = ServerOptions.extend({ yes: yes(), notify: noNotify() })
export const SwitchOptions = NotifyOptions.extend({
  refresh: option(
    '--no-refresh',
    'do not request a REFRESH (some firmwares and modems need this)',
    z.boolean().optional(),
  ),
})
export const DefaultSmdpOptions = ConsentOptions.extend({ clear: flag('--clear', 'remove the default SM-DP+') })
export const ResetOptions = NotifyOptions.extend({
  operational: flag('--operational', 'delete all operational profiles'),
  test: flag('--test', 'delete all test profiles that were downloaded'),
  defaultAddress: flag('--default-address', 'reset the default SM-DP+ address to the value of the manufacturer'),
})
export const RemoveOptions = ConsentOptions.extend({ all: flag('--all', 'remove all pending notifications') })
export const ApduOptions = CardOptions.omit({ lpac: true }).extend({
  isdr: flag('--isdr', 'send on a logical channel on which the ISD-R is selected'),
  aid: text('--aid <hex>', 'send on a logical channel on which this application is selected'),
  raw: flag('--raw', 'show SW 61xx and 6Cxx, and do not fetch the rest'),
})
export const AsLpacOptions = ServerOptions.omit({ json: true, lpac: true }).extend({
  script: flag('--script', 'print a script that runs this command with these options, to install as lpac'),
})

/** The ways to name a profile to download; at most one of them. */
const SourceOptions = z.object({
  activationCode: text('--activation-code <code>', 'use this activation code'),
  qr: text('--qr <image>', 'read the activation code from a QR code (PNG, JPEG, WebP or GIF)'),
  smdp: option('--smdp <host>', 'use this SM-DP+', Host.optional()),
  matchingId: text('--matching-id <id>', 'with --smdp: use this matching ID'),
  discover: option(
    '--discover [smds]',
    'ask this SM-DS, or the root SM-DS of the card, for events',
    z.union([z.literal(true), Host], 'it must be a host name such as smds.example.com, without a port').optional(),
  ),
})
export type SourceOptions = z.output<typeof SourceOptions>

/** The ways to select one of the events that an SM-DS has; at most one of them. */
const EventOptions = z.object({
  event: option(
    '--event <number>',
    'with --discover: download the event with this number in the list, from 1',
    Count.optional(),
  ),
  eventId: text('--event-id <id>', 'with --discover: download the event with this ID'),
  all: flag('--all', 'with --discover: download all events'),
})
export type EventOptions = z.output<typeof EventOptions>

export const DownloadOptions = SmdsOptions.extend({
  ...SourceOptions.shape,
  ...EventOptions.shape,
  confirmationCode: text('--confirmation-code <code>', 'send this confirmation code if the operator requires one'),
  consentTimeout: option(
    '--consent-timeout <seconds>',
    'wait this long for an answer (default: 300)',
    Seconds.optional(),
  ),
  yes: yes(),
  notify: noNotify(),
})

export type ServerOptions = z.output<typeof ServerOptions>
export type SmdsOptions = z.output<typeof SmdsOptions>
export type ConsentOptions = z.output<typeof ConsentOptions>
export type NotifyOptions = z.output<typeof NotifyOptions>
export type SwitchOptions = z.output<typeof SwitchOptions>
export type DefaultSmdpOptions = z.output<typeof DefaultSmdpOptions>
export type ResetOptions = z.output<typeof ResetOptions>
export type RemoveOptions = z.output<typeof RemoveOptions>
export type ApduOptions = z.output<typeof ApduOptions>
export type AsLpacOptions = z.output<typeof AsLpacOptions>
export type DownloadOptions = z.output<typeof DownloadOptions> & {
  /** Set by `lpac profile download -p` only: shows the profile and asks on stdin. */
  readonly preview?: boolean
}
