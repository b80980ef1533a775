import { createBackend } from '../../bench/api/bench-backend.ts'
import { withContext } from '../../bench/context.ts'
import { type Bench, openBench } from '../../bench/run/bench.ts'
import type { Runtime } from '../../host/runtime.ts'
import { watchRigs } from '../../rigs/watch-rigs.ts'
import { createTerminal, type Terminal } from '../terminal.ts'
import { waitForInterrupt } from '../wait-for-interrupt.ts'
import { openPageServer } from './page-server.ts'
import { getSupply } from './run-command.ts'
import type { ServeOptions, StartOptions } from './run-options.ts'
import { showOutcome, showRuns } from './run-view.ts'

/** Runs the services and the dashboard during `work`. */
const whileServing = (
  runtime: Runtime,
  options: ServeOptions & Partial<StartOptions>,
  work: (at: { bench: Bench; terminal: Terminal; address: string; why: string }) => Promise<number>,
): Promise<number> => {
  const supply = getSupply(options)
  const terminal = createTerminal(runtime)
  return withContext(runtime, options, async context => {
    const bench = await openBench({ ...runtime, workplace: context, ...supply, signal: runtime.interrupt })
    try {
      const chosen = await bench.choose(options.rig)
      const backend = createBackend(bench, { ...runtime, chosen, rig: options.rig })
      const page = await openPageServer(backend.backend, options.port, error => context.log.error({ err: error }))
      const stop = showRuns(bench.book, terminal)
      const stopWatching = watchRigs({
        ...context,
        print: sentence => terminal.line(sentence),
        note: sentence => context.log.info(sentence),
      })
      try {
        return await work({ bench, terminal, address: page.address, why: chosen.why })
      } finally {
        stopWatching()
        stop()
        await backend.close()
        await page.close()
      }
    } finally {
      await bench.close()
    }
  })
}

export const serveCommand = (runtime: Runtime, options: ServeOptions): Promise<number> =>
  whileServing(runtime, options, async ({ terminal, address, why, bench }) => {
    terminal.line(why)
    terminal.line(`dashboard: ${address}`)
    terminal.line(
      `SM-DP+: ${bench.services.smdpHost} on 127.0.0.1:${bench.services.addresses.find(bench.services.smdpHost)?.port}`,
    )
    terminal.line('Press Ctrl-C to stop.')
    await waitForInterrupt(runtime.interrupt)
    return 0
  })

export const startCommand = (runtime: Runtime, options: StartOptions): Promise<number> =>
  whileServing(runtime, options, async ({ bench, terminal, address, why }) => {
    terminal.line(why)
    terminal.line()
    const { done } = await bench.begin(options.rig)
    const outcome = await done
    showOutcome(outcome, terminal)
    const exitCode = outcome.verdict === 'pass' ? 0 : 1
    if (options.once || runtime.interrupt.aborted) return exitCode
    terminal.line(`dashboard: ${address}`)
    terminal.line('The services and the dashboard keep running. Press Ctrl-C to stop.')
    await waitForInterrupt(runtime.interrupt)
    return 0
  })
