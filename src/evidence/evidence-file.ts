import { closeSync, existsSync, fdatasyncSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BenchError } from '../host/error.ts'
import type { BenchEvent } from './events.ts'

/** The append-only file of one run: one line for each event. */
export interface EvidenceFile {
  readonly path: string
  append(event: BenchEvent): void
  /** After it returns, the appended events survive a power loss. */
  sync(): void
  close(): void
}

/** Run IDs sort by start time and need no escaping in a path or URL. */
export const isRunId = (text: string): boolean => /^[0-9]{8}T[0-9]{9}Z-[0-9a-f]{6}$/.test(text)

export const createRunId = (now: Date, random: (length: number) => Uint8Array): string =>
  `${now.toISOString().replace(/[-:.]/g, '')}-${Buffer.from(random(3)).toString('hex')}`

export const evidencePath = (folder: string, runId: string): string => join(folder, `${runId}.jsonl`)

export const createEvidenceFile = (folder: string, runId: string): EvidenceFile => {
  const path = evidencePath(folder, runId)
  const file = openSync(path, 'ax', 0o600)
  return {
    path,
    append: event => void writeSync(file, `${JSON.stringify(event)}\n`),
    sync: () => fdatasyncSync(file),
    close: () => closeSync(file),
  }
}

/** Reads the events of a run. Ignores an incomplete last line. Throws a BenchError `home-damaged` for any other invalid line. */
export const readEvidence = (folder: string, runId: string): BenchEvent[] => {
  const path = evidencePath(folder, runId)
  if (!isRunId(runId) || !existsSync(path))
    throw new BenchError('no-such-run', `There is no run ${JSON.stringify(runId)} in the state folder.`)
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line, index) => {
    if (line === '') return []
    try {
      const event = JSON.parse(line) as BenchEvent
      if (event.seq !== index + 1) throw new SyntaxError(`event ${event.seq} in line ${index + 1}`)
      return [event]
    } catch (error) {
      if (index === lines.length - 1) return []
      throw new BenchError(
        'home-damaged',
        `${path}, line ${index + 1} is not an event of this run. The file was changed or damaged.`,
        { cause: error },
      )
    }
  })
}

/** The run IDs of all evidence files, oldest first. */
export const listEvidence = (folder: string): string[] =>
  readdirSync(folder)
    .filter(name => name.endsWith('.jsonl') && isRunId(name.slice(0, -6)))
    .map(name => name.slice(0, -6))
    .sort()
