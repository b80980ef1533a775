import { BenchError } from '../../host/error.ts'
import { type ActivationCode, ActivationCodeError, isStandardMatchingId } from '../../rsp/activation-code.ts'
import { findActivationCode } from '../../rsp/activation-code-text.ts'
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
export const parseSource = async (code: string | undefined, options: SourceOptions): Promise<DownloadSource> => {
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
  if (text !== undefined) return toCodeSource(parseCode(text))
  if (qr !== undefined) {
    const text = await readQrImage(qr)
    return toCodeSource(parseCode(text, `the QR code in ${qr}`))
  }
  if (smdp !== undefined) return toSource(smdp, matchingId ?? '')
  if (discover !== undefined)
    return { kind: 'discover', smdsAddress: discover === true ? undefined : discover, notes: [] }
  return { kind: 'default', notes: [] }
}

const parseCode = (text: string, place?: string): ActivationCode => {
  if (text.trim() === '') throw new BenchError('activation-code', `${place ?? 'the activation code'} is empty`)
  try {
    return findActivationCode(text)
  } catch (error) {
    if (!(error instanceof ActivationCodeError)) throw error
    throw new BenchError('activation-code', describeCodeError(text, error, place), { cause: error })
  }
}

const describeCodeError = (text: string, error: ActivationCodeError, place: string | undefined): string => {
  // A confirmation code is secret and is not printed.
  if (error.part === 'confirmationCode')
    return `${place === undefined ? '' : `${place} was read. `}${error.message}; remove that part from the activation code, and give the confirmation code with --confirmation-code`
  const found = place === undefined ? '' : `${place} contains ${quote(text)}. `
  if (/^\s*https?:\S*\s*$/i.test(text) && !/carddata=/i.test(text))
    return `${found}${quote(text)} is a web address, not an activation code (LPA:1$…), and it has no carddata=; open it in a browser and copy the activation code from the page`
  return `${found}${error.message}${HINTS[error.part] ?? ''}`
}

const HINTS: Readonly<Partial<Record<ActivationCodeError['part'], string>>> = {
  matchingId: '; if the server uses such matching IDs, give --smdp and --matching-id',
}

/** SGP.22 §4.1 allows upper-case letters, digits and hyphens. Servers compare the matching ID exactly. */
const toCodeSource = (code: ActivationCode): DownloadSource => {
  const { matchingId } = code
  const note = `the matching ID ${quote(matchingId)} is not valid (SGP.22 §4.1: A-Z, 0-9 and -); it is sent unchanged`
  return { kind: 'code', code, notes: isStandardMatchingId(matchingId) ? [] : [note] }
}

/** Test servers also use file names as matching IDs. */
const toSource = (smdpAddress: string, matchingId: string): DownloadSource => {
  if (!/^[!-#%-~]{0,255}$/.test(matchingId))
    throw new BenchError(
      'usage',
      `the matching ID ${quote(matchingId)} contains a space, $ or a character that is not printable; ` +
        'use A-Z, 0-9 and -, or other printable characters for a test server',
    )
  return toCodeSource({ smdpAddress, matchingId, confirmationCodeRequired: false })
}
