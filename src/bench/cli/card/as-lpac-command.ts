import { parseArgs } from 'node:util'
import { BenchError } from '../../error.ts'
import { VERSION } from '../../version.ts'
import { type CardOptions, readHost } from '../options.ts'
import type { CardWorld } from './at-card.ts'
import { createLpacVoice } from './lpac-voice.ts'

/** One of lpac's commands in the terms of ours. */
type Translated = (world: CardWorld, args: readonly string[], place: CardOptions) => Promise<number>

const wrong = (what: string): BenchError =>
  new BenchError('wrong-use', `${what}; as-lpac takes: ${Object.keys(COMMANDS).join(', ')}`)

const one = (args: readonly string[], what: string): string => {
  const [first] = args
  if (first === undefined) throw wrong(`${what} is missing`)
  return first
}

const flags = (
  args: readonly string[],
  options: Record<string, { type: 'string' | 'boolean'; short: string }>,
): { values: Record<string, string | boolean | undefined>; positionals: string[] } => {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    return { values: values as Record<string, string | boolean | undefined>, positionals }
  } catch (cause) {
    throw wrong((cause as Error).message.split('.')[0]!)
  }
}
const text = (short: string) => ({ type: 'string', short }) as const
const flag = (short: string) => ({ type: 'boolean', short }) as const
const string = (value: string | boolean | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** What is absent stays absent: an option that is undefined was not given. */
const given = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T

/** lpac's command lines, by their first two words. */
const COMMANDS: Readonly<Record<string, Translated>> = {
  version: async world => {
    createLpacVoice(world).success(`esim-bench ${VERSION}`)
    return 0
  },
  // One card, by the name of its rig: a front end that asks for readers finds what it will talk to.
  'driver list': async world => {
    createLpacVoice(world).line('driver', { payload: { LPAC_APDU: ['pcsc'], LPAC_HTTP: ['curl'] } })
    return 0
  },
  'driver apdu': async (world, [list], { rig = 'esim-bench' }) => {
    if (list !== 'list') throw wrong('driver apdu takes the word list')
    createLpacVoice(world).line('driver', {
      payload: { env: 'LPAC_APDU_PCSC_DRV_IFID', data: [{ env: '0', name: rig }] },
    })
    return 0
  },
  'chip info': async (world, _args, place) => (await import('./info-command.ts')).infoCommand(world, place),
  'chip defaultsmdp': async (world, [host], place) =>
    (await import('./settings-commands.ts')).defaultSmdpCommand(world, host ? readHost(host) : undefined, {
      ...place,
      ...(host === '' ? { clear: true } : {}),
    }),
  'chip purge': async (world, args, place) => {
    if (one(args, 'the word yes') !== 'yes') throw wrong('a purge is confirmed with the word yes')
    return (await import('./settings-commands.ts')).resetCommand(world, { ...place, operational: true, test: true })
  },
  'profile list': async (world, _args, place) => (await import('./list-command.ts')).listCommand(world, place),
  ...Object.fromEntries(
    (['enable', 'disable'] as const).map(action => [
      `profile ${action}`,
      async (world: CardWorld, args: readonly string[], place: CardOptions) =>
        (await import('./profile-commands.ts')).switchCommand(world, action, one(args, 'the ICCID or AID'), {
          ...place,
          refresh: args[1] === '1',
        }),
    ]),
  ),
  'profile delete': async (world, args, place) =>
    (await import('./profile-commands.ts')).deleteCommand(world, one(args, 'the ICCID or AID'), place),
  'profile nickname': async (world, args, place) =>
    (await import('./profile-commands.ts')).nicknameCommand(world, one(args, 'the ICCID'), args[1] ?? '', place),
  'profile download': async (world, args, place) => {
    const { values } = flags(args, {
      smdp: text('s'),
      matching: text('m'),
      imei: text('i'),
      confirmation: text('c'),
      activation: text('a'),
      preview: flag('p'),
    })
    const activationCode = string(values.activation)
    const smdp = activationCode === undefined ? string(values.smdp) : undefined
    return (await import('./download-command.ts')).downloadCommand(
      world,
      undefined,
      given({
        ...place,
        activationCode,
        smdp: smdp === undefined ? undefined : readHost(smdp),
        matchingId: smdp === undefined ? undefined : string(values.matching),
        confirmationCode: string(values.confirmation),
        imei: string(values.imei),
        preview: values.preview === true,
      }) as never,
    )
  },
  'profile discovery': async (world, args, place) => {
    const { values } = flags(args, { smds: text('s'), imei: text('i') })
    const imei = string(values.imei)
    return (await import('./download-command.ts')).discoverCommand(world, string(values.smds), {
      ...place,
      ...(imei === undefined ? {} : { imei }),
    })
  },
  'notification list': async (world, _args, place) =>
    (await import('./notifications-command.ts')).listNotificationsCommand(world, place),
  'notification process': async (world, args, place) => {
    const { values, positionals } = flags(args, { all: flag('a'), remove: flag('r') })
    return (await import('./notifications-command.ts')).sendNotificationsCommand(
      world,
      chosen(positionals, values.all),
      { ...place, keep: values.remove !== true },
    )
  },
  'notification remove': async (world, args, place) => {
    const { values, positionals } = flags(args, { all: flag('a') })
    return (await import('./notifications-command.ts')).removeNotificationsCommand(
      world,
      chosen(positionals, values.all),
      { ...place, all: values.all === true },
    )
  },
  'notification dump': async (world, args, place) => {
    const { values, positionals } = flags(args, { all: flag('a') })
    return (await import('./notifications-command.ts')).dumpNotificationsCommand(
      world,
      chosen(positionals, values.all),
      place,
    )
  },
}

/** All is said with -a; nothing at all is a slip. */
const chosen = (numbers: readonly string[], all: string | boolean | undefined): readonly string[] => {
  if (all !== true && numbers.length === 0) throw wrong('which notifications? give sequence numbers, or -a')
  return all === true ? [] : numbers
}

/**
 * lpac's own command line, answered in lpac's form: a script of one line that calls this in the place of lpac puts a
 * front end written for lpac on any rig.
 */
export const asLpacCommand = async (
  world: CardWorld,
  args: readonly string[],
  options: CardOptions,
): Promise<number> => {
  const [first = '', second = ''] = args
  const name = first in COMMANDS ? first : `${first} ${second}`.trim()
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) throw wrong(`${JSON.stringify(name)} is not a command of lpac's that this bench knows`)
  return command(world, args.slice(name.split(' ').length), { ...options, lpac: true })
}
