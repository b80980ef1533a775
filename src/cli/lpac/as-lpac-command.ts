import { parseArgs } from 'node:util'
import { BenchError } from '../../host/error.ts'
import { VERSION } from '../../host/version.ts'
import type { AsLpacOptions } from '../card/card-options.ts'
import { load } from '../card/lazy-commands.ts'
import type { CardRuntime } from '../card/with-card.ts'
import type { CardOptions } from '../options.ts'
import { failBeforeDownload } from './lpac-download.ts'
import { createLpacJsonOutput, LPAC_FAILED } from './lpac-json-output.ts'
import { type NotificationSelection, parseLpacNumbers } from './lpac-notifications.ts'
import { parseLpacImei, parseLpacSource } from './lpac-source.ts'

/** The lpac version whose command line and output this file implements. */
const LPAC_VERSION = '2.3.0'

interface Applet {
  /** Syntax of the arguments, for the usage line. */
  readonly syntax: string
  /** Minimum number of arguments. */
  readonly minWords?: number
  readonly options?: Readonly<Record<string, { type: 'string' | 'boolean'; short: string }>>
  run(at: AppletCall): Promise<number> | number
}
interface AppletCall {
  readonly runtime: CardRuntime
  readonly options: CardOptions
  readonly words: readonly string[]
  /** The value of an option, undefined without it. */
  text(name: string): string | undefined
  isGiven(name: string): boolean
  readonly output: ReturnType<typeof createLpacJsonOutput>
}

const text = (short: string) => ({ type: 'string', short }) as const
const flag = (short: string) => ({ type: 'boolean', short }) as const

/** The profile names that lpac accepts, and ICCIDs of 18 digits, which its next version accepts. */
const isProfile = (word: string): boolean => /^(\d{18,20}|\d{18,19}f|[0-9a-f]{32})$/i.test(word)

const onProfile = (
  syntax: string,
  step: string,
  run: (at: AppletCall, profile: string) => Promise<number>,
): Applet => ({
  syntax,
  minWords: 1,
  run: at =>
    isProfile(at.words[0]!)
      ? run(at, at.words[0]!)
      : at.output.failure(step, 'internal error, maybe illegal iccid/aid coding'),
})

const switching = (action: 'enable' | 'disable'): Applet =>
  onProfile('[iccid/aid] [refreshflag]', `es10c_${action}_profile`, async ({ runtime, words, options }, profile) =>
    (await load.profile()).switchCommand(runtime, action, profile, {
      ...options,
      refresh: /^(1|y|on|yes|true)$/i.test(words[1] ?? ''),
    }),
  )

const getSelection = ({ words, isGiven }: AppletCall): NotificationSelection =>
  isGiven('all') ? 'all' : parseLpacNumbers(words)

/** The commands of lpac, in its order. */
const APPLETS: Readonly<Record<string, Readonly<Record<string, Applet>>>> = {
  driver: {
    apdu: {
      syntax: '<list>',
      run: ({ runtime, words, options, output }) => {
        if (words[0] === undefined) {
          runtime.err.write('Usage: apdu <list>\n')
          return LPAC_FAILED
        }
        // The list of readers contains one entry: the rig that this process uses.
        if (words[0] === 'list')
          output.line('driver', {
            payload: { env: 'LPAC_APDU_PCSC_DRV_IFID', data: [{ env: '0', name: options.rig ?? 'esim-bench' }] },
          })
        return 0
      },
    },
    http: {
      syntax: '',
      run: ({ runtime }) => {
        runtime.err.write('esim-bench has no HTTP drivers to list\n')
        return LPAC_FAILED
      },
    },
    list: {
      syntax: '',
      run: ({ output }) => {
        output.line('driver', { payload: { LPAC_APDU: ['pcsc'], LPAC_HTTP: ['curl'] } })
        return 0
      },
    },
  },
  chip: {
    info: { syntax: '', run: async ({ runtime, options }) => (await load.show()).infoCommand(runtime, options) },
    defaultsmdp: {
      syntax: '<smdp>',
      minWords: 1,
      run: async ({ runtime, words: [smdp = ''], options }) =>
        (await load.settings()).defaultSmdpCommand(runtime, smdp || undefined, { ...options, clear: smdp === '' }),
    },
    purge: {
      syntax: '[yes|other]',
      minWords: 1,
      run: async ({ runtime, words, options }) => {
        const all = { operational: true, test: true, defaultAddress: true }
        if (words[0] === 'yes') return (await load.settings()).resetCommand(runtime, { ...options, ...all })
        runtime.out.write('Purge canceled\n')
        return LPAC_FAILED
      },
    },
  },
  profile: {
    list: { syntax: '', run: async ({ runtime, options }) => (await load.show()).listCommand(runtime, options) },
    enable: switching('enable'),
    disable: switching('disable'),
    nickname: {
      syntax: '[iccid] [new_name]',
      minWords: 1,
      run: async ({ runtime, words: [profile = '', name = ''], options, output }) =>
        isProfile(profile) && profile.length <= 20 && Buffer.byteLength(name) <= 64
          ? (await load.profile()).nicknameCommand(runtime, profile, name, options)
          : output.failure('es10c_set_nickname', 'unknown'),
    },
    delete: onProfile('[iccid/aid]', 'es10c_delete_profile', async ({ runtime, options }, profile) =>
      (await load.profile()).deleteCommand(runtime, profile, options),
    ),
    download: {
      syntax: '[-s SM-DP+] [-m MATCHING-ID] [-a ACTIVATION-CODE] [-c CONFIRMATION-CODE] [-i IMEI] [-p]',
      options: {
        ...{ smdp: text('s'), matching: text('m'), imei: text('i') },
        ...{ confirmation: text('c'), activation: text('a'), preview: flag('p'), help: flag('h') },
      },
      run: at => download(at),
    },
    discovery: {
      syntax: '[-s SM-DS] [-i IMEI]',
      options: { smds: text('s'), imei: text('i'), help: flag('h') },
      run: async ({ runtime, options, text, output }) => {
        const given = text('imei')
        const imei = given === undefined ? undefined : parseLpacImei(given)
        if (given !== undefined && imei === undefined) return output.failure('es10b_authenticate_server', noImei(given))
        return (await load.discover()).discoverEventsCommand(runtime, text('smds') || undefined, {
          ...options,
          ...(imei && { imei }),
        })
      },
    },
  },
  notification: {
    list: {
      syntax: '',
      run: async ({ runtime, options }) => (await load.notifications()).listNotificationsCommand(runtime, options),
    },
    process: {
      syntax: '[-a] [-r] [seqNumber]...',
      options: { all: flag('a'), remove: flag('r'), help: flag('h') },
      run: async at =>
        (await load.asLpac()).processAsLpac(at.runtime, getSelection(at), {
          ...at.options,
          remove: at.isGiven('remove'),
        }),
    },
    remove: {
      syntax: '[-a] [seqNumber]...',
      options: { all: flag('a'), help: flag('h') },
      run: async at => (await load.asLpac()).removeAsLpac(at.runtime, getSelection(at), at.options),
    },
    dump: {
      syntax: '[-a] [seqNumber]...',
      options: { all: flag('a'), help: flag('h') },
      run: async at => (await load.asLpac()).dumpAsLpac(at.runtime, getSelection(at), at.options),
    },
    replay: {
      syntax: 'esim-bench card notifications replay FILE',
      minWords: Number.POSITIVE_INFINITY,
      run: () => LPAC_FAILED,
    },
  },
}

const noImei = (imei: string): string => `${JSON.stringify(imei)} is not an IMEI`

const download = async ({ runtime, options, text, isGiven }: AppletCall): Promise<number> => {
  const confirmationCode = text('confirmation') || undefined
  const [activationCode, smdp, matchingId] = [text('activation'), text('smdp'), text('matching')]
  const source = parseLpacSource(
    {
      ...(activationCode !== undefined && { activationCode }),
      ...(smdp !== undefined && { smdp }),
      ...(matchingId !== undefined && { matchingId }),
    },
    confirmationCode,
  )
  if ('message' in source) return failBeforeDownload(runtime, source)
  const given = text('imei')
  const imei = given === undefined ? undefined : parseLpacImei(given)
  if (given !== undefined && imei === undefined)
    return failBeforeDownload(runtime, {
      message: 'es10b_authenticate_server',
      data: noImei(given),
      address: smdp ?? null,
    })
  return (await load.download()).downloadCommand(runtime, undefined, {
    ...options,
    ...source,
    ...(confirmationCode !== undefined && { confirmationCode }),
    ...(imei !== undefined && { imei }),
    preview: isGiven('preview'),
  })
}

const usage = (runtime: CardRuntime, name: string, syntax: string): number => {
  runtime.out.write(`Usage: ${`${name} ${syntax}`.trim()}\n`)
  return LPAC_FAILED
}

/** Checks a command word. Prints the error on stdout, as lpac does. */
const isKnown = (runtime: CardRuntime, name: string, words: readonly string[], word: string | undefined): boolean => {
  if (word !== undefined && words.includes(word)) return true
  if (word !== undefined) runtime.out.write(`Unknown command: ${word}\n`)
  usage(runtime, name, `<${words.join('|')}>`)
  return false
}

/** Runs a command line of lpac with the output of lpac, so that front ends of lpac can use any rig. */
export const asLpacCommand = async (
  runtime: CardRuntime,
  args: readonly string[],
  { script, ...options }: AsLpacOptions,
): Promise<number> => {
  if (script) {
    if (args.length > 0)
      throw new BenchError('usage', '--script takes no arguments; the script passes its own arguments on')
    runtime.out.write((await import('./lpac-script.ts')).writeLpacScript(runtime, options))
    return 0
  }
  const [first, second, ...rest] = args
  const output = createLpacJsonOutput(runtime)
  if (!isKnown(runtime, 'lpac', [...Object.keys(APPLETS), 'version'], first)) return LPAC_FAILED
  const group = APPLETS[first!]
  if (group === undefined) {
    output.success(`${LPAC_VERSION}+esim-bench.${VERSION}`)
    return 0
  }
  if (!isKnown(runtime, first!, Object.keys(group), second)) return LPAC_FAILED
  const applet = group[second!]!
  const { syntax, minWords = 0 } = applet
  let read: ReturnType<typeof parseArgs> = { values: {}, positionals: rest }
  try {
    if (applet.options) read = parseArgs({ args: rest, options: applet.options, allowPositionals: true })
  } catch (cause) {
    runtime.err.write(`${second}: ${(cause as Error).message.split('.')[0]}\n`)
    return usage(runtime, second!, syntax)
  }
  const { values, positionals: words } = read
  if (words.length < minWords || values.help === true) return usage(runtime, second!, syntax)
  const at: AppletCall = {
    ...{ runtime, words, output, options: { ...options, lpac: true } },
    text: name => (typeof values[name] === 'string' ? values[name] : undefined),
    isGiven: name => values[name] === true,
  }
  return output.run(async () => applet.run(at))
}
