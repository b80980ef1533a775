import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'vite'
import { ROOT } from '../../paths.ts'

/** Where compiled processes lie: below the project, so that they find its packages. */
const COMPILED = join(ROOT, 'node_modules/.cache/esim-bench-test')

export interface Compiled {
  readonly file: string
  remove(): void
}

/** A TypeScript file of the tests as something that every Node of ours runs; Node 20 does not take types off. */
export const compileProcess = async (source: string): Promise<Compiled> => {
  const folder = join(COMPILED, `${process.pid}-${source.replace(/\W/g, '-')}`)
  await build({
    configFile: false,
    logLevel: 'silent',
    // With its packages, but for the native one: a process that reads one file is there in half the time.
    ssr: { noExternal: true, external: ['libsql', 'pg-native'] },
    build: {
      ssr: join(ROOT, source),
      outDir: folder,
      emptyOutDir: true,
      minify: false,
      rolldownOptions: { output: { entryFileNames: 'process.mjs' } },
    },
  })
  return { file: join(folder, 'process.mjs'), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export interface ServerProcess {
  readonly port: number
  /** Steps that the process has said it passed. */
  readonly steps: readonly string[]
  readonly hasEnded: () => boolean
  /** How it ended: the signal, or its exit code with what it wrote to stderr. */
  readonly ended: Promise<string>
  kill(): void
  /** Some seconds go by for it, and it tells others what they are still to be told; resolves when it has tried. */
  deliver(): Promise<void>
  /** Ends it in peace. */
  close(): Promise<void>
}

/** Resolves when the server listens. */
export const startProcess = (file: string, environment: Readonly<Record<string, string>>): Promise<ServerProcess> => {
  const child: ChildProcess = spawn(process.execPath, [file], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  let hasEnded = false
  const ended = new Promise<string>(done =>
    child.on('close', (code, signal) => {
      hasEnded = true
      done(signal ?? `exit ${code}: ${errors}`)
    }),
  )
  // It may end while it is written to.
  child.stdin!.on('error', () => undefined)
  const steps: string[] = []
  const delivering: (() => void)[] = []
  void ended.then(() => {
    for (const done of delivering.splice(0)) done()
  })
  return new Promise((succeed, fail) => {
    createInterface({ input: child.stdout! }).on('line', line => {
      const said = JSON.parse(line) as { port?: number; step?: string; delivered?: true }
      if (said.delivered) delivering.shift()?.()
      if (said.step !== undefined) steps.push(said.step)
      if (said.port === undefined) return
      succeed({
        port: said.port,
        steps,
        hasEnded: () => hasEnded,
        ended,
        kill: () => void child.kill('SIGKILL'),
        deliver: () =>
          hasEnded
            ? Promise.resolve()
            : new Promise(done => {
                delivering.push(done)
                child.stdin!.write('deliver\n')
              }),
        async close() {
          child.stdin!.end()
          await ended
        },
      })
    })
    void ended.then(how => fail(new Error(`the server did not start: ${how}`)))
  })
}
