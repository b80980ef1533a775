import type { AtPiece } from './at-framing.ts'

/** An AT command and the form of its response. */
export interface AtCommand {
  /** Without the final CR. */
  readonly text: string
  /** The information response. Without it an OK is invalid; absent if the command returns OK only. */
  readonly reply?: RegExp | undefined
  /** The same without its name, as some modems send it. A line with the name has priority. */
  readonly bareReply?: RegExp | undefined
  /** A check beyond the pattern; a line that fails is not a response. */
  readonly accept?: ((reply: RegExpExecArray) => boolean) | undefined
  /** Two different responses make the result invalid: one of them is not from this command. */
  readonly single?: boolean | undefined
}

/** The result of a command. Every result has a name. */
export type AtEnd =
  | { readonly end: 'ok'; readonly reply: RegExpExecArray | undefined; readonly lines: readonly string[] }
  | { readonly end: 'error' }
  /** `+CME ERROR: n` (TS 27.007 §9.2); `error` is a number, or a text if the modem sends verbose errors. */
  | { readonly end: 'cme'; readonly error: number | string }
  | { readonly end: 'cms'; readonly error: number | string }
  /** `why`: the command was not sent. */
  | { readonly end: 'timed-out'; readonly why?: string }
  | { readonly end: 'port-gone' }
  /** The command ended with OK, but without its response, or with several. */
  | { readonly end: 'garbage'; readonly otherLines: readonly string[] }

export type AtEvent = AtPiece | { readonly kind: 'timeout' } | { readonly kind: 'gone' }

/** Other final result codes of V.250 §5.7.1 table 1, and replacements of ERROR that modems send. */
const OTHER_ERRORS = /^(NO CARRIER|NO DIALTONE|BUSY|NO ANSWER|COMMAND NOT SUPPORT(ED)?|TOO MANY PARAMETERS)$/

/** A short message or cell broadcast (TS 27.005 §3.4.1): the next line is its text and is ignored. */
const MESSAGE = /^\+(CMT|CBM):/

/**
 * Parses the response of one command: events in, at most one result out. Ignores the echo and unrelated lines: URCs may
 * come at any time.
 */
export const createAtExchange = (command: AtCommand): { parse(event: AtEvent): AtEnd | undefined } => {
  const lines: string[] = []
  const otherLines: string[] = []
  let reply: RegExpExecArray | undefined
  let bare: RegExpExecArray | undefined
  let isContradicted = false
  let isMessage = false
  let ended = false

  const matching = (pattern: RegExp | undefined, text: string): RegExpExecArray | undefined => {
    const found = pattern?.exec(text)
    return found && (command.accept?.(found) ?? true) ? found : undefined
  }
  /** The later of two responses; they must be equal if `single` is set. */
  const latest = (before: RegExpExecArray | undefined, found: RegExpExecArray | undefined) => {
    if (before && found && command.single && before.slice(1).join() !== found.slice(1).join()) isContradicted = true
    return found ?? before
  }

  const toResult = (event: AtEvent): AtEnd | undefined => {
    switch (event.kind) {
      case 'timeout':
        return { end: 'timed-out' }
      case 'gone':
        return { end: 'port-gone' }
      case 'garbage':
        otherLines.push(`${event.bytes.length} bytes that are not text`)
        return undefined
      case 'prompt':
        otherLines.push('a prompt for data')
        return undefined
    }
    const { text } = event
    const wasMessage = isMessage
    isMessage = !wasMessage && MESSAGE.test(text)
    if (wasMessage || isMessage) {
      otherLines.push(text)
      return undefined
    }
    if (text === command.text) return undefined
    if (text === 'OK') {
      const found = reply ?? bare
      const isMissing = command.reply !== undefined && found === undefined
      if (isMissing || isContradicted) return { end: 'garbage', otherLines: [...otherLines, ...lines] }
      return { end: 'ok', reply: found, lines }
    }
    if (text === 'ERROR' || OTHER_ERRORS.test(text)) return { end: 'error' }
    const numbered = /^\+(CM[ES]) ERROR:\s*(.*)$/.exec(text)
    if (numbered) {
      const error = /^\d+$/.test(numbered[2]!) ? Number(numbered[2]) : numbered[2]!
      return { end: numbered[1] === 'CME' ? 'cme' : 'cms', error }
    }
    lines.push(text)
    const named = matching(command.reply, text)
    reply = latest(reply, named)
    if (!named) bare = latest(bare, matching(command.bareReply, text))
    return undefined
  }

  return {
    parse: event => {
      if (ended) return undefined
      const end = toResult(event)
      ended = end !== undefined
      return end
    },
  }
}

/** TS 27.007 §9.2.1: errors of the card, and those that modems return to card commands. */
const CME: Readonly<Record<number, string>> = {
  0: 'phone failure',
  3: 'operation not allowed; the modem may have put the SIM to sleep',
  4: 'operation not supported',
  5: 'PH-SIM PIN required',
  10: 'SIM not inserted',
  11: 'SIM PIN required',
  12: 'SIM PUK required',
  13: 'SIM failure',
  14: 'SIM busy',
  15: 'SIM wrong',
  16: 'incorrect password',
  20: 'memory full',
  21: 'invalid index',
  22: 'not found',
  50: 'incorrect parameters',
  100: 'unknown',
}

/** Compares the CME error by number, or by text if the modem sends verbose errors. */
export const isCme = (end: AtEnd, ...numbers: readonly number[]): boolean =>
  end.end === 'cme' &&
  numbers.some(
    number => end.error === number || CME[number]?.toLowerCase().split(';')[0] === String(end.error).toLowerCase(),
  )

/** `+CME ERROR: 13 (SIM failure)`. */
export const describeEnd = (end: AtEnd): string => {
  switch (end.end) {
    case 'ok':
      return 'OK'
    case 'error':
      return 'ERROR'
    case 'cme':
    case 'cms': {
      const words = end.end === 'cme' && typeof end.error === 'number' ? CME[end.error] : undefined
      return `+${end.end.toUpperCase()} ERROR: ${end.error}${words ? ` (${words})` : ''}`
    }
    case 'timed-out':
      return end.why ?? 'no result before the deadline'
    case 'port-gone':
      return 'no result: the port is closed'
    case 'garbage':
      return `OK without one clear response${end.otherLines.length > 0 ? `, among ${end.otherLines.length} other lines` : ''}`
  }
}
