import { z } from 'zod'
import { BenchError } from '../../host/error.ts'
import { readYamlFolder } from '../../host/yaml/yaml-folder.ts'
import type { ModemProfile } from '../../modem/profile.ts'

const Milliseconds = z.int().min(1).max(3_600_000)
const Command = z.string().regex(/^AT\S*( \S+)*$/, 'an AT command, beginning with AT')
const Pattern = z.string().min(1).refine(isPattern, 'not a valid regular expression')

function isPattern(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}

/** A file of rigs/modems: the properties of a modem family. */
const ModemProfileFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'a name is lower-case letters, digits and hyphens'),
  match: z
    .strictObject({
      manufacturer: Pattern.optional(),
      model: Pattern.optional(),
      information: Pattern.optional(),
    })
    .refine(match => Object.keys(match).length > 0, 'needs one of the keys manufacturer, model or information')
    .optional(),
  apdu: z.enum(['ccho-cgla', 'csim']).optional(),
  segmentSize: z.int().min(16).max(255).optional(),
  deadlines: z
    .strictObject({
      ordinary: Milliseconds.optional(),
      apdu: Milliseconds.optional(),
      closeChannel: Milliseconds.optional(),
      cardReady: Milliseconds.optional(),
      registration: Milliseconds.optional(),
    })
    .optional(),
  init: z.array(Command).optional(),
  wake: z.array(Command).optional(),
  reset: z
    .array(
      z.union([
        z.strictObject({ at: Command }),
        z.strictObject({ wait: Milliseconds }),
        z.strictObject({ reenumerates: Milliseconds }),
      ]),
    )
    .min(1)
    .optional(),
  refreshFlag: z.boolean().optional(),
  quirks: z
    .strictObject({
      noTestCommands: z.boolean().optional(),
      opensNothing: z.boolean().optional(),
      isdrNeedsProfile: z.boolean().optional(),
    })
    .optional(),
  note: z.string().min(1).optional(),
  source: z.array(z.string().min(1)).optional(),
})

/**
 * Reads the modem profiles of the folders, the last folder first: a profile of the user has priority over ours, and
 * replaces ours with the same name. The order within a folder is by file name.
 */
export const readModemProfiles = (folders: readonly string[]): ModemProfile[] => {
  const profiles = new Map<string, ModemProfile>()
  for (const folder of [...folders].reverse()) {
    const here = new Map<string, string>()
    for (const { file, content: profile } of readYamlFolder(ModemProfileFile, folder)) {
      const other = here.get(profile.name)
      if (other)
        throw new BenchError(
          'rig-file',
          `${file}: the modem profile ${profile.name} is already defined in ${other}. Give one of them another name.`,
        )
      here.set(profile.name, file)
      if (!profiles.has(profile.name)) profiles.set(profile.name, profile)
    }
  }
  return [...profiles.values()]
}
