/** The invalid part of an activation code. */
export type ActivationCodePart =
  | 'length'
  | 'format'
  | 'smdpAddress'
  | 'matchingId'
  | 'smdpOid'
  | 'confirmationCodeRequiredFlag'

export class ActivationCodeError extends Error {
  readonly code: 'malformed-activation-code' = 'malformed-activation-code'
  readonly part: ActivationCodePart

  constructor(part: ActivationCodePart, detail: string) {
    super(`The activation code is malformed: ${detail}`)
    this.name = 'ActivationCodeError'
    this.part = part
  }
}

/** The fields of an activation code (SGP.22 §4.1). */
export interface ActivationCode {
  readonly smdpAddress: string
  /** Empty: the SM-DP+ selects the order by EID. */
  readonly matchingId: string
  readonly smdpOid?: string
  readonly confirmationCodeRequired: boolean
}

const MAX_LENGTH = 255
const FQDN =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/

/**
 * Parses `1$SM-DP+ address$AC_Token[$SM-DP+ OID][$flag]`, with or without the `LPA:` of the QR code.
 *
 * Ignores blanks around the code and is strict otherwise, because a misread code sends a card to the wrong server.
 * Throws an {@link ActivationCodeError} with the invalid part.
 */
export const parseActivationCode = (text: string): ActivationCode => {
  const code = text.trim().replace(/^LPA:/i, '')
  if (code.length > MAX_LENGTH)
    throw new ActivationCodeError('length', `${code.length} characters; at most ${MAX_LENGTH} are allowed`)
  const [format, address, token, smdpOid = '', flag = '', ...rest] = code.split('$')
  if (format !== '1')
    throw new ActivationCodeError('format', `it must begin with "1$" (or "LPA:1$"), not with "${format?.slice(0, 20)}"`)
  if (address === undefined || !FQDN.test(address))
    throw new ActivationCodeError(
      'smdpAddress',
      `the SM-DP+ address "${address ?? ''}" is not a host name such as smdp.example.com`,
    )
  if (token === undefined)
    throw new ActivationCodeError('matchingId', 'the matching id is missing; "1$address$" with an empty one is allowed')
  if (!/^[0-9A-Z-]*$/.test(token))
    throw new ActivationCodeError('matchingId', `the matching id "${token}" has characters other than A-Z, 0-9 and -`)
  if (!/^(\d+(\.\d+)+)?$/.test(smdpOid))
    throw new ActivationCodeError('smdpOid', `the SM-DP+ OID "${smdpOid}" is not of the form 1.3.6.1.4.1.31746`)
  if (!/^1?$/.test(flag))
    throw new ActivationCodeError(
      'confirmationCodeRequiredFlag',
      `the confirmation code flag must be "1" or absent, not "${flag}"`,
    )
  if (rest.length > 0)
    throw new ActivationCodeError('format', `${rest.length} more part(s) than the five that the format allows`)
  return {
    smdpAddress: address,
    matchingId: token,
    ...(smdpOid ? { smdpOid } : {}),
    confirmationCodeRequired: flag === '1',
  }
}

/** Returns the code without the `LPA:` prefix and without empty parts at its end. */
export const formatActivationCode = (code: ActivationCode): string =>
  ['1', code.smdpAddress, code.matchingId, code.smdpOid ?? '', code.confirmationCodeRequired ? '1' : '']
    .join('$')
    .replace(/(?<=^1\$[^$]*\$[^$]*)\$+$/, '')
