import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import type { PkiOptions, RecordingOptions } from '../bench/context.ts'
import { BenchError } from '../host/error.ts'
import type { CurveOption } from '../host/pki/card-pki.ts'
import { describeFileError } from '../host/state/file-error.ts'

/** Options of each command that uses a card. */
export interface CardOptions extends PkiOptions, RecordingOptions {
  readonly rig?: string
  readonly json?: boolean
  /** The output in lpac's form. */
  readonly lpac?: boolean
}

export const readCurve = (text: string): CurveOption => {
  if (text === 'nist' || text === 'brainpool') return text
  throw new InvalidArgumentError('it must be nist or brainpool.')
}

export const readPort = (text: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('it must be a number from 0 to 65535 (0: any that is free).')
}

export const readHost = (text: string): string => {
  if (/^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(text))
    return text.toLowerCase()
  throw new InvalidArgumentError('it must be a host name such as smdp.example.com, without a port.')
}

export const readHostAndPort = (text: string): { host: string; port: number } => {
  const match = /^(\[[0-9a-f:]+\]|[^:\s]+):(\d{1,5})$/i.exec(text)
  if (!match || Number(match[2]) > 65_535)
    throw new InvalidArgumentError('it must be HOST:PORT, such as 127.0.0.1:8443.')
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port: Number(match[2]) }
}

export const readCount = (text: string): number => {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('it must be a number from 1 to 999999.')
}

export const readSeconds = (text: string): number => {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('it must be a number of seconds.')
}

export const readInput = (path: string, what: string): Uint8Array => {
  try {
    return new Uint8Array(readFileSync(path))
  } catch (error) {
    throw new BenchError('file-unreadable', `cannot read the ${what} ${path}: ${describeFileError(error)}`, {
      cause: error,
    })
  }
}
