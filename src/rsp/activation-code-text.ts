import { type ActivationCode, ActivationCodeError, isDottedHostName, parseActivationCode } from './activation-code.ts'

/**
 * Finds the activation code in a text that an operator gives to a subscriber: the code itself, a universal link with
 * `carddata`, `host$token`, an address and a code on two lines, or the labelled text of a mail.
 *
 * Throws an {@link ActivationCodeError} if the text contains no code, an invalid code, or several codes.
 */
export const findActivationCode = (text: string): ActivationCode => {
  if (text.length > MAX_TEXT)
    throw new ActivationCodeError('length', `the text has ${text.length} characters; at most ${MAX_TEXT} are allowed`)
  return parseActivationCode(findCode(clean(text)))
}

const MAX_TEXT = 10_000

const findCode = (text: string): string => {
  const linked = findLinked(text)
  if (linked !== undefined) return toWholeCode(linked) ?? linked
  const whole = toWholeCode(text)
  if (whole !== undefined) return whole
  const contained = findContained(text)
  // A code without a matching ID may be the address of labelled text.
  if (contained !== undefined && !/^1\$[^$]*\$?$/.test(contained)) return contained
  return findLabelled(text) ?? contained ?? findTwoLines(text) ?? text
}

/** Removes invisible characters, asterisks, and the escapes of shells and of HTML. Blanks become one character each. */
const clean = (text: string): string =>
  text
    .replace(/\p{Cf}/gu, '')
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/[^\S\n]/g, ' ')
    .replace(/\\\$/g, '$')
    .replace(/&amp;/gi, '&')
    .replace(/\*/g, '')
    .trim()
    .replace(/^["'“”‘’„«»`<([]+|["'“”‘’«»`>)\]]+$/g, '')
    .trim()

/** Decodes percent-encoding until the separator appears; some tools encode a link twice. */
const decodePercent = (text: string): string => {
  let decoded = text
  for (let round = 0; round < 3 && !decoded.includes('$') && /%[0-9A-F]{2}/i.test(decoded); round++)
    try {
      decoded = decodeURIComponent(decoded)
    } catch {
      return decoded
    }
  return decoded
}

/** The value of `carddata` in universal links of iOS and Android. */
const findLinked = (text: string): string | undefined => {
  const values = [...text.matchAll(/[?&#]carddata=([^&#\s"'<>]*)/gi)].map(match => clean(decodePercent(match[1]!)))
  return chooseOne(values)
}

/** The text as a code if it is nothing but a code: the blanks beside separators are removed. */
const toWholeCode = (text: string): string | undefined => {
  const code = decodePercent(text)
    .replace(/\s*\$\s*/g, '$')
    .replace(/^LPA\s*:\s*/i, 'LPA:')
  if (/^(LPA:)?\d+\$/i.test(code) && (isCode(code) || !text.includes('\n'))) return code
  const bare = code.replace(/^LPA:/i, '')
  const host = bare.slice(0, bare.indexOf('$'))
  return bare.includes('$') && isDottedHostName(host) && !/\s/.test(bare) ? `1$${bare}` : undefined
}

const isCode = (code: string): boolean => {
  try {
    parseActivationCode(code)
    return true
  } catch {
    return false
  }
}

/** A complete code among other words. */
const findContained = (text: string): string | undefined => {
  const strip = (code: string): string => code.replace(/[.,;:!?"'”’»>)\]]+$/, '')
  const complete = [...text.matchAll(/(?<![\w.$-])(?:LPA:\s*)?1(?:\$|%24)\S+/gi)].map(([code]) => strip(code))
  if (complete.length > 0)
    return chooseOne(complete.map(code => decodePercent(code).replace(/^LPA:\s*/i, ''))) as string
  const bare = [...text.matchAll(/(?<![\w.$@/-])(?:[\w-]+\.)+[\w-]+\$[\w-][\w.$-]*/g)].map(
    ([code]) => `1$${strip(code)}`,
  )
  return chooseOne(bare)
}

/** A label is followed by its value, on the same line behind a separator or on the next line. */
const VALUE = String.raw`[^\S\n]*(?:\([^)\n]*\)[^\S\n]*)?(?:[:=：|\t]|-(?=\s)|–|\n)\s*(\S+)`
const ADDRESS = new RegExp(
  String.raw`(?:SM-?\s?DP\s?\+?|server|address|adresse|dirección)[^\S\n]*(?:server|address|adresse|host|url)?${VALUE}`,
  'giu',
)
const TOKEN = new RegExp(
  `(?:activation[ -]?code|matching[ -]?id|activation|aktivierungscode|code d[’']activation|código de activación|AC[ _]?token|token)${VALUE}`,
  'giu',
)

const findLabelled = (text: string): string | undefined => {
  const host = chooseOne(
    [...text.matchAll(ADDRESS)].map(match => toHost(match[1]!)).filter(value => isDottedHostName(value)),
  )
  const token = chooseOne([...text.matchAll(TOKEN)].map(match => match[1]!.replace(/[.,;]+$/, '')))
  return host === undefined || token === undefined ? undefined : `1$${host}$${token}`
}

const toHost = (value: string): string => value.replace(/^(LPA:)?1\$/i, '').replace(/[$.,;/]+$/, '')

/** Two lines without labels: address and code, in any order. */
const findTwoLines = (text: string): string | undefined => {
  const lines = text.split('\n').flatMap(line => line.trim() || [])
  if (lines.length !== 2 || lines.some(line => /\s/.test(line))) return undefined
  const [first, second] = lines.map(toHost) as [string, string]
  if (isDottedHostName(first) === isDottedHostName(second)) return undefined
  return isDottedHostName(first) ? `1$${first}$${second}` : `1$${second}$${first}`
}

const chooseOne = (values: readonly string[]): string | undefined => {
  const different = new Set(values)
  if (different.size > 1)
    throw new ActivationCodeError('format', `the text contains ${different.size} different codes; give one of them`)
  return values[0]
}
