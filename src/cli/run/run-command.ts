import { withContext } from '../../bench/context.ts'
import { openBench } from '../../bench/run/bench.ts'
import type { Runtime } from '../../host/runtime.ts'
import { readSupply, type Supply } from '../../services/stock.ts'
import { readInput } from '../options.ts'
import { createTerminal, printJson } from '../terminal.ts'
import type { RunOptions } from './run-options.ts'
import { showOutcome, showRuns, toJsonOutcome } from './run-view.ts'

/** Reads the package of `--profile`, before the rig is opened. */
export const getSupply = ({ profile }: Pick<RunOptions, 'profile'>): { supply?: Supply } =>
  profile === undefined ? {} : { supply: readSupply(readInput(profile, 'profile file'), profile) }

export const runCommand = async (runtime: Runtime, options: RunOptions): Promise<number> => {
  const supply = getSupply(options)
  const terminal = createTerminal(runtime, options.json)
  return withContext(runtime, options, async context => {
    const bench = await openBench({ ...runtime, workplace: context, ...supply, signal: runtime.interrupt })
    try {
      const stop = showRuns(bench.book, terminal)
      if (options.rig === undefined) terminal.line((await bench.choose()).why)
      const { done } = await bench.begin(options.rig)
      const outcome = await done
      stop()
      showOutcome(outcome, terminal)
      if (options.json) printJson(runtime, toJsonOutcome(outcome))
      if (outcome.verdict !== 'pass') runtime.err.write(`esim-bench: ${outcome.verdict}: ${outcome.summary}\n`)
      return outcome.verdict === 'pass' ? 0 : 1
    } finally {
      await bench.close()
    }
  })
}
