import { openBench } from '../run/bench.ts'
import { readSupply, type Supply } from '../services/stock.ts'
import { type CardOptions, readInput } from './options.ts'
import { jsonOutcome, showOutcome, showRuns } from './run-view.ts'
import { createTerminal, printJson, type World } from './terminal.ts'
import { atWork } from './workplace.ts'

export interface RunOptions extends CardOptions {
  readonly profile?: string
}

/** The profile of `--profile`, read before anything is touched. */
export const supplyOf = ({ profile }: RunOptions): { supply?: Supply } =>
  profile === undefined ? {} : { supply: readSupply(readInput(profile, 'profile file'), profile) }

export const runCommand = async (world: World, options: RunOptions): Promise<number> => {
  const supply = supplyOf(options)
  const terminal = createTerminal(world, options.json)
  return atWork(world, options, async workplace => {
    const bench = await openBench({ ...world, workplace, ...supply, signal: world.interrupt })
    try {
      const stop = showRuns(bench.book, terminal)
      if (options.rig === undefined) terminal.line((await bench.choose()).why)
      const { done } = await bench.begin(options.rig)
      const outcome = await done
      stop()
      showOutcome(outcome, terminal)
      if (options.json) printJson(world, jsonOutcome(outcome))
      if (outcome.verdict !== 'pass') world.err.write(`esim-bench: ${outcome.verdict}: ${outcome.summary}\n`)
      return outcome.verdict === 'pass' ? 0 : 1
    } finally {
      await bench.close()
    }
  })
}
