/** Splits a command or response into its parts (ISO/IEC 7816-4 clause 5) for display. Does not validate them. */

export interface ApduPart {
  readonly name: 'CLA' | 'INS' | 'P1' | 'P2' | 'Lc' | 'data' | 'Le' | 'SW'
  readonly hex: string
  readonly meaning?: string
}

const INSTRUCTIONS: Readonly<Record<string, string>> = {
  '10': 'TERMINAL PROFILE',
  '12': 'FETCH',
  '14': 'TERMINAL RESPONSE',
  '20': 'VERIFY PIN',
  '24': 'CHANGE PIN',
  '2c': 'UNBLOCK PIN',
  '70': 'MANAGE CHANNEL',
  '88': 'AUTHENTICATE',
  a4: 'SELECT',
  b0: 'READ BINARY',
  b2: 'READ RECORD',
  c0: 'GET RESPONSE',
  c2: 'ENVELOPE',
  ca: 'GET DATA',
  d6: 'UPDATE BINARY',
  dc: 'UPDATE RECORD',
  e2: 'STORE DATA',
  f2: 'STATUS',
}

export const splitCommand = (hex: string): readonly ApduPart[] => {
  const parts: ApduPart[] = [
    { name: 'CLA', hex: hex.slice(0, 2), meaning: describeClass(hex.slice(0, 2)) },
    { name: 'INS', hex: hex.slice(2, 4), ...maybe(INSTRUCTIONS[hex.slice(2, 4).toLowerCase()]) },
    { name: 'P1', hex: hex.slice(4, 6) },
    { name: 'P2', hex: hex.slice(6, 8) },
  ]
  const body = hex.slice(8)
  if (body.length === 0) return parts
  if (body.length === 2) return [...parts, { name: 'Le', hex: body }]
  const extended = body.startsWith('00') && body.length >= 6
  const lengthDigits = extended ? 6 : 2
  const length = Number.parseInt(body.slice(extended ? 2 : 0, lengthDigits), 16)
  if (extended && body.length === 6) return [...parts, { name: 'Le', hex: body }]
  const end = lengthDigits + length * 2
  parts.push({ name: 'Lc', hex: body.slice(0, lengthDigits), meaning: `${length} bytes` })
  parts.push({ name: 'data', hex: body.slice(lengthDigits, end) })
  if (body.length > end) parts.push({ name: 'Le', hex: body.slice(end) })
  return parts
}

export const splitResponse = (hex: string): readonly ApduPart[] => {
  const sw = hex.slice(-4)
  const data = hex.slice(0, -4)
  const status: ApduPart = { name: 'SW', hex: sw, meaning: describeStatusWord(sw) }
  return data.length > 0 ? [{ name: 'data', hex: data }, status] : [status]
}

export const getDataHex = (parts: readonly ApduPart[]): string => parts.find(part => part.name === 'data')?.hex ?? ''

/** ISO/IEC 7816-4 §5.4.1: channels 0 to 3 in the first interindustry class, 4 to 19 in the further one. Ignores bit 8. */
const describeClass = (hex: string): string => {
  const cla = Number.parseInt(hex, 16)
  const channel = (cla & 0x40) === 0 ? cla & 0x03 : 4 + (cla & 0x0f)
  return `channel ${channel}`
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  '6200': 'no information, memory unchanged',
  '6282': 'end of file before Le bytes',
  '6283': 'selected file invalidated',
  '6300': 'verification failed',
  '6581': 'memory problem',
  '6700': 'wrong length',
  '6881': 'logical channel not supported',
  '6882': 'secure messaging not supported',
  '6982': 'security status not satisfied',
  '6983': 'authentication method blocked',
  '6984': 'referenced data invalidated',
  '6985': 'conditions of use not satisfied',
  '6a80': 'incorrect data',
  '6a81': 'function not supported',
  '6a82': 'file or application not found',
  '6a83': 'record not found',
  '6a84': 'not enough memory',
  '6a86': 'incorrect P1 P2',
  '6a88': 'referenced data not found',
  '6b00': 'wrong P1 P2',
  '6d00': 'instruction not supported',
  '6e00': 'class not supported',
  '6f00': 'no precise diagnosis',
  '9000': 'done',
  '9862': 'authentication error, incorrect MAC',
}

export const describeStatusWord = (sw: string): string => {
  const word = sw.toLowerCase()
  const low = Number.parseInt(word.slice(2), 16)
  if (word.startsWith('61')) return `done, ${low || 256} bytes waiting`
  if (word.startsWith('6c')) return `wrong Le, ${low || 256} is right`
  if (word.startsWith('91')) return `done, proactive command of ${low || 256} bytes waiting`
  if (/^63c/.test(word)) return `verification failed, ${low & 0x0f} tries left`
  return STATUS_WORDS[word] ?? 'see the specification of the application'
}

const maybe = (meaning: string | undefined): { meaning?: string } => (meaning === undefined ? {} : { meaning })
