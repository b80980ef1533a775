import { parseArgs } from 'node:util'
import { BenchError } from '../../host/error.ts'
import { VERSION } from '../../host/version.ts'
import { load } from '../card/load.ts'
import type { ServerOptions } from '../card/servers.ts'
import type { CardRuntime } from '../card/with-card.ts'
import type { CardOptions } from '../options.ts'
import { failBefore } from './lpac-download.ts'
import { createLpacJsonOutput, LPAC_FAILED } from './lpac-json-output.ts'
import { readLpacNumbers, type Wanted } from './lpac-notifications.ts'
import { readLpacImei, readLpacSource } from './lpac-source.ts'

/** The lpac whose command line and output these are. */
const LPAC_VERSION = '2.3.0'

interface Applet {
  /** What comes behind its name. */
  readonly takes: string
  /** How many words it needs. */
  readonly needs?: number
  readonly options?: Readonly<Record<string, { type: 'string' | 'boolean'; short: string }>>
  run(at: At): Promise<number> | number
}
interface At {
  readonly runtime: CardRuntime
  readonly place: CardOptions
  readonly words: readonly string[]
  /** An option that was given. */
  text(name: string): string | undefined
  isGiven(name: string): boolean
  readonly voice: ReturnType<typeof createLpacJsonOutput>
}

const text = (short: string) => ({ type: 'string', short }) as const
const flag = (short: string) => ({ type: 'boolean', short }) as const

/** What lpac takes for the name of a profile, and one that its next version takes: an ICCID of 18 digits. */
const isProfile = (word: string): boolean => /^(\d{18,20}|\d{18,19}f|[0-9a-f]{32})$/i.test(word)

const onProfile = (takes: string, step: string, run: (at: At, profile: string) => Promise<number>): Applet => ({
  takes,
  needs: 1,
  run: at =>
    isProfile(at.words[0]!)
      ? run(at, at.words[0]!)
      : at.voice.failure(step, 'internal error, maybe illegal iccid/aid coding'),
})

const switching = (action: 'enable' | 'disable'): Applet =>
  onProfile('[iccid/aid] [refreshflag]', `es10c_${action}_profile`, async ({ runtime, words, place }, profile) =>
    (await load.profile()).switchCommand(runtime, action, profile, {
      ...place,
      refresh: /^(1|y|on|yes|true)$/i.test(words[1] ?? ''),
    }),
  )

const wantedOf = ({ words, isGiven }: At): Wanted => (isGiven('all') ? 'all' : readLpacNumbers(words))

/** lpac's command lines, in its order. */
const APPLETS: Readonly<Record<string, Readonly<Record<string, Applet>>>> = {
  driver: {
    apdu: {
      takes: '<list>',
      run: ({ runtime, words, place, voice }) => {
        if (words[0] === undefined) {
          runtime.err.write('Usage: apdu <list>\n')
          return LPAC_FAILED
        }
        // One card, by the name of its rig: a front end that asks for readers finds what it will talk to.
        if (words[0] === 'list')
          voice.line('driver', {
            payload: { env: 'LPAC_APDU_PCSC_DRV_IFID', data: [{ env: '0', name: place.rig ?? 'esim-bench' }] },
          })
        return 0
      },
    },
    http: {
      takes: '',
      run: ({ runtime }) => {
        runtime.err.write('the HTTP of esim-bench has nothing to list\n')
        return LPAC_FAILED
      },
    },
    list: {
      takes: '',
      run: ({ voice }) => {
        voice.line('driver', { payload: { LPAC_APDU: ['pcsc'], LPAC_HTTP: ['curl'] } })
        return 0
      },
    },
  },
  chip: {
    info: { takes: '', run: async ({ runtime, place }) => (await load.info()).infoCommand(runtime, place) },
    defaultsmdp: {
      takes: '<smdp>',
      needs: 1,
      run: async ({ runtime, words: [smdp = ''], place }) =>
        (await load.settings()).defaultSmdpCommand(runtime, smdp || undefined, { ...place, clear: smdp === '' }),
    },
    purge: {
      takes: '[yes|other]',
      needs: 1,
      run: async ({ runtime, words, place }) => {
        const all = { operational: true, test: true, defaultAddress: true }
        if (words[0] === 'yes') return (await load.settings()).resetCommand(runtime, { ...place, ...all })
        runtime.out.write('Purge canceled\n')
        return LPAC_FAILED
      },
    },
  },
  profile: {
    list: { takes: '', run: async ({ runtime, place }) => (await load.list()).listCommand(runtime, place) },
    enable: switching('enable'),
    disable: switching('disable'),
    nickname: {
      takes: '[iccid] [new_name]',
      needs: 1,
      run: async ({ runtime, words: [profile = '', name = ''], place, voice }) =>
        isProfile(profile) && profile.length <= 20 && Buffer.byteLength(name) <= 64
          ? (await load.profile()).nicknameCommand(runtime, profile, name, place)
          : voice.failure('es10c_set_nickname', 'unknown'),
    },
    delete: onProfile('[iccid/aid]', 'es10c_delete_profile', async ({ runtime, place }, profile) =>
      (await load.profile()).deleteCommand(runtime, profile, place),
    ),
    download: {
      takes: '[-s SM-DP+] [-m MATCHING-ID] [-a ACTIVATION-CODE] [-c CONFIRMATION-CODE] [-i IMEI] [-p]',
      options: {
        ...{ smdp: text('s'), matching: text('m'), imei: text('i') },
        ...{ confirmation: text('c'), activation: text('a'), preview: flag('p'), help: flag('h') },
      },
      run: at => download(at),
    },
    discovery: {
      takes: '[-s SM-DS] [-i IMEI]',
      options: { smds: text('s'), imei: text('i'), help: flag('h') },
      run: async ({ runtime, place, text, voice }) => {
        const given = text('imei')
        const imei = given === undefined ? undefined : readLpacImei(given)
        if (given !== undefined && imei === undefined) return voice.failure('es10b_authenticate_server', noImei(given))
        return (await load.discover()).discoverCommand(runtime, text('smds') || undefined, {
          ...place,
          ...(imei && { imei }),
        })
      },
    },
  },
  notification: {
    list: {
      takes: '',
      run: async ({ runtime, place }) => (await load.notifications()).listNotificationsCommand(runtime, place),
    },
    process: {
      takes: '[-a] [-r] [seqNumber]...',
      options: { all: flag('a'), remove: flag('r'), help: flag('h') },
      run: async at =>
        (await load.asLpac()).processAsLpac(at.runtime, wantedOf(at), { ...at.place, remove: at.isGiven('remove') }),
    },
    remove: {
      takes: '[-a] [seqNumber]...',
      options: { all: flag('a'), help: flag('h') },
      run: async at => (await load.asLpac()).removeAsLpac(at.runtime, wantedOf(at), at.place),
    },
    dump: {
      takes: '[-a] [seqNumber]...',
      options: { all: flag('a'), help: flag('h') },
      run: async at => (await load.asLpac()).dumpAsLpac(at.runtime, wantedOf(at), at.place),
    },
    replay: {
      takes: 'esim-bench card notifications replay FILE',
      needs: Number.POSITIVE_INFINITY,
      run: () => LPAC_FAILED,
    },
  },
}

const noImei = (imei: string): string => `${JSON.stringify(imei)} is not an IMEI`

const download = async ({ runtime, place, text, isGiven }: At): Promise<number> => {
  const confirmationCode = text('confirmation') || undefined
  const [activationCode, smdp, matchingId] = [text('activation'), text('smdp'), text('matching')]
  const source = readLpacSource(
    {
      ...(activationCode !== undefined && { activationCode }),
      ...(smdp !== undefined && { smdp }),
      ...(matchingId !== undefined && { matchingId }),
    },
    confirmationCode,
  )
  if ('message' in source) return failBefore(runtime, source)
  const given = text('imei')
  const imei = given === undefined ? undefined : readLpacImei(given)
  if (given !== undefined && imei === undefined)
    return failBefore(runtime, { message: 'es10b_authenticate_server', data: noImei(given), address: smdp ?? null })
  return (await load.download()).downloadCommand(runtime, undefined, {
    ...place,
    ...source,
    ...(confirmationCode !== undefined && { confirmationCode }),
    ...(imei !== undefined && { imei }),
    preview: isGiven('preview'),
  })
}

const usage = (runtime: CardRuntime, name: string, takes: string): number => {
  runtime.out.write(`Usage: ${`${name} ${takes}`.trim()}\n`)
  return LPAC_FAILED
}

/** Whether there is such a word; a front end finds lpac's complaints where lpac makes them, on stdout. */
const knows = (runtime: CardRuntime, name: string, words: readonly string[], word: string | undefined): boolean => {
  if (word !== undefined && words.includes(word)) return true
  if (word !== undefined) runtime.out.write(`Unknown command: ${word}\n`)
  usage(runtime, name, `<${words.join('|')}>`)
  return false
}

/**
 * lpac's own command line, answered in lpac's form: a script of one line that calls this in the place of lpac puts a
 * front end written for lpac on any rig.
 */
export const asLpacCommand = async (
  runtime: CardRuntime,
  args: readonly string[],
  { script, ...options }: ServerOptions & { readonly script?: boolean },
): Promise<number> => {
  if (script) {
    if (args.length > 0) throw new BenchError('usage', 'a --script takes what lpac is given when it is run')
    runtime.out.write((await import('./lpac-script.ts')).writeLpacScript(runtime, options))
    return 0
  }
  const [first, second, ...rest] = args
  const voice = createLpacJsonOutput(runtime)
  if (!knows(runtime, 'lpac', [...Object.keys(APPLETS), 'version'], first)) return LPAC_FAILED
  const group = APPLETS[first!]
  if (group === undefined) {
    voice.success(`${LPAC_VERSION}+esim-bench.${VERSION}`)
    return 0
  }
  if (!knows(runtime, first!, Object.keys(group), second)) return LPAC_FAILED
  const applet = group[second!]!
  const { takes, needs = 0 } = applet
  let read: ReturnType<typeof parseArgs> = { values: {}, positionals: rest }
  try {
    if (applet.options) read = parseArgs({ args: rest, options: applet.options, allowPositionals: true })
  } catch (cause) {
    runtime.err.write(`${second}: ${(cause as Error).message.split('.')[0]}\n`)
    return usage(runtime, second!, takes)
  }
  const { values, positionals: words } = read
  if (words.length < needs || values.help === true) return usage(runtime, second!, takes)
  const at: At = {
    ...{ runtime, words, voice, place: { ...options, lpac: true } },
    text: name => (typeof values[name] === 'string' ? values[name] : undefined),
    isGiven: name => values[name] === true,
  }
  return voice.speak(async () => applet.run(at))
}
