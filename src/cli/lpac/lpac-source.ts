import { parseActivationCode } from '../../rsp/activation-code.ts'

/** What was given to `lpac profile download`. */
export interface LpacSource {
  readonly activationCode?: string
  readonly smdp?: string
  readonly matchingId?: string
}
/** The download ends before it has begun. */
export interface LpacRefusal {
  readonly message: string
  readonly data: string
  /** What lpac took for the server until then. */
  readonly address: string | null
}

const HOST = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*(:\d{1,5})?$/

const readCode = (code: string): ReturnType<typeof parseActivationCode> | undefined => {
  try {
    return parseActivationCode(code)
  } catch {
    return undefined
  }
}

/**
 * The server and the matching id as lpac reads them: an activation code goes before `-s` and `-m`, may do without a
 * matching id, and may have one in lower case. Otherwise than with lpac, a code without a server never means the
 * card's default SM-DP+.
 */
export const readLpacSource = (given: LpacSource, confirmationCode: string | undefined): LpacSource | LpacRefusal => {
  const { activationCode } = given
  if (activationCode === undefined) return readServer(given)
  const text = activationCode.trim()
  const code = readCode(text)
  const required = { message: 'confirmation_code', data: 'required' }
  if (code?.confirmationCodeRequired && confirmationCode === undefined)
    return { ...required, address: code.smdpAddress }
  if (code) return { activationCode: text }
  const [format, address = null, matchingId = '', , flag] = text.replace(/^LPA:/i, '').split('$')
  if (format === '' && address === null) return { message: 'smdp', data: 'empty', address }
  if (format !== '1') return { message: 'activation_code', data: 'invalid', address: null }
  if (!address) return { message: 'smdp', data: 'empty', address }
  if (!/^[0-9A-Za-z-]*$/.test(matchingId))
    return { message: 'matching_id', data: 'invalid format, contains character not alphanumeric or dash', address }
  if (flag === '1' && confirmationCode === undefined) return { ...required, address }
  return readServer({ smdp: address, matchingId })
}

const readServer = ({ smdp, matchingId }: LpacSource): LpacSource | LpacRefusal => {
  if (smdp === undefined) return {}
  if (smdp === '') return { message: 'smdp', data: 'empty', address: smdp }
  if (!HOST.test(smdp)) return { message: 'smdp', data: `${JSON.stringify(smdp)} is not a host name`, address: smdp }
  if (matchingId !== undefined && !/^[!-#%-~]{0,255}$/.test(matchingId))
    return { message: 'matching_id', data: 'it has blanks, $, or more than 255 characters', address: smdp }
  return { smdp: smdp.toLowerCase(), ...(matchingId !== undefined && { matchingId }) }
}

/** lpac takes any digits; of a whole IMEI the check digit is not asked for, and made anew. */
export const readLpacImei = (imei: string): string | undefined =>
  /^\d{14,16}$/.test(imei) ? imei.slice(0, 14) : /^\d{8}$/.test(imei) ? imei : undefined
