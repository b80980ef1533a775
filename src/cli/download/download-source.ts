import { BenchError } from '../../host/error.ts'
import { type ActivationCode, ActivationCodeError, parseActivationCode } from '../../rsp/activation-code.ts'
import { readQrImage } from './qr-image.ts'

export interface SourceOptions {
  readonly smdp?: string
  readonly matchingId?: string
  readonly activationCode?: string
  readonly qr?: string
  /** An SM-DS, or true for the card's root. */
  readonly discover?: string | true
}

/** Where the profile is to come from, and what a person should know about that. */
export type Source = { readonly notes: readonly string[] } & (
  | { readonly kind: 'code'; readonly code: ActivationCode }
  | { readonly kind: 'discover'; readonly smdsAddress: string | undefined }
  /** Nothing was given: the card's own SM-DP+. */
  | { readonly kind: 'default' }
)

const quoted = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** One way at most; and a way that was given and cannot be read is never passed over for the card's default. */
export const readSource = (code: string | undefined, options: SourceOptions): Source => {
  const { smdp, matchingId, activationCode, qr, discover } = options
  const given = [
    code !== undefined && 'an activation code',
    activationCode !== undefined && '--activation-code',
    qr !== undefined && '--qr',
    smdp !== undefined && '--smdp',
    discover !== undefined && '--discover',
  ].filter(way => way !== false)
  if (given.length > 1)
    throw new BenchError('usage', `give one way to the profile, not ${given.length}: ${given.join(' and ')}`)
  if (matchingId !== undefined && smdp === undefined)
    throw new BenchError('usage', 'a --matching-id is for a server: give --smdp HOST with it')
  const text = code ?? activationCode
  if (text !== undefined) return { kind: 'code', code: readCode(text), notes: [] }
  if (qr !== undefined) {
    const seen = readQrImage(qr)
    return { kind: 'code', code: readCode(seen, `the QR code in ${qr} says ${quoted(seen)}`), notes: [] }
  }
  if (smdp !== undefined) return readServer(smdp, matchingId ?? '')
  if (discover !== undefined)
    return { kind: 'discover', smdsAddress: discover === true ? undefined : discover, notes: [] }
  return { kind: 'default', notes: [] }
}

const readCode = (text: string, seen?: string): ActivationCode => {
  try {
    if (text.trim() === '') throw new BenchError('activation-code', 'the activation code is empty')
    if (/^https?:/i.test(text.trim()))
      throw new BenchError('activation-code', `${quoted(text)} is a web address and no activation code (LPA:1$…)`)
    return parseActivationCode(text)
  } catch (error) {
    if (error instanceof ActivationCodeError && (seen !== undefined || error.part === 'matchingId')) {
      const hint =
        error.part === 'matchingId' && text.split('$').length > 2
          ? '; if the server uses such ids, give --smdp and --matching-id'
          : ''
      throw new BenchError('activation-code', `${seen === undefined ? '' : `${seen}. `}${error.message}${hint}`, {
        cause: error,
      })
    }
    throw error
  }
}

/** SGP.22 §4.1 allows upper-case letters, digits and hyphens; test servers name their orders as their files. */
const readServer = (smdpAddress: string, matchingId: string): Source => {
  if (!/^[!-#%-~]{0,255}$/.test(matchingId))
    throw new BenchError(
      'usage',
      `the matching id ${quoted(matchingId)} has characters other than A-Z, 0-9 and -; ` +
        'other printable ones are let through, but not blanks and $',
    )
  const isOfSpec = /^[0-9A-Z-]*$/.test(matchingId)
  const note = `the matching id ${quoted(matchingId)} is not of the form of SGP.22 §4.1 (A-Z, 0-9 and -); it is used as it is`
  return {
    kind: 'code',
    code: { smdpAddress, matchingId, confirmationCodeRequired: false },
    notes: isOfSpec ? [] : [note],
  }
}
