import type { Runtime } from '../../host/runtime.ts'
import { openStoreAt } from '../../services/smdp/store-location.ts'
import { showTable } from '../table.ts'
import { createTerminal, printJson } from '../terminal.ts'
import type { StoreOptions } from './smdp-options.ts'

/** Shows how many records a store keeps, and how many it dropped. */
export const showStatsCommand = async (runtime: Runtime, options: StoreOptions): Promise<number> => {
  const store = await openStoreAt(options.db, runtime, { mustExist: true })
  try {
    const { kept, waiting, dropped } = await store.readFigures()
    if (options.json) printJson(runtime, { kept, waiting, dropped })
    const terminal = createTerminal(runtime, options.json)
    const rows = Object.entries(kept).map(([kind, count]) => {
      const gone = dropped.filter(each => each.kind === kind)
      const last = gone.map(({ at }) => at.toISOString().slice(0, 19)).sort()
      return [kind, String(count), String(gone.reduce((sum, { count }) => sum + count, 0)), last.at(-1) ?? '-']
    })
    for (const line of showTable(['records', 'kept', 'dropped', 'last'], rows)) terminal.line(line)
    for (const { requester, count, since } of waiting)
      terminal.line(`${count} reports wait for ${requester}, the oldest since ${since.toISOString().slice(0, 19)}`)
    for (const { kind, requester, count } of dropped)
      if (requester !== undefined) terminal.line(`${count} ${kind} for ${requester} were dropped`)
    return 0
  } finally {
    await store.close()
  }
}
