import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFile } from '../host/state/replace-file.ts'
import { Aid } from './rig.ts'

/** What the bench found out about a rig by using it. Facts that a person writes down stand in the rig's own file. */
const Learned = z.object({
  /** The AID under which the ISD-R answered last. */
  aid: Aid.optional(),
  /** Bytes of a STORE DATA block that passed where longer ones did not, or that the next session is to try. */
  segmentSize: z.int().min(1).max(255).optional(),
  /** When that was found out, and what it was found out of: of another reader, modem firmware or card it says nothing. */
  segmentSizeOf: z.object({ at: z.iso.datetime(), way: z.string(), atr: z.string() }).optional(),
  /** The way through a modem that worked last. */
  apdu: z.enum(['ccho-cgla', 'csim']).optional(),
})
export type Learned = z.infer<typeof Learned>

export interface LearnedFacts {
  of(rig: string): Learned
  /** Keeps what is new; the same again costs nothing. */
  learn(rig: string, fact: Learned): void
  /** All of it: what the rig is like is found out anew. False where nothing was known. */
  forget(rig: string): boolean
}

/** One JSON file a rig under `folder`, replaced whole, so that a power cut leaves the old one or the new one. */
export const openLearnedFacts = (folder: string): LearnedFacts => {
  const fileOf = (rig: string): string => join(folder, `${rig}.json`)
  const of = (rig: string): Learned => {
    try {
      return Learned.parse(JSON.parse(readFileSync(fileOf(rig), 'utf8')))
    } catch {
      // Nothing here is worth a refusal: what is lost or damaged is learnt again.
      return {}
    }
  }
  return {
    of,
    learn(rig, fact) {
      const before = of(rig)
      const after = { ...before, ...fact }
      const text = `${JSON.stringify(after, undefined, 2)}\n`
      if (text === `${JSON.stringify(before, undefined, 2)}\n`) return
      try {
        replaceFile(fileOf(rig), text, { file: 0o600, folder: 0o700 })
      } catch {
        // A card is in the middle of something, and a full disk is no reason to leave it there.
      }
    },
    forget(rig) {
      if (!existsSync(fileOf(rig))) return false
      rmSync(fileOf(rig))
      return true
    },
  }
}
