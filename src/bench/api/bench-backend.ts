import { relative } from 'node:path'
import { BenchError } from '../../host/error.ts'
import { VERSION } from '../../host/version.ts'
import { probeRig } from '../../rigs/attach.ts'
import { type Rig, summarizeRig } from '../../rigs/rig.ts'
import { createDeviceSession } from '../device/device-session.ts'
import type { Bench } from '../run/bench.ts'
import type { Backend } from './backend.ts'

/** Implements the API on a bench. */
export const createBackend = (
  bench: Bench,
  at: {
    readonly workingFolder: string
    readonly random: (length: number) => Uint8Array
    /** The default rig of runs and of the device. */
    readonly chosen: { rig: Rig; why: string }
    readonly rig: string | undefined
  },
): { backend: Backend; close(): Promise<void> } => {
  const { workplace, book } = bench
  const { rig, why } = at.chosen
  const device = createDeviceSession(bench, { rig: at.rig, summary: summarizeRig(rig, why), random: at.random })
  const near = relative(at.workingFolder, workplace.home.path)
  const backend: Backend = {
    info: async () => ({
      version: VERSION,
      home: near.startsWith('..') || near === '' ? workplace.home.path : near,
      // Readers and modems can be attached and removed at any time.
      why: await bench.choose(at.rig).then(
        now => now.why,
        (error: unknown) => {
          if (error instanceof BenchError) return error.message
          throw error
        },
      ),
    }),
    rigs: () =>
      Promise.all(
        workplace.rigs.map(async each => {
          const found = await probeRig(workplace.links)(each)
          return summarizeRig(each, found.attached ? 'It is attached.' : `It is not attached: ${found.reason}.`)
        }),
      ),
    runs: () => book.summaries(),
    eventsAfter: book.eventsAfter,
    async startRun(request) {
      const { runId } = await bench.begin(request.rig ?? at.rig)
      return { runId }
    },
    onEvent: book.onEvent,
    onChange: book.onChange,
    device,
  }
  return { backend, close: () => device.close() }
}
