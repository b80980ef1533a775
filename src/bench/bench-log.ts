import pino from 'pino'
import { BenchError } from '../host/error.ts'
import { nearestKey } from '../host/yaml/near-key.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** The level of `ESIM_BENCH_LOG`, by default `info`. Throws `usage` if the level is unknown. */
export const checkLogLevel = ({ ESIM_BENCH_LOG: text }: NodeJS.ProcessEnv): LogLevel => {
  if (!text) return 'info'
  const level = LOG_LEVELS.find(known => known === text)
  if (level !== undefined) return level
  const near = nearestKey(text, LOG_LEVELS)
  throw new BenchError(
    'usage',
    `ESIM_BENCH_LOG ${JSON.stringify(text)} is no log level. ` +
      `${near === undefined ? '' : `Did you mean ${near}? `}The levels are: ${LOG_LEVELS.join(', ')}`,
  )
}

/** A JSON line of the log as a line for a person: time, level, message, then the other fields. */
export const formatLogLine = (json: string): string => {
  const { level, time, msg = '', err, ...fields } = JSON.parse(json) as Record<string, unknown>
  const name = pino.levels.labels[Number(level)] ?? String(level)
  const message = [msg, (err as { message?: string } | undefined)?.message].filter(Boolean).join(': ')
  const more = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`)
  // Texts of cards and servers may contain control characters, which a terminal would execute.
  const line = `${String(time).slice(11, 23)} ${name.padEnd(5)} ${message}${more.join('')}`
  return `${line.replace(/\p{Cc}/gu, ' ')}\n`
}

/** Opens the log file; `copy` receives each line in readable form. */
export const openBenchLog = (file: string, level: LogLevel, copy?: (line: string) => void): pino.Logger => {
  const destination = pino.destination({ dest: file, sync: true, mode: 0o600 })
  const options = { base: null, level, timestamp: pino.stdTimeFunctions.isoTime }
  if (copy === undefined) return pino(options, destination)
  const readable = { write: (line: string): void => copy(formatLogLine(line)) }
  return pino(options, pino.multistream([destination, readable].map(stream => ({ level: 'trace', stream }))))
}
