import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { LONGEST_LINE, readObject } from '../../apdu/json/apdu-json.ts'
import type { JsonAnswerer } from '../../apdu/json/json-answerer.ts'
import { createLineFraming } from '../../apdu/json/lines.ts'
import { createMutex } from '../../apdu/mutex.ts'
import { BenchError } from '../../host/error.ts'
import { killGroup } from '../../host/kill-group.ts'

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Finds the program of `$LPAC`, otherwise `lpac` on the path. Throws `no-program`. */
export const findLpac = (environment: NodeJS.ProcessEnv, workingFolder: string): string => {
  const named = environment.LPAC
  if (named) {
    const path = resolve(workingFolder, named)
    if (isProgram(path)) return path
    throw new BenchError('no-program', `LPAC names ${named}, which is not a program. Set LPAC to the path of lpac.`)
  }
  const found = (environment.PATH ?? '')
    .split(delimiter)
    .filter(folder => folder !== '')
    .map(folder => join(folder, 'lpac'))
    .find(isProgram)
  if (found) return found
  throw new BenchError(
    'no-program',
    'no lpac is installed: LPAC is not set, and the path contains no lpac. ' +
      'Install it (github.com/estkme-group/lpac), or set LPAC to its path.',
  )
}

const isPreview = (payload: unknown): boolean =>
  payload !== null && typeof payload === 'object' && (payload as { message?: unknown }).message === 'preview'

/** How long lpac may take to end after SIGTERM. */
const EXIT_MS = 2_000
/** Longer than each HTTP request of lpac: a request contains at most a signed notification. */
const LONGEST_LPAC_LINE = 8 * LONGEST_LINE

/**
 * Runs lpac until it ends and resolves with its exit code. Answers its APDU requests, and its HTTP requests if
 * `answerHttp` is given. Every other line is passed to `out` unchanged.
 */
export const runLpac = (at: {
  readonly lpac: string
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly workingFolder: string
  readonly card: JsonAnswerer
  readonly answerHttp?: (payload: unknown) => Promise<string>
  /** Asks the user about the profile that lpac shows. lpac reads the reply from its standard input. */
  readonly isWanted: () => Promise<boolean>
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly signal: AbortSignal
}): Promise<number> =>
  new Promise((done, fail) => {
    const { lpac, args, card, signal } = at
    const child = spawn(lpac, args, {
      cwd: at.workingFolder,
      env: { ...at.environment, LPAC_APDU: 'stdio', ...(at.answerHttp ? { LPAC_HTTP: 'stdio' } : {}) },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A separate process group, so that the child processes of lpac end with it.
      detached: true,
    })
    const read = createLineFraming(LONGEST_LPAC_LINE)
    const runExclusive = createMutex()
    const kill = (): void => killGroup(child, 'SIGKILL')
    let late: NodeJS.Timeout | undefined
    const stop = (): void => {
      killGroup(child, 'SIGTERM')
      late = setTimeout(kill, EXIT_MS)
    }
    const stopFor = (error: unknown): void => {
      fail(error)
      kill()
    }

    const answer = async (line: string): Promise<string | undefined> => {
      const object = readObject(line)
      if (object?.type === 'apdu') return `${await card.answer(line)}\n`
      if (object?.type === 'http' && at.answerHttp) return `${await at.answerHttp(object.payload)}\n`
      at.out(`${line}\n`)
      // One character without a line end: lpac reads the next character as the next answer.
      if (object?.type === 'progress' && isPreview(object.payload)) return (await at.isWanted()) ? 'y' : 'n'
      return undefined
    }

    child.once('error', cause =>
      fail(
        new BenchError(
          'no-program',
          `lpac (${lpac}) cannot be started: ${cause.message}. Set LPAC to a program that runs.`,
          { cause },
        ),
      ),
    )
    child.stdin.on('error', () => undefined)
    child.stdout.on('data', (chunk: Buffer) => {
      for (const line of read(chunk))
        void runExclusive(async () => {
          if (line.kind === 'overlong') return kill()
          const reply = await answer(line.text)
          if (reply !== undefined) child.stdin.write(reply)
        }).catch(stopFor)
    })
    child.stderr.on('data', (chunk: Buffer) => at.err(chunk.toString('utf8')))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    child.once('close', code => {
      clearTimeout(late)
      signal.removeEventListener('abort', stop)
      // The last line may have no line end.
      for (const line of read(Buffer.from('\n')))
        void runExclusive(async () => {
          if (line.kind === 'line') at.out(`${line.text}\n`)
        })
      runExclusive(() => card.end()).then(() => done(code ?? 1), fail)
    })
  })
