import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFile } from '../host/state/replace-file.ts'
import { Aid } from './rig.ts'

/** Facts that the bench measured on a rig. Facts that a user knows are in the rig file. */
const Learned = z.object({
  /** The AID that selected the ISD-R last time. */
  aid: Aid.optional(),
  /** Bytes of a STORE DATA segment: a size that worked after a longer one failed, or that the next session tries. */
  segmentSize: z.int().min(1).max(255).optional(),
  /** When and with which transport and card the size was measured. It is not valid for others. */
  segmentSizeOf: z.object({ at: z.iso.datetime(), way: z.string(), atr: z.string() }).optional(),
  /** The AT commands for APDUs that worked last time. */
  apdu: z.enum(['ccho-cgla', 'csim']).optional(),
})
export type Learned = z.infer<typeof Learned>

export interface LearnedFacts {
  of(rig: string): Learned
  /** Stores a fact. A known fact causes no write. */
  learn(rig: string, fact: Learned): void
  /** Deletes all facts of the rig. False if there were none. */
  forget(rig: string): boolean
}

/** One JSON file for each rig in `folder`. A file is replaced atomically. */
export const openLearnedFacts = (folder: string): LearnedFacts => {
  const fileOf = (rig: string): string => join(folder, `${rig}.json`)
  const of = (rig: string): Learned => {
    try {
      return Learned.parse(JSON.parse(readFileSync(fileOf(rig), 'utf8')))
    } catch {
      // Missing or damaged facts are measured again.
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
        // A full disk must not interrupt an operation on the card.
      }
    },
    forget(rig) {
      if (!existsSync(fileOf(rig))) return false
      rmSync(fileOf(rig))
      return true
    },
  }
}
