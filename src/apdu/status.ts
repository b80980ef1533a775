import { ApduError } from './errors.ts'

/** SW1 SW2 as one number. */
export const getStatus = (response: Uint8Array): number => {
  if (response.length < 2)
    throw new ApduError('bad-response', `a response of ${response.length} bytes has no status word`)
  return (response[response.length - 2]! << 8) | response[response.length - 1]!
}

/** The data of a response, without the status word. */
export const getResponseData = (response: Uint8Array): Uint8Array =>
  response.subarray(0, Math.max(0, response.length - 2))

/** A response APDU. */
export const respond = (status: number, data: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const out = new Uint8Array(data.length + 2)
  out.set(data)
  out[data.length] = status >> 8
  out[data.length + 1] = status & 0xff
  return out
}

/**
 * Normal endings (TS 102 221 §10.2.1.1): 9000, 91xx (a proactive command is pending), 92xx, 61xx and 9Fxx (response data
 * is available). Warnings (62xx, 63xx) are not: their meaning depends on the command.
 */
export const isOk = (status: number): boolean => {
  const sw1 = status >> 8
  return status === 0x9000 || sw1 === 0x91 || sw1 === 0x92 || sw1 === 0x61 || sw1 === 0x9f
}

/** The remaining attempts of SW 63Cx. */
export const triesLeft = (status: number): number | undefined =>
  (status & 0xfff0) === 0x63c0 ? status & 0x0f : undefined

/** The text for one status word, or for all that share SW1 (`xx` is SW2). TS 102 221 §10.2.1, TS 31.102 §7.3, ISO 7816-4 §5.6. */
const TEXTS: Readonly<Record<string, string>> = {
  '9000': 'normal ending',
  '91xx': 'normal ending, a proactive command of xx bytes is pending',
  '92xx': 'normal ending, about the data transfer',
  '9300': 'the card application toolkit is busy',
  '61xx': 'normal ending, xx bytes are available for GET RESPONSE',
  '9fxx': 'normal ending, xx bytes are available for GET RESPONSE',
  '6200': 'no information given, memory unchanged',
  '6281': 'part of the returned data may be corrupted',
  '6282': 'end of file or record reached early',
  '6283': 'the selected file is deactivated',
  '6284': 'the FCI is not formatted as requested',
  '6285': 'the selected file is in termination state',
  '62f1': 'more data available',
  '62f2': 'more data available, a proactive command is pending',
  '62f3': 'response data available',
  '63f1': 'more data expected',
  '63f2': 'more data expected, a proactive command is pending',
  '63cx': 'wrong PIN or verification, x attempts left',
  '6400': 'execution error, memory unchanged',
  '6500': 'execution error, memory changed',
  '6581': 'memory problem',
  '6600': 'security issue',
  '6700': 'wrong length',
  '67xx': 'wrong length, the meaning depends on the command',
  '6800': 'function of the class byte not supported',
  '6881': 'logical channel not supported',
  '6882': 'secure messaging not supported',
  '6883': 'the last command of the chain was expected',
  '6884': 'command chaining not supported',
  '6900': 'command not allowed',
  '6981': 'the command does not fit the file structure',
  '6982': 'security status not satisfied (a PIN must be verified first)',
  '6983': 'the PIN or authentication method is blocked',
  '6984': 'the referenced data is invalidated',
  '6985': 'conditions of use not satisfied',
  '6986': 'command not allowed: no EF is selected',
  '6987': 'secure messaging data object missing',
  '6988': 'secure messaging data object incorrect',
  '6989': 'command not allowed: secure channel or security not satisfied',
  '6999': 'the application cannot be selected',
  '6a80': 'wrong parameters in the data field',
  '6a81': 'function not supported',
  '6a82': 'file or application not found',
  '6a83': 'record not found',
  '6a84': 'not enough memory',
  '6a85': 'Lc does not fit the TLV structure',
  '6a86': 'wrong parameters P1 P2',
  '6a87': 'Lc does not fit P1 P2',
  '6a88': 'referenced data not found',
  '6a89': 'the file already exists',
  '6a8a': 'the name already exists',
  '6b00': 'wrong parameters P1 P2',
  '6cxx': 'wrong length, Le must be xx',
  '6d00': 'instruction not supported or invalid',
  '6e00': 'class not supported',
  '6f00': 'technical problem, no diagnosis given',
  '9850': 'INCREASE cannot be performed, the maximum is reached',
  '9862': 'authentication error, incorrect MAC',
  '9863': 'security session or association expired',
  '9864': 'minimum UICC suspension time is too long',
  '9865': 'key freshness error',
}

/** `6A82 (file or application not found)`. */
export const describeStatus = (status: number): string => {
  const digits = (status & 0xffff).toString(16).padStart(4, '0')
  const text = TEXTS[digits] ?? TEXTS[`${digits.slice(0, 3)}x`] ?? TEXTS[`${digits.slice(0, 2)}xx`]
  const count = status & 0xff
  const words = (text ?? 'unknown status word')
    .replace(/\bxx\b/, `${count === 0 ? 256 : count}`)
    .replace(/\bx\b/, `${status & 0x0f}`)
  return `${digits.toUpperCase()} (${words})`
}

/** The error for an error status word in the response to `what`. */
export const refusal = (what: string, status: number): ApduError =>
  new ApduError('refused', `${what}: the card answered ${describeStatus(status)}`, { status })
