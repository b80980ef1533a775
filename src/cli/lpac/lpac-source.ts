import type { ActivationCode } from '../../rsp/activation-code.ts'
import { findActivationCode } from '../../rsp/activation-code-text.ts'

/** The options of `lpac profile download`. */
export interface LpacSource {
  readonly activationCode?: string
  readonly smdp?: string
  readonly matchingId?: string
}
/** An error before the first request, as lpac reports it. */
export interface LpacRefusal {
  readonly message: string
  readonly data: string
  /** The server that lpac had parsed before the error. */
  readonly address: string | null
}

const HOST = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*(:\d{1,5})?$/

/** lpac ignores the OID of a code with the flag `0`, so that such a code is parsed as lpac does. */
const tryParseCode = (code: string): ActivationCode | undefined => {
  try {
    return code.split('$')[4] === '0' ? undefined : findActivationCode(code)
  } catch {
    return undefined
  }
}

/**
 * Parses server and matching ID as lpac does: an activation code overrides `-s` and `-m`, and its matching ID may be
 * missing or in lower case. Unlike in lpac, a code without a server does not select the default SM-DP+.
 */
export const parseLpacSource = (given: LpacSource, confirmationCode: string | undefined): LpacSource | LpacRefusal => {
  const { activationCode } = given
  if (activationCode === undefined) return toSource(given)
  const text = activationCode.trim()
  const code = tryParseCode(text)
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
  return toSource({ smdp: address, matchingId })
}

const toSource = ({ smdp, matchingId }: LpacSource): LpacSource | LpacRefusal => {
  if (smdp === undefined) return {}
  if (smdp === '') return { message: 'smdp', data: 'empty', address: smdp }
  if (!HOST.test(smdp)) return { message: 'smdp', data: `${JSON.stringify(smdp)} is not a host name`, address: smdp }
  if (matchingId !== undefined && !/^[!-#%-~]{0,255}$/.test(matchingId))
    return { message: 'matching_id', data: 'it contains a space or $, or is longer than 255 characters', address: smdp }
  return { smdp: smdp.toLowerCase(), ...(matchingId !== undefined && { matchingId }) }
}

/** Accepts any digits, as lpac does, and removes the check digit, which the bench calculates. */
export const parseLpacImei = (imei: string): string | undefined =>
  /^\d{14,16}$/.test(imei) ? imei.slice(0, 14) : /^\d{8}$/.test(imei) ? imei : undefined
