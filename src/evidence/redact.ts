import { hideSecrets } from '../apdu/recording/secrets.ts'
import { fromHex, toHex } from '../asn1/bytes.ts'
import type { Decoded, Observation } from './events.ts'
import { hideConfirmationCode } from './hide-confirmation-code.ts'

/**
 * Secrets that are removed before an observation reaches evidence, a log or a page:
 *
 * - CK, IK and Kc in the response to AUTHENTICATE (TS 31.102 §7.1.2), also in GET RESPONSE;
 * - the hashed confirmation code in PrepareDownload and its response (`hide-confirmation-code.ts`);
 * - the data of VERIFY PIN, CHANGE PIN, DISABLE PIN, ENABLE PIN, UNBLOCK PIN (TS 102 221 §11.1.9 to §11.1.13);
 * - HTTP headers with a session or credential, such as Authorization, Cookie and Set-Cookie;
 * - JSON members, form fields and members of decoded messages with the name of a secret, at any depth.
 *
 * Secrets in APDUs become zeros of the same length (`src/apdu/recording/secrets.ts`).
 */

const REDACTED = '[redacted]'

const SECRET_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'ocp-apim-subscription-key',
])

/** Compared without case, hyphens and underscores. */
const SECRET_NAMES = new Set([
  'confirmationcode',
  'hashedconfirmationcode',
  'hashcc',
  'cc',
  'k',
  'ki',
  'op',
  'opc',
  'top',
  'topc',
  'ck',
  'ik',
  'kc',
  'key',
  'privatekey',
  'pin',
  'pin1',
  'pin2',
  'puk',
  'puk1',
  'puk2',
  'adm',
  'password',
  'passwd',
  'secret',
  'clientsecret',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'token',
  'apikey',
  'sessionid',
  'csrf',
  'csrftoken',
  'cardnumber',
  'cvc',
  'cvv',
])

const isSecretName = (name: string): boolean => SECRET_NAMES.has(name.toLowerCase().replace(/[-_.]/g, ''))

export const redactHeaders = (headers: Iterable<readonly [string, string]>): Record<string, string> =>
  Object.fromEntries(
    [...headers].map(([name, value]) => [name, SECRET_HEADERS.has(name.toLowerCase()) ? REDACTED : value]),
  )

/** Replaces each member with the name of a secret. */
export const redactDecoded = (value: Decoded): Decoded => {
  if (Array.isArray(value)) return value.map(redactDecoded)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value as { readonly [key: string]: Decoded }).map(([name, inner]) => [
      name,
      isSecretName(name) && inner !== null ? REDACTED : redactDecoded(inner),
    ]),
  )
}

const hasSecret = (value: Decoded): boolean => {
  if (Array.isArray(value)) return value.some(hasSecret)
  if (value === null || typeof value !== 'object') return false
  return Object.entries(value).some(([name, inner]) => isSecretName(name) || hasSecret(inner as Decoded))
}

const redactPairs = (text: string): string => {
  const fields = new URLSearchParams(text)
  const secret = [...fields.keys()].filter(isSecretName)
  if (secret.length === 0) return text
  for (const name of secret) fields.set(name, REDACTED)
  return fields.toString()
}

/** Replaces the secrets of a body. A body without secrets is returned unchanged. */
export const redactBody = (body: string, contentType: string): string => {
  if (/^application\/x-www-form-urlencoded/i.test(contentType)) return redactPairs(body)
  if (!/[/+]json\b/i.test(contentType)) return redactHtmlInputs(body, contentType)
  try {
    const value = JSON.parse(body) as Decoded
    return hasSecret(value) ? JSON.stringify(redactDecoded(value)) : body
  } catch {
    return body
  }
}

/** HTML pages may contain a token in a hidden field. */
const redactHtmlInputs = (body: string, contentType: string): string =>
  /html/i.test(contentType)
    ? body.replace(/<input\b[^>]*>/gi, input => {
        const name = /\bname\s*=\s*["']?([^"'\s>]+)/i.exec(input)?.[1]
        return name && isSecretName(name)
          ? input.replace(/(\bvalue\s*=\s*)("[^"]*"|'[^']*'|[^\s>]+)/i, `$1"${REDACTED}"`)
          : input
      })
    : body

export const redactUrl = (url: string): string => {
  const at = url.indexOf('?')
  return at < 0 ? url : `${url.slice(0, at + 1)}${redactPairs(url.slice(at + 1))}`
}

/* ---- APDUs ---- */

/** One for each card: the response to GET RESPONSE depends on the command before it. */
export const createApduRedactor = (): ((
  command: string,
  response: string | null,
) => { command: string; response: string | null }) => {
  const hide = hideSecrets()
  const hideCode = hideConfirmationCode()
  return (command, response) => {
    const shown = hideCode(
      hide({
        command: fromHex(command),
        response: response === null ? undefined : fromHex(response),
      }),
    )
    return { command: toHex(shown.command), response: shown.response ? toHex(shown.response) : null }
  }
}

/* ---- observations ---- */

const contentTypeOf = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''

const redactMessage = <M extends { readonly headers: Readonly<Record<string, string>>; readonly body: string }>(
  message: M,
): M => ({
  ...message,
  headers: redactHeaders(Object.entries(message.headers)),
  body: redactBody(message.body, contentTypeOf(message.headers)),
})

const redactPair = (decoded: { readonly request?: Decoded; readonly response?: Decoded }) =>
  redactDecoded(decoded as Decoded) as typeof decoded

/** The redaction of all observations of one run. */
export const createRedactor = (): ((observation: Observation) => Observation) => {
  const redactApdu = createApduRedactor()
  return observation => {
    switch (observation.kind) {
      case 'apdu':
        return {
          ...observation,
          ...redactApdu(observation.command, observation.response),
          ...(observation.decoded ? { decoded: redactPair(observation.decoded) } : {}),
        }
      case 'http':
        return {
          ...observation,
          url: redactUrl(observation.url),
          request: redactMessage(observation.request),
          response: observation.response && redactMessage(observation.response),
          ...(observation.decoded ? { decoded: redactPair(observation.decoded) } : {}),
        }
      case 'note':
        return observation.data === undefined ? observation : { ...observation, data: redactDecoded(observation.data) }
      default:
        return observation
    }
  }
}
