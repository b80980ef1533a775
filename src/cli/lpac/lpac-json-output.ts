import { BenchError } from '../../host/error.ts'
import type { Runtime } from '../../host/runtime.ts'
import { isLpaError } from '../../lpa/errors.ts'
import type { StoreMetadataRequest } from '../../rsp/metadata.ts'
import { printJson, readCharacter } from '../terminal.ts'
import { lpacMetadata } from './lpac-view.ts'

/** What lpac's process ends with after a failure. */
export const LPAC_FAILED = 255

/**
 * The bench speaking as lpac does, for the front ends written around it: a line of JSON for each step, and one last
 * line that says how it ended.
 */
export interface LpacJsonOutput {
  progress(message: string, data?: unknown): void
  success(data?: unknown): void
  /** The last line of a failure that `speak` has no error for. */
  failure(message: string, data: unknown): number
  /** What fails from here on without a step of its own, fails in this function of lpac's. */
  during(message: string): void
  /** NotificationDelivery to `listener` before the last line of a failure. */
  onFailure(listener: (error: unknown) => void): void
  /** Something that stands for itself, between progress and end. */
  line(type: string, value: Readonly<Record<string, unknown>>): void
  /** Shows the metadata; with `asks` waits for `y` on stdin, as lpac does with -p. */
  preview(metadata: StoreMetadataRequest, asks: boolean): Promise<boolean>
  /** Runs a command; its error becomes the last line. */
  speak(work: () => Promise<number>): Promise<number>
}

export const createLpacJsonOutput = (runtime: Pick<Runtime, 'out' | 'in' | 'interrupt'>): LpacJsonOutput => {
  const say = (type: string, code: number, message: string, data: unknown): void =>
    printJson(runtime, { type, payload: { code, message, data: data ?? null } })
  let current = 'euicc_init'
  const listeners: ((error: unknown) => void)[] = []
  const failure = (message: string, data: unknown): number => {
    say('lpa', -1, message, data)
    return LPAC_FAILED
  }
  return {
    progress: (message, data) => say('progress', 0, message, data),
    success: data => say('lpa', 0, 'success', data),
    failure,
    during: message => {
      current = message
    },
    onFailure: listener => void listeners.push(listener),
    line: (type, value) => printJson(runtime, { type, ...value }),
    async preview(metadata, asks) {
      say('progress', 0, 'es8p_metadata_parse', lpacMetadata(metadata))
      if (!asks) return true
      say('progress', 0, 'preview', 'y/n')
      // lpac waits for one character, and who answers need not end the line.
      return /^y/i.test(await readCharacter(runtime.in))
    },
    async speak(work) {
      try {
        const exitCode = await work()
        return exitCode === 0 ? 0 : LPAC_FAILED
      } catch (error) {
        for (const listener of listeners) listener(error)
        if (runtime.interrupt.aborted) return failure('cancelled', '')
        const { message, data } = asFailure(error, current)
        return failure(message, data)
      }
    },
  }
}

/** lpac's name of a function: `ES9+.InitiateAuthentication` is `es9p_initiate_authentication`. */
export const lpacFunction = (step: string): string =>
  OTHER_NAMES[step] ??
  step
    .replace('+', 'p')
    .replace(/[eE]UICC/g, 'Euicc')
    .replace('.', '_')
    .replace(/(?<=[a-z0-9])[A-Z]/g, upper => `_${upper}`)
    .toLowerCase()

/** Where lpac does two things in one function, or calls one otherwise. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'ES10b.GetEUICCInfo1': 'es10b_get_euicc_challenge_and_info',
  'ES10b.GetEUICCChallenge': 'es10b_get_euicc_challenge_and_info',
  'ES11.InitiateAuthentication': 'es9p_initiate_authentication',
  'ES10c.GetEID': 'es10c_get_eid',
  'ES10b.GetRAT': 'es10b_get_rat',
}

const asFailure = (error: unknown, current: string): { message: string; data: string } => {
  const text = error instanceof Error ? error.message : String(error)
  if (isLpaError(error)) {
    const { step, result, serverMessage, bppCommandId, errorReason } = error.data
    if (error.code === 'no-isdr') return { message: 'euicc_init', data: text }
    if (error.code === 'confirmation-code-missing') return { message: 'es10b_prepare_download', data: text }
    if (error.code === 'rejected') return { message: 'cancelled', data: '' }
    const data =
      bppCommandId !== undefined
        ? `${snake(String(bppCommandId))},${snake(String(errorReason))}`
        : (serverMessage ?? (result === undefined ? text : words(String(result))))
    return { message: step === undefined ? 'euicc_init' : lpacFunction(step), data }
  }
  if (error instanceof BenchError && error.code === 'declined') return { message: 'cancelled', data: '' }
  if (error instanceof BenchError && error.code === 'rig-not-attached') return { message: 'euicc_init', data: text }
  if (error instanceof BenchError && error.code in WORDS)
    return { message: current, data: WORDS[`${error.code} ${current}`] ?? WORDS[error.code]! }
  return { message: current, data: text }
}

const WORDS: Readonly<Record<string, string>> = {
  'no-such-profile': 'iccid or aid not found',
  'no-such-profile es10c_set_nickname': 'iccid not found',
  'no-such-notification': 'seqNumber not found',
  'no-such-notification es10b_retrieve_notifications_list': '',
}

/** `initialiseSecureChannel` is `initialise_secure_channel`. */
export const snake = (name: string): string =>
  name
    .replace(/(?<=[a-z0-9])[A-Z]+/g, upper => `_${upper}`)
    .replace(/(?<=[A-Z])[A-Z](?=[a-z])/g, upper => `_${upper}`)
    .toLowerCase()

const words = (name: string): string => snake(name).replace(/_/g, ' ')
