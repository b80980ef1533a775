import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { ROOT } from '../paths.ts'

/** Below the project, so that what is compiled finds its packages. */
const COMPILED = join(ROOT, 'node_modules', '.cache', 'esim-bench-test')

export interface BenchProgram {
  /** Runs `esim-bench ARGS` as a process of its own; resolves when it has ended. */
  run(
    args: readonly string[],
    at: {
      readonly folder: string
      readonly environment: NodeJS.ProcessEnv
      /** Having read this on stdout, nobody reads on. */
      readonly until?: RegExp
      /** An open file that stdout goes to, in place of being read. */
      readonly stdout?: number
    },
  ): Promise<Ended>
  /** One that goes on; resolves when it has said `until` on stdout. */
  start(
    args: readonly string[],
    at: { readonly folder: string; readonly environment: NodeJS.ProcessEnv; readonly until: RegExp },
  ): Promise<Running>
  remove(): void
}
export interface Running {
  readonly ended: Promise<Ended & { readonly signal: NodeJS.Signals | null }>
  kill(signal: NodeJS.Signals): void
}
export interface Ended {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

/** The bench as it is in the sources, for a Node that does not take types off by itself. */
export const compileBench = async (): Promise<BenchProgram> => {
  const folder = join(COMPILED, `bench-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'silent',
    build: {
      ssr: join(ROOT, 'src', 'cli', 'main.ts'),
      outDir: join(folder, 'dist'),
      minify: false,
      // One folder for all, as deep as the sources, from where the bench finds its rigs.
      rolldownOptions: { output: { entryFileNames: 'bench/main.mjs', chunkFileNames: 'bench/[name]-[hash].mjs' } },
    },
  })
  for (const name of ['rigs', 'package.json']) symlinkSync(join(ROOT, name), join(folder, name))
  const start = join(folder, 'start.mjs')
  writeFileSync(
    start,
    "import { main } from './dist/bench/main.mjs'\nprocess.exitCode = await main(process.argv.slice(2))\n",
  )
  return {
    run: (args, at) =>
      new Promise((ended, reject) => {
        const child = spawn(process.execPath, [start, ...args], {
          cwd: at.folder,
          env: { ...process.env, ...at.environment },
          stdio: ['ignore', at.stdout ?? 'pipe', 'pipe'],
        })
        let [out, err] = ['', '']
        child.stdout?.on('data', chunk => {
          out += chunk
          if (at.until?.test(out)) child.stdout?.destroy()
        })
        child.stderr?.on('data', chunk => {
          err += chunk
        })
        child.once('error', reject)
        child.once('close', exitCode => ended({ exitCode, out, err }))
      }),
    start: (args, at) =>
      new Promise((started, reject) => {
        const child = spawn(process.execPath, [start, ...args], {
          cwd: at.folder,
          env: { ...process.env, ...at.environment },
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        let [out, err] = ['', '']
        let isUp = false
        const ended: Running['ended'] = new Promise(done =>
          child.once('close', (exitCode, signal) => {
            if (!isUp) reject(new Error(`it ended with ${exitCode ?? signal}: ${err}`))
            done({ exitCode, signal, out, err })
          }),
        )
        child.stdout.on('data', chunk => {
          out += chunk
          if (isUp || !at.until.test(out)) return
          isUp = true
          started({ ended, kill: signal => void child.kill(signal) })
        })
        child.stderr.on('data', chunk => {
          err += chunk
        })
        child.once('error', reject)
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
