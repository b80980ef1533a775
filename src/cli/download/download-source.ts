import { BenchError } from '../../host/error.ts'
import { type ActivationCode, ActivationCodeError, parseActivationCode } from '../../rsp/activation-code.ts'
import type { SourceOptions } from '../card/card-options.ts'
import { readQrImage } from './qr-image.ts'

/** The source of the profile, and notes for the user. */
export type DownloadSource = { readonly notes: readonly string[] } & (
  | { readonly kind: 'code'; readonly code: ActivationCode }
  | { readonly kind: 'discover'; readonly smdsAddress: string | undefined }
  /** The default SM-DP+ of the card. */
  | { readonly kind: 'default' }
)

const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** Returns the one source of the options. An invalid source is an error, never replaced by the default SM-DP+. */
export const parseSource = (code: string | undefined, options: SourceOptions): DownloadSource => {
  const { smdp, matchingId, activationCode, qr, discover } = options
  const given = [
    code !== undefined && 'an activation code',
    activationCode !== undefined && '--activation-code',
    qr !== undefined && '--qr',
    smdp !== undefined && '--smdp',
    discover !== undefined && '--discover',
  ].filter(each => each !== false)
  if (given.length > 1) throw new BenchError('usage', `${given.join(' and ')} exclude each other; give one of them`)
  if (matchingId !== undefined && smdp === undefined)
    throw new BenchError('usage', '--matching-id needs a server; add --smdp HOST')
  const text = code ?? activationCode
  if (text !== undefined) return { kind: 'code', code: parseCode(text), notes: [] }
  if (qr !== undefined) {
    const text = readQrImage(qr)
    return { kind: 'code', code: parseCode(text, `the QR code in ${qr} contains ${quote(text)}`), notes: [] }
  }
  if (smdp !== undefined) return toSource(smdp, matchingId ?? '')
  if (discover !== undefined)
    return { kind: 'discover', smdsAddress: discover === true ? undefined : discover, notes: [] }
  return { kind: 'default', notes: [] }
}

const parseCode = (text: string, found?: string): ActivationCode => {
  try {
    if (text.trim() === '') throw new BenchError('activation-code', 'the activation code is empty')
    if (/^https?:/i.test(text.trim()))
      throw new BenchError('activation-code', `${quote(text)} is a web address, not an activation code (LPA:1$…)`)
    return parseActivationCode(text)
  } catch (error) {
    if (error instanceof ActivationCodeError && (found !== undefined || error.part === 'matchingId')) {
      const hint =
        error.part === 'matchingId' && text.split('$').length > 2
          ? '; if the server uses such matching IDs, give --smdp and --matching-id'
          : ''
      throw new BenchError('activation-code', `${found === undefined ? '' : `${found}. `}${error.message}${hint}`, {
        cause: error,
      })
    }
    throw error
  }
}

/** SGP.22 §4.1 allows upper-case letters, digits and hyphens. Test servers also use file names. */
const toSource = (smdpAddress: string, matchingId: string): DownloadSource => {
  if (!/^[!-#%-~]{0,255}$/.test(matchingId))
    throw new BenchError(
      'usage',
      `the matching ID ${quote(matchingId)} contains a space, $ or a character that is not printable; ` +
        'use A-Z, 0-9 and -, or other printable characters for a test server',
    )
  const isValid = /^[0-9A-Z-]*$/.test(matchingId)
  const note = `the matching ID ${quote(matchingId)} is not valid (SGP.22 §4.1: A-Z, 0-9 and -); it is sent unchanged`
  return {
    kind: 'code',
    code: { smdpAddress, matchingId, confirmationCodeRequired: false },
    notes: isValid ? [] : [note],
  }
}
