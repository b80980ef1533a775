import type { AtPiece } from './at-framing.ts'

/** A command line and what its answer looks like. */
export interface AtCommand {
  /** Without the CR that ends it. */
  readonly text: string
  /** Its information response, without which an OK is not believed; absent where an OK is all there is. */
  readonly reply?: RegExp | undefined
  /** The same without its name, as some modems say it; a line with the name goes before it. */
  readonly bareReply?: RegExp | undefined
  /** What the pattern cannot say; a line that fails here is no reply. */
  readonly accept?: ((reply: RegExpExecArray) => boolean) | undefined
  /** Two replies that differ are none: nobody knows which is the card's. */
  readonly single?: boolean | undefined
}

/** How a command ended. Every end has a name; none of them is silence. */
export type AtEnd =
  | { readonly end: 'ok'; readonly reply: RegExpExecArray | undefined; readonly lines: readonly string[] }
  | { readonly end: 'error' }
  /** `+CME ERROR: n` (TS 27.007 §9.2); `error` is a number, or words where the modem was set to words. */
  | { readonly end: 'cme'; readonly error: number | string }
  | { readonly end: 'cms'; readonly error: number | string }
  /** `why`: the modem was not asked at all. */
  | { readonly end: 'timed-out'; readonly why?: string }
  | { readonly end: 'port-gone' }
  /** The command ended, and its answer was not among what was heard, or there were several. */
  | { readonly end: 'garbage'; readonly heard: readonly string[] }

export type AtEvent = AtPiece | { readonly kind: 'timeout' } | { readonly kind: 'gone' }

/** V.250 §5.7.1 table 1 besides OK and ERROR, and what modems say instead of ERROR. */
const OTHER_NOES = /^(NO CARRIER|NO DIALTONE|BUSY|NO ANSWER|COMMAND NOT SUPPORT(ED)?|TOO MANY PARAMETERS)$/

/** A short message or a broadcast that comes of itself (TS 27.005 §3.4.1): the line behind it is its text, whatever it says. */
const MESSAGE = /^\+(CMT|CBM):/

/**
 * Waits for the end of one command: events in, at most one end out. The echo of the command is passed over, as are
 * lines of no meaning to it (unsolicited result codes come anywhere).
 */
export const createAtExchange = (command: AtCommand): { hear(event: AtEvent): AtEnd | undefined } => {
  const lines: string[] = []
  const heard: string[] = []
  let reply: RegExpExecArray | undefined
  let bare: RegExpExecArray | undefined
  let isContradicted = false
  let isMessage = false
  let ended = false

  const matching = (pattern: RegExp | undefined, text: string): RegExpExecArray | undefined => {
    const found = pattern?.exec(text)
    return found && (command.accept?.(found) ?? true) ? found : undefined
  }
  /** The later of two replies, which say the same where that matters. */
  const latest = (before: RegExpExecArray | undefined, found: RegExpExecArray | undefined) => {
    if (before && found && command.single && before.slice(1).join() !== found.slice(1).join()) isContradicted = true
    return found ?? before
  }

  const ending = (event: AtEvent): AtEnd | undefined => {
    switch (event.kind) {
      case 'timeout':
        return { end: 'timed-out' }
      case 'gone':
        return { end: 'port-gone' }
      case 'garbage':
        heard.push(`${event.bytes.length} bytes that are no text`)
        return undefined
      case 'prompt':
        heard.push('a prompt for data')
        return undefined
    }
    const { text } = event
    const wasMessage = isMessage
    isMessage = !wasMessage && MESSAGE.test(text)
    if (wasMessage || isMessage) {
      heard.push(text)
      return undefined
    }
    if (text === command.text) return undefined
    if (text === 'OK') {
      const found = reply ?? bare
      const isMissing = command.reply !== undefined && found === undefined
      if (isMissing || isContradicted) return { end: 'garbage', heard: [...heard, ...lines] }
      return { end: 'ok', reply: found, lines }
    }
    if (text === 'ERROR' || OTHER_NOES.test(text)) return { end: 'error' }
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
    hear: event => {
      if (ended) return undefined
      const end = ending(event)
      ended = end !== undefined
      return end
    },
  }
}

/** TS 27.007 §9.2.1: the numbers that tell of the card, and those that modems answer to card commands. */
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

/** The modem said this number, or its words where it was set to words. */
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
      return end.why ?? 'nothing before the deadline'
    case 'port-gone':
      return 'nothing: the port is gone'
    case 'garbage':
      return `OK without one clear answer${end.heard.length > 0 ? `, besides ${end.heard.length} other lines` : ''}`
  }
}
