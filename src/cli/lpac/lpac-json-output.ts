import { BenchError } from '../../host/error.ts'
import type { Runtime } from '../../host/runtime.ts'
import { isLpaError } from '../../lpa/errors.ts'
import type { StoreMetadataRequest } from '../../rsp/metadata.ts'
import { printJson, readCharacter } from '../terminal.ts'
import { lpacMetadata } from './lpac-view.ts'

/** Exit code of lpac after a failure. */
export const LPAC_FAILED = 255

/** Output in lpac's JSON line format for front ends of lpac: one line for each step, and a last line with the result. */
export interface LpacJsonOutput {
  progress(message: string, data?: unknown): void
  success(data?: unknown): void
  /** Prints the last line of a failure that is not thrown as an error. Returns the exit code. */
  failure(message: string, data: unknown): number
  /** Sets the lpac function that is reported for errors without a step. */
  setStep(message: string): void
  /** Calls `listener` before the last line of a failure. */
  onFailure(listener: (error: unknown) => void): void
  /** Prints a line that is neither progress nor result. */
  line(type: string, value: Readonly<Record<string, unknown>>): void
  /** Prints the metadata; with `asks` waits for `y` on stdin, as lpac does with -p. */
  preview(metadata: StoreMetadataRequest, asks: boolean): Promise<boolean>
  /** Runs a command and prints its error as the last line. */
  run(work: () => Promise<number>): Promise<number>
}

export const createLpacJsonOutput = (runtime: Pick<Runtime, 'out' | 'in' | 'interrupt'>): LpacJsonOutput => {
  const print = (type: string, code: number, message: string, data: unknown): void =>
    printJson(runtime, { type, payload: { code, message, data: data ?? null } })
  let current = 'euicc_init'
  const listeners: ((error: unknown) => void)[] = []
  const failure = (message: string, data: unknown): number => {
    print('lpa', -1, message, data)
    return LPAC_FAILED
  }
  return {
    progress: (message, data) => print('progress', 0, message, data),
    success: data => print('lpa', 0, 'success', data),
    failure,
    setStep: message => {
      current = message
    },
    onFailure: listener => void listeners.push(listener),
    line: (type, value) => printJson(runtime, { type, ...value }),
    async preview(metadata, asks) {
      print('progress', 0, 'es8p_metadata_parse', lpacMetadata(metadata))
      if (!asks) return true
      print('progress', 0, 'preview', 'y/n')
      // lpac reads one character and needs no end of line.
      return /^y/i.test(await readCharacter(runtime.in))
    },
    async run(work) {
      try {
        const exitCode = await work()
        return exitCode === 0 ? 0 : LPAC_FAILED
      } catch (error) {
        for (const listener of listeners) listener(error)
        if (runtime.interrupt.aborted) return failure('cancelled', '')
        const { message, data } = toFailure(error, current)
        return failure(message, data)
      }
    },
  }
}

/** Returns the name that lpac uses for a function: `ES9+.InitiateAuthentication` is `es9p_initiate_authentication`. */
export const lpacFunction = (step: string): string =>
  LPAC_NAMES[step] ??
  step
    .replace('+', 'p')
    .replace(/[eE]UICC/g, 'Euicc')
    .replace('.', '_')
    .replace(/(?<=[a-z0-9])[A-Z]/g, upper => `_${upper}`)
    .toLowerCase()

/** Functions that lpac combines or names differently. */
const LPAC_NAMES: Readonly<Record<string, string>> = {
  'ES10b.GetEUICCInfo1': 'es10b_get_euicc_challenge_and_info',
  'ES10b.GetEUICCChallenge': 'es10b_get_euicc_challenge_and_info',
  'ES11.InitiateAuthentication': 'es9p_initiate_authentication',
  'ES10c.GetEID': 'es10c_get_eid',
  'ES10b.GetRAT': 'es10b_get_rat',
}

const toFailure = (error: unknown, current: string): { message: string; data: string } => {
  const text = error instanceof Error ? error.message : String(error)
  if (isLpaError(error)) {
    const { step, result, serverMessage, bppCommandId, errorReason } = error.data
    if (error.code === 'no-isdr') return { message: 'euicc_init', data: text }
    if (error.code === 'confirmation-code-missing') return { message: 'es10b_prepare_download', data: text }
    if (error.code === 'rejected') return { message: 'cancelled', data: '' }
    const data =
      bppCommandId !== undefined
        ? `${toSnakeCase(String(bppCommandId))},${toSnakeCase(String(errorReason))}`
        : (serverMessage ?? (result === undefined ? text : toWords(String(result))))
    return { message: step === undefined ? 'euicc_init' : lpacFunction(step), data }
  }
  if (error instanceof BenchError && error.code === 'declined') return { message: 'cancelled', data: '' }
  if (error instanceof BenchError && error.code === 'rig-not-attached') return { message: 'euicc_init', data: text }
  if (error instanceof BenchError && error.code in LPAC_TEXTS)
    return { message: current, data: LPAC_TEXTS[`${error.code} ${current}`] ?? LPAC_TEXTS[error.code]! }
  return { message: current, data: text }
}

/** Error texts of lpac by error code, or by error code and lpac function. */
const LPAC_TEXTS: Readonly<Record<string, string>> = {
  'no-such-profile': 'iccid or aid not found',
  'no-such-profile es10c_set_nickname': 'iccid not found',
  'no-such-notification': 'seqNumber not found',
  'no-such-notification es10b_retrieve_notifications_list': '',
}

/** Converts `initialiseSecureChannel` to `initialise_secure_channel`. */
export const toSnakeCase = (name: string): string =>
  name
    .replace(/(?<=[a-z0-9])[A-Z]+/g, upper => `_${upper}`)
    .replace(/(?<=[A-Z])[A-Z](?=[a-z])/g, upper => `_${upper}`)
    .toLowerCase()

const toWords = (name: string): string => toSnakeCase(name).replace(/_/g, ' ')
