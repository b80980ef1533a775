import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { BenchError } from '../error.ts'
import type { RigSummary } from '../events.ts'
import { nearestKey } from './near-key.ts'
import { parseYaml } from './yaml-file.ts'

/** A reader is known by what stays the same when the machine restarts, never by its number. */
const PcscLink = z.strictObject({
  pcsc: z.strictObject({
    /** Part of the reader's name as PC/SC tells it. */
    reader: z.string().min(1),
    /** Which of several equal readers, counted in the order of their names. */
    slot: z.int().min(0).max(15).optional(),
    /** Which npm package speaks to PC/SC, where it must be a certain one. */
    binding: z.enum(['smartcard', 'pcsclite']).optional(),
  }),
})

const ModemLink = z.strictObject({
  modem: z.strictObject({
    /** A path that stays the same, as in /dev/serial/by-id or by-path. */
    port: z.string().min(1),
    baud: z.int().positive().optional(),
    /** How APDUs travel: logical channel commands, or the basic channel. */
    apdu: z.enum(['auto', 'ccho-cgla', 'csim']).optional(),
  }),
})

export const Rig = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'a name is lower-case letters, digits and hyphens'),
  description: z.string().min(1).optional(),
  link: z.union([z.literal('software'), PcscLink, ModemLink]),
  card: z
    .strictObject({
      /** The identity of the card that belongs here; another one in its place is a rig's mistake, not the card's. */
      eid: z
        .string()
        .regex(/^\d{32}$/, 'an EID has 32 digits; write it in quotes')
        .optional(),
    })
    .optional(),
})
export type Rig = z.infer<typeof Rig>

export const linkOf = (rig: Rig): Extract<RigSummary['link'], 'software' | 'pcsc' | 'modem'> =>
  rig.link === 'software' ? 'software' : 'pcsc' in rig.link ? 'pcsc' : 'modem'

export const describeRig = (rig: Rig): string => {
  if (rig.description) return rig.description
  if (rig.link === 'software') return 'the software eUICC in this process'
  return 'pcsc' in rig.link ? `reader ${rig.link.pcsc.reader}` : `modem at ${rig.link.modem.port}`
}

export const summarizeRig = (rig: Rig, why: string): RigSummary => {
  const link = linkOf(rig)
  const eid = rig.card?.eid
  return {
    name: rig.name,
    link,
    subject: link === 'software' ? 'software' : 'hardware',
    description: describeRig(rig),
    why,
    ...(eid ? { eid } : {}),
  }
}

export const SOFTWARE_RIG: Rig = { name: 'software', link: 'software' }

/** The rigs of the folders, by file name; a later folder's rig replaces an earlier one's of the same name. */
export const readRigs = (folders: readonly string[]): Rig[] => {
  const rigs = new Map<string, Rig>([[SOFTWARE_RIG.name, SOFTWARE_RIG]])
  for (const folder of folders) {
    const here = new Map<string, string>()
    for (const name of listYaml(folder)) {
      const file = join(folder, name)
      const rig = parseYaml(Rig, readFileSync(file, 'utf8'), file)
      const other = here.get(rig.name)
      if (other)
        throw new BenchError('rig-file', `${file}: the rig ${rig.name} is already in ${other}; names are unique`)
      here.set(rig.name, file)
      rigs.set(rig.name, rig)
    }
  }
  return [...rigs.values()]
}

const listYaml = (folder: string): string[] => {
  try {
    return readdirSync(folder)
      .filter(name => /\.ya?ml$/.test(name))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Whether what a rig names is plugged in, and if not what a person should look at. */
export type Attachment = { readonly attached: true } | { readonly attached: false; readonly reason: string }

/**
 * Which rig a run uses: the named one, else the first reader or modem that is attached, else the software eUICC; and
 * one sentence on which and why. Being silent about a fallback would make a software run look like a hardware one.
 */
export const chooseRig = async (
  rigs: readonly Rig[],
  named: string | undefined,
  look: (rig: Rig) => Promise<Attachment>,
): Promise<{ rig: Rig; why: string }> => {
  if (named !== undefined) {
    const rig = rigs.find(known => known.name === named)
    if (!rig) {
      const near = nearestKey(
        named,
        rigs.map(known => known.name),
      )
      throw new BenchError(
        'no-such-rig',
        `there is no rig ${JSON.stringify(named)}; ` +
          (near ? `did you mean ${near}?` : `the rigs are ${rigs.map(known => known.name).join(', ')}`),
      )
    }
    const found = await look(rig)
    if (!found.attached)
      throw new BenchError('rig-not-attached', `the rig ${rig.name} is not attached: ${found.reason}`, {
        data: { rig: rig.name },
      })
    return { rig, why: `Using the rig ${rig.name} (${describeRig(rig)}) because it was named.` }
  }
  const missing: string[] = []
  for (const rig of rigs) {
    if (linkOf(rig) === 'software') continue
    const found = await look(rig)
    if (found.attached)
      return { rig, why: `Using the rig ${rig.name} (${describeRig(rig)}): the first one set up that is attached.` }
    missing.push(`${rig.name}: ${found.reason}`)
  }
  const rig = rigs.find(known => linkOf(known) === 'software') ?? SOFTWARE_RIG
  const why =
    missing.length > 0
      ? `Using the software eUICC: no rig with a card is attached (${missing.join('; ')}).`
      : 'Using the software eUICC: no reader or modem is set up in rigs/.'
  return { rig, why }
}
