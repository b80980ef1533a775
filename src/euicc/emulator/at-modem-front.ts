import type { ModemFault, ModemQuirks } from './at-modem-quirks.ts'

/** A timer: calls `run` after `ms` milliseconds, unless the returned function is called first. */
export type Schedule = (ms: number, run: () => void) => () => void

/** The result of a command: information lines and OK, or an error line or CME number (TS 27.007 §9.2). */
export type AtAnswer =
  | { readonly lines: readonly string[] }
  | { readonly error: number | string }
  /** The response that a fault sends. */
  | { readonly instead: ModemFault['answer'] }
export const OK: AtAnswer = { lines: [] }
export const ERROR: AtAnswer = { error: 'ERROR' }
export const cme = (error: number): AtAnswer => ({ error })

/** A command: its name without `AT+`, its suffix (`=...`, `?`, or empty), and the line. */
export interface AtAsked {
  readonly name: string
  readonly rest: string
}
/** Undefined: this part does not support the command. */
export type AtFamily = (asked: AtAsked) => Promise<AtAnswer> | AtAnswer | undefined

const WORDS: Readonly<Record<number, string>> = {
  3: 'operation not allowed',
  4: 'operation not supported',
  10: 'SIM not inserted',
  13: 'SIM failure',
  14: 'SIM busy',
  20: 'memory full',
  22: 'not found',
  50: 'Incorrect parameters',
  100: 'unknown',
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0))

/** The line protocol of the modem with its quirks. Commands run one at a time; received bytes are queued meanwhile. */
export const createModemFront = ({
  manners,
  schedule,
  families,
  sim,
}: {
  manners: ModemQuirks
  schedule: Schedule
  families: readonly AtFamily[]
  /** Receives the actions of a fault on the card. */
  sim: { readonly resets: number }
}) => {
  let say: (bytes: Uint8Array) => void = () => {}
  let typed = ''
  let echo = manners.echo ?? true
  let errors: 'plain' | 'numbers' | 'words' = 'plain'
  let last: Promise<void> = Promise.resolve()
  /** Incremented when the modem leaves: earlier commands get no response. */
  let era = 0
  let uponAnswer: (() => void) | undefined
  const heard: string[] = []
  const counts = new Map<string, number>()
  const faultsOf = (manners.faults ?? []).map(fault => ({ fault, gone: 0, resets: 0 }))

  const send = (text: string): void => {
    if (manners.pieces === 'bytes') for (const byte of latin1(text)) say(Uint8Array.of(byte))
    else say(latin1(text))
  }
  const sendLines = (lines: readonly string[]): void => {
    const texts = lines.flatMap(line => [...(manners.news ?? []), line]).map(line => `\r\n${line}\r\n`)
    const nul = manners.nul ? '\0\0' : ''
    if (manners.pieces === 'lines') for (const text of texts) send(`${nul}${text}`)
    else send(texts.map(text => `${nul}${text}`).join(''))
  }

  const errorLine = (error: string | number): string => {
    if (typeof error === 'string' && !error.startsWith('+CME ERROR: ')) return error
    const number = typeof error === 'number' ? error : Number(error.slice('+CME ERROR: '.length))
    if (Number.isNaN(number)) return String(error)
    if (errors === 'plain') return 'ERROR'
    return `+CME ERROR: ${errors === 'words' ? (WORDS[number] ?? number) : number}`
  }

  const identity = ({ name, rest }: AtAsked): AtAnswer | undefined => {
    const { manufacturer = 'Emulated', model = 'AT modem', firmware = 'R1' } = manners
    if (rest === '' || (name === 'CGSN' && rest === '=1')) {
      if (name === 'I') return { lines: [manufacturer, model, `Revision: ${firmware}`] }
      if (name === 'CGMI' || name === 'GMI') return { lines: [manufacturer] }
      if (name === 'CGMM' || name === 'GMM') return { lines: [model] }
      if (name === 'CGMR' || name === 'GMR') return { lines: [firmware] }
      if (name === 'CGSN' || name === 'GSN') return { lines: [EMULATED_IMEI] }
    }
    if (name === 'CLAC' && rest === '' && manners.listed) return { lines: manners.listed }
    if (name === 'CMEE' && /^=[012]$/.test(rest)) {
      errors = (['plain', 'numbers', 'words'] as const)[Number(rest[1])]!
      return OK
    }
    return undefined
  }

  /** One command without `AT`: `E0`, `+CGSN`, `+CGLA=1,10,"..."`. */
  const carryOut = async (command: string): Promise<AtAnswer> => {
    const basic = /^(?:([EVQ])(\d?)|([Z&]F?\d?))$/i.exec(command)
    if (basic) {
      if (basic[1]?.toUpperCase() === 'E' && !manners.echoStays) echo = basic[2] === '1'
      return OK
    }
    if (command.toUpperCase() === 'I') return identity({ name: 'I', rest: '' })!
    const extended = /^\+([A-Z0-9]+)(.*)$/i.exec(command)
    if (!extended) return ERROR
    const asked = { name: extended[1]!.toUpperCase(), rest: extended[2]! }
    if (manners.without?.includes(asked.name)) return ERROR
    if (asked.rest === '=?') {
      const isKnown = KNOWN_TESTS.includes(asked.name)
      if (manners.testCommands === 'silent') return { instead: 'silence' }
      return isKnown && manners.testCommands !== 'refused' ? OK : ERROR
    }
    const faulty = faultFor(asked)
    if (faulty && !faulty.reachesCard) return { instead: faulty.answer }
    const answer = (await (identity(asked) ?? firstOf(families, asked))) ?? ERROR
    return faulty ? { instead: faulty.answer } : answer
  }

  const faultFor = ({ name, rest }: AtAsked): ModemFault | undefined => {
    const count = counts.get(name) ?? 0
    counts.set(name, count + 1)
    for (const entry of faultsOf) {
      const { fault } = entry
      if (fault.command !== name || count < (fault.after ?? 0)) continue
      if (fault.times !== undefined && entry.gone >= fault.times) continue
      if (fault.unlessMatches !== undefined && new RegExp(fault.unlessMatches).test(rest)) continue
      if (fault.untilReset && sim.resets > 0) continue
      entry.gone++
      return fault
    }
    return undefined
  }

  const answerLine = async (line: string): Promise<void> => {
    heard.push(line)
    const now = era
    if (manners.diesAfter !== undefined && heard.length > manners.diesAfter) return
    if (echo) send(`${line}\r`)
    const text = /^at(.*)$/is.exec(line.trim())?.[1]
    if (text === undefined) return
    for (const command of splitCommands(text)) {
      const name = /^\+([A-Z0-9]+)/i.exec(command)?.[1]?.toUpperCase() ?? ''
      const answer = await carryOut(command)
      await pass(name)
      if (now !== era) return
      if ('instead' in answer)
        return answer.instead === 'silence' ? undefined : sendLines(answer.instead.map(errorLine))
      if ('error' in answer) return sendLines([errorLine(answer.error)])
      if (answer.lines.length > 0) sendLines(answer.lines)
    }
    sendLines(['OK'])
  }

  const pass = (name: string): Promise<void> | undefined => {
    const slow = manners.slow?.[name]
    const taken = counts.get(`${name} slow`) ?? 0
    if (!slow || (slow.times !== undefined && taken >= slow.times)) return undefined
    counts.set(`${name} slow`, taken + 1)
    return new Promise(resolve => void schedule(slow.ms, resolve))
  }

  return {
    heard: heard as readonly string[],
    hear: (bytes: Uint8Array): void => {
      typed += String.fromCharCode(...bytes.filter(byte => byte !== 0x0a))
      for (let end = typed.indexOf('\r'); end >= 0; end = typed.indexOf('\r')) {
        const line = typed.slice(0, end)
        typed = typed.slice(end + 1)
        last = last.then(async () => {
          await answerLine(line)
          const then = uponAnswer
          uponAnswer = undefined
          then?.()
        })
      }
    },
    onSay: (listener: (bytes: Uint8Array) => void): void => {
      say = listener
    },
    /** Calls `listener` after the response of the current command. */
    onceAnswered: (then: () => void): void => {
      uponAnswer = then
    },
    /** Sends a URC. */
    tell: (line: string): void => {
      if (manners.diesAfter === undefined || heard.length <= manners.diesAfter) send(`\r\n${line}\r\n`)
    },
    /** The modem lost power: the settings return to their defaults. */
    forget: (): void => {
      era++
      typed = ''
      echo = manners.echo ?? true
      errors = 'plain'
      last = Promise.resolve()
    },
    idle: async (): Promise<void> => {
      for (let seen = last; ; seen = last) {
        await seen
        if (seen === last) return
      }
    },
  }
}

/** The example IMEI of GSMA documents, which no device has. It identifies the simulator. */
export const EMULATED_IMEI = '356938035643809'
const KNOWN_TESTS = ['CCHO', 'CCHC', 'CGLA', 'CSIM', 'CFUN', 'CREG', 'CGREG', 'CEREG', 'C5GREG', 'COPS']

const firstOf = (families: readonly AtFamily[], asked: AtAsked): Promise<AtAnswer> | AtAnswer | undefined => {
  for (const family of families) {
    const answer = family(asked)
    if (answer !== undefined) return answer
  }
  return undefined
}

/** V.250 §5.2.1: `E0V1;+CMEE=1` is three commands; a semicolon in quotes does not separate. */
const splitCommands = (text: string): string[] =>
  (text.match(/(?:"[^"]*"|[^;"])+/g) ?? []).flatMap(part =>
    /^(?:[EVQ]\d?|Z\d?|&F\d?)+$/i.test(part) ? (part.match(/[EVQZ]\d?|&F\d?/gi) ?? []) : [part],
  )
