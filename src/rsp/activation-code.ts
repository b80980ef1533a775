/** The invalid part of an activation code. `confirmationCode`: a part contains a confirmation code. */
export type ActivationCodePart =
  | 'length'
  | 'format'
  | 'smdpAddress'
  | 'matchingId'
  | 'smdpOid'
  | 'confirmationCodeRequiredFlag'
  | 'confirmationCode'

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
/** SGP.22 v3 §4.1 adds the CI key identifier and the flag "delete notification for device change". */
const MAX_PARTS = 7
const FQDN =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/

/** Whether the text is a host name of two or more labels, such as smdp.example.com. */
export const isDottedHostName = (text: string): boolean => text.includes('.') && FQDN.test(text)

/** Whether the matching ID has only the characters of SGP.22 §4.1. */
export const isStandardMatchingId = (matchingId: string): boolean => /^[0-9A-Z-]*$/.test(matchingId)

/**
 * Parses `1$SM-DP+ address$AC_Token[$SM-DP+ OID][$flag]`, with or without the `LPA:` of the QR code.
 *
 * Accepts a matching ID in lower case and the flag `0`. Accepts the sixth and the seventh part of SGP.22 v3 and ignores
 * them. Throws an {@link ActivationCodeError} with the invalid part.
 */
export const parseActivationCode = (text: string): ActivationCode => {
  const code = text.trim().replace(/^LPA:/i, '')
  if (code.length > MAX_LENGTH)
    throw new ActivationCodeError('length', `${code.length} characters; at most ${MAX_LENGTH} are allowed`)
  const parts = code.split('$')
  const [format, address, token, smdpOid = '', flag = ''] = parts
  if (format !== '1')
    throw new ActivationCodeError('format', `it must begin with "1$" (or "LPA:1$"), not with "${format?.slice(0, 20)}"`)
  if (address === undefined || !FQDN.test(address))
    throw new ActivationCodeError(
      'smdpAddress',
      `the SM-DP+ address "${address ?? ''}" is not a host name such as smdp.example.com`,
    )
  if (token === undefined)
    throw new ActivationCodeError('matchingId', 'the matching id is missing; "1$address$" with an empty one is allowed')
  if (!/^[0-9A-Za-z-]*$/.test(token))
    throw new ActivationCodeError(
      'matchingId',
      `the matching id "${token}" has characters other than letters, digits and -`,
    )
  checkOid(smdpOid)
  checkFlag(flag)
  if (parts.length > MAX_PARTS)
    throw new ActivationCodeError(
      'format',
      `it has ${parts.length} parts; the format allows ${MAX_PARTS} parts, separated by $`,
    )
  return {
    smdpAddress: address,
    matchingId: token,
    ...(smdpOid ? { smdpOid } : {}),
    confirmationCodeRequired: flag === '1',
  }
}

const checkOid = (smdpOid: string): void => {
  if (/^(\d+(\.\d+)+)?$/.test(smdpOid)) return
  // The message does not repeat the part, because a confirmation code is secret.
  if (/^[^.]+$/.test(smdpOid))
    throw new ActivationCodeError(
      'confirmationCode',
      'its fourth part must be the OID of the SM-DP+ or empty; it seems to contain a confirmation code',
    )
  throw new ActivationCodeError('smdpOid', `the SM-DP+ OID "${smdpOid}" is not of the form 1.3.6.1.4.1.31746`)
}

const checkFlag = (flag: string): void => {
  if (/^[01]?$/.test(flag)) return
  if (/^\w{3,}$/.test(flag))
    throw new ActivationCodeError(
      'confirmationCode',
      'its fifth part must be the confirmation code flag (1, 0 or empty); it seems to contain the confirmation code itself',
    )
  throw new ActivationCodeError(
    'confirmationCodeRequiredFlag',
    `the confirmation code flag must be 1, 0 or absent, not "${flag}"`,
  )
}

/** Returns the code without the `LPA:` prefix and without empty parts at its end. */
export const formatActivationCode = (code: ActivationCode): string =>
  ['1', code.smdpAddress, code.matchingId, code.smdpOid ?? '', code.confirmationCodeRequired ? '1' : '']
    .join('$')
    .replace(/(?<=^1\$[^$]*\$[^$]*)\$+$/, '')
