import { listEvidence, readEvidence } from '../../evidence/evidence-file.ts'
import type { Store } from './store.ts'

/**
 * Makes the rows of every run that has evidence and no end in a row, and marks those that no process will end any more.
 * Returns what evidence could not be read: a person should know, and the other runs should not suffer.
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
