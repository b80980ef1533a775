import type { ModemFault, ModemQuirks } from './at-modem-quirks.ts'

/** A timer: calls `run` after `ms` milliseconds, unless the returned function is called first. */
export type Schedule = (ms: number, run: () => void) => () => void

/** The result of a command: information lines and OK, or an error line or CME number (TS 27.007 §9.2). */
export type AtAnswer =
  | { readonly lines: readonly string[] }
  | { readonly error: number | string }
  /** The response that a fault sends. */
  | { readonly instead: ModemFault['answer'] }
export const AT_OK: AtAnswer = { lines: [] }
export const AT_ERROR: AtAnswer = { error: 'ERROR' }
export const createCmeError = (error: number): AtAnswer => ({ error })

/** A command: its name without `AT+`, its suffix (`=...`, `?`, or empty), and the line. */
export interface SimulatedCommand {
  readonly name: string
  readonly rest: string
}
/** Undefined: this part does not support the command. */
export type AtCommandHandler = (command: SimulatedCommand) => Promise<AtAnswer> | AtAnswer | undefined

const CME_ERROR_TEXTS: Readonly<Record<number, string>> = {
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
  quirks,
  schedule,
  handlers,
  sim,
}: {
  quirks: ModemQuirks
  schedule: Schedule
  handlers: readonly AtCommandHandler[]
  /** The number of card resets ends faults with `untilReset`. */
  sim: { readonly resets: number }
}) => {
  let output: (bytes: Uint8Array) => void = () => {}
  let input = ''
  let echo = quirks.echo ?? true
  let errors: 'plain' | 'numbers' | 'words' = 'plain'
  let last: Promise<void> = Promise.resolve()
  /** Incremented when the modem leaves: earlier commands get no response. */
  let generation = 0
  let afterAnswer: (() => void) | undefined
  const receivedLines: string[] = []
  const commandCounts = new Map<string, number>()
  const faultStates = (quirks.faults ?? []).map(fault => ({ fault, applied: 0, resets: 0 }))

  const send = (text: string): void => {
    if (quirks.pieces === 'bytes') for (const byte of latin1(text)) output(Uint8Array.of(byte))
    else output(latin1(text))
  }
  const sendLines = (lines: readonly string[]): void => {
    const texts = lines.flatMap(line => [...(quirks.news ?? []), line]).map(line => `\r\n${line}\r\n`)
    const nul = quirks.nul ? '\0\0' : ''
    if (quirks.pieces === 'lines') for (const text of texts) send(`${nul}${text}`)
    else send(texts.map(text => `${nul}${text}`).join(''))
  }

  const errorLine = (error: string | number): string => {
    if (typeof error === 'string' && !error.startsWith('+CME ERROR: ')) return error
    const number = typeof error === 'number' ? error : Number(error.slice('+CME ERROR: '.length))
    if (Number.isNaN(number)) return String(error)
    if (errors === 'plain') return 'ERROR'
    return `+CME ERROR: ${errors === 'words' ? (CME_ERROR_TEXTS[number] ?? number) : number}`
  }

  const identity = ({ name, rest }: SimulatedCommand): AtAnswer | undefined => {
    const { manufacturer = 'Emulated', model = 'AT modem', firmware = 'R1' } = quirks
    if (rest === '' || (name === 'CGSN' && rest === '=1')) {
      if (name === 'I') return { lines: [manufacturer, model, `Revision: ${firmware}`] }
      if (name === 'CGMI' || name === 'GMI') return { lines: [manufacturer] }
      if (name === 'CGMM' || name === 'GMM') return { lines: [model] }
      if (name === 'CGMR' || name === 'GMR') return { lines: [firmware] }
      if (name === 'CGSN' || name === 'GSN') return { lines: [EMULATED_IMEI] }
    }
    if (name === 'CLAC' && rest === '' && quirks.listed) return { lines: quirks.listed }
    if (name === 'CMEE' && /^=[012]$/.test(rest)) {
      errors = (['plain', 'numbers', 'words'] as const)[Number(rest[1])]!
      return AT_OK
    }
    return undefined
  }

  /** One command without `AT`: `E0`, `+CGSN`, `+CGLA=1,10,"..."`. */
  const execute = async (text: string): Promise<AtAnswer> => {
    const basic = /^(?:([EVQ])(\d?)|([Z&]F?\d?))$/i.exec(text)
    if (basic) {
      if (basic[1]?.toUpperCase() === 'E' && !quirks.echoStays) echo = basic[2] === '1'
      return AT_OK
    }
    if (text.toUpperCase() === 'I') return identity({ name: 'I', rest: '' })!
    const extended = /^\+([A-Z0-9]+)(.*)$/i.exec(text)
    if (!extended) return AT_ERROR
    const command = { name: extended[1]!.toUpperCase(), rest: extended[2]! }
    if (quirks.without?.includes(command.name)) return AT_ERROR
    if (command.rest === '=?') {
      const isKnown = KNOWN_TESTS.includes(command.name)
      if (quirks.testCommands === 'silent') return { instead: 'silence' }
      return isKnown && quirks.testCommands !== 'refused' ? AT_OK : AT_ERROR
    }
    const fault = faultFor(command)
    if (fault && !fault.reachesCard) return { instead: fault.answer }
    const answer = (await (identity(command) ?? findAnswer(handlers, command))) ?? AT_ERROR
    return fault ? { instead: fault.answer } : answer
  }

  const faultFor = ({ name, rest }: SimulatedCommand): ModemFault | undefined => {
    const count = commandCounts.get(name) ?? 0
    commandCounts.set(name, count + 1)
    for (const entry of faultStates) {
      const { fault } = entry
      if (fault.command !== name || count < (fault.after ?? 0)) continue
      if (fault.times !== undefined && entry.applied >= fault.times) continue
      if (fault.unlessMatches !== undefined && new RegExp(fault.unlessMatches).test(rest)) continue
      if (fault.untilReset && sim.resets > 0) continue
      entry.applied++
      return fault
    }
    return undefined
  }

  const answerLine = async (line: string): Promise<void> => {
    receivedLines.push(line)
    const now = generation
    if (quirks.diesAfter !== undefined && receivedLines.length > quirks.diesAfter) return
    if (echo) send(`${line}\r`)
    const text = /^at(.*)$/is.exec(line.trim())?.[1]
    if (text === undefined) return
    for (const command of splitCommands(text)) {
      const name = /^\+([A-Z0-9]+)/i.exec(command)?.[1]?.toUpperCase() ?? ''
      const answer = await execute(command)
      await delay(name)
      if (now !== generation) return
      if ('instead' in answer)
        return answer.instead === 'silence' ? undefined : sendLines(answer.instead.map(errorLine))
      if ('error' in answer) return sendLines([errorLine(answer.error)])
      if (answer.lines.length > 0) sendLines(answer.lines)
    }
    sendLines(['OK'])
  }

  const delay = (name: string): Promise<void> | undefined => {
    const slow = quirks.slow?.[name]
    const delayed = commandCounts.get(`${name} slow`) ?? 0
    if (!slow || (slow.times !== undefined && delayed >= slow.times)) return undefined
    commandCounts.set(`${name} slow`, delayed + 1)
    return new Promise(resolve => void schedule(slow.ms, resolve))
  }

  return {
    receivedLines: receivedLines as readonly string[],
    receive: (bytes: Uint8Array): void => {
      input += String.fromCharCode(...bytes.filter(byte => byte !== 0x0a))
      for (let end = input.indexOf('\r'); end >= 0; end = input.indexOf('\r')) {
        const line = input.slice(0, end)
        input = input.slice(end + 1)
        last = last.then(async () => {
          await answerLine(line)
          const then = afterAnswer
          afterAnswer = undefined
          then?.()
        })
      }
    },
    onSend: (listener: (bytes: Uint8Array) => void): void => {
      output = listener
    },
    /** Calls `then` after the response of the current command. */
    onceAnswered: (then: () => void): void => {
      afterAnswer = then
    },
    /** Sends a URC. */
    sendUrc: (line: string): void => {
      if (quirks.diesAfter === undefined || receivedLines.length <= quirks.diesAfter) send(`\r\n${line}\r\n`)
    },
    /** The modem lost power: the settings return to their defaults. */
    restoreDefaults: (): void => {
      generation++
      input = ''
      echo = quirks.echo ?? true
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

const findAnswer = (
  handlers: readonly AtCommandHandler[],
  command: SimulatedCommand,
): Promise<AtAnswer> | AtAnswer | undefined => {
  for (const handler of handlers) {
    const answer = handler(command)
    if (answer !== undefined) return answer
  }
  return undefined
}

/** V.250 §5.2.1: `E0V1;+CMEE=1` is three commands; a semicolon in quotes does not separate. */
const splitCommands = (text: string): string[] =>
  (text.match(/(?:"[^"]*"|[^;"])+/g) ?? []).flatMap(part =>
    /^(?:[EVQ]\d?|Z\d?|&F\d?)+$/i.test(part) ? (part.match(/[EVQZ]\d?|&F\d?/gi) ?? []) : [part],
  )
