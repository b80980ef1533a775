import { withContext } from '../../bench/context.ts'
import { openBench } from '../../bench/run/bench.ts'
import type { Runtime } from '../../host/runtime.ts'
import { readSupply, type Supply } from '../../services/stock.ts'
import { type CardOptions, readInput } from '../options.ts'
import { createTerminal, printJson } from '../terminal.ts'
import { jsonOutcome, showOutcome, showRuns } from './run-view.ts'

export interface RunOptions extends CardOptions {
  readonly profile?: string
}

/** The profile of `--profile`, read before anything is touched. */
export const supplyOf = ({ profile }: RunOptions): { supply?: Supply } =>
  profile === undefined ? {} : { supply: readSupply(readInput(profile, 'profile file'), profile) }

export const runCommand = async (runtime: Runtime, options: RunOptions): Promise<number> => {
  const supply = supplyOf(options)
  const terminal = createTerminal(runtime, options.json)
  return withContext(runtime, options, async workplace => {
    const bench = await openBench({ ...runtime, workplace, ...supply, signal: runtime.interrupt })
    try {
      const stop = showRuns(bench.book, terminal)
      if (options.rig === undefined) terminal.line((await bench.choose()).why)
      const { done } = await bench.begin(options.rig)
      const outcome = await done
      stop()
      showOutcome(outcome, terminal)
      if (options.json) printJson(runtime, jsonOutcome(outcome))
      if (outcome.verdict !== 'pass') runtime.err.write(`esim-bench: ${outcome.verdict}: ${outcome.summary}\n`)
      return outcome.verdict === 'pass' ? 0 : 1
    } finally {
      await bench.close()
    }
  })
}
