import { listEvidence, readEvidence } from '../../evidence/evidence-file.ts'
import type { Store } from './store.ts'

/**
 * Rebuilds the rows of each run without a stored end, and marks interrupted runs. Returns errors of unreadable
 * evidence, which do not affect other runs.
 */
export const rebuildStore = async (store: Store, evidenceFolder: string): Promise<Error[]> => {
  const damaged: Error[] = []
  for (const runId of listEvidence(evidenceFolder)) {
    const known = await store.run(runId)
    if (known !== undefined && known.state !== 'running') continue
    try {
      for (const event of readEvidence(evidenceFolder, runId)) await store.apply(event)
    } catch (error) {
      damaged.push(error as Error)
    }
  }
  await store.interruptRunning()
  return damaged
}
