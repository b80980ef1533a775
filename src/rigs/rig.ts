import { z } from 'zod'
import type { RigSummary } from '../evidence/events.ts'
import { BenchError } from '../host/error.ts'
import { nearestKey } from '../host/yaml/near-key.ts'
import { readYamlFolder } from '../host/yaml/yaml-folder.ts'

export const Aid = z
  .string()
  .regex(/^([0-9a-f]{2}){5,16}$/i, 'an AID is 5 to 16 bytes in hexadecimal; write it in quotes')
const Eid = z.string().regex(/^\d{32}$/, 'an EID has 32 digits; write it in quotes')

/** A reader is known by what stays the same when the machine restarts, never by its number. */
const PcscLink = z.strictObject({
  pcsc: z
    .strictObject({
      /** Part of the reader's name as PC/SC tells it; `*` stands for anything. */
      reader: z.string().min(1).optional(),
      /** Which of several equal readers, counted in the order of their names. */
      slot: z.int().min(0).max(15).optional(),
      /** The card's answer to reset in hexadecimal; `?` stands for any digit. */
      atr: z
        .string()
        .regex(/^[0-9a-f?\s]+$/i, 'an ATR is hexadecimal digits, with ? for any')
        .optional(),
      /** The EID of the card: the reader is the one that holds it, whatever its name. */
      eid: Eid.optional(),
      /** Which npm package speaks to PC/SC, where it must be a certain one. */
      binding: z.enum(['smartcard', 'pcsclite']).optional(),
    })
    .refine(({ reader, atr, eid }) => (reader ?? atr ?? eid) !== undefined, 'a reader is named by reader, atr or eid'),
})

const ModemLink = z.strictObject({
  modem: z
    .strictObject({
      /** A path that stays the same, as in /dev/serial/by-id or by-path. */
      port: z.string().min(1).optional(),
      /** Where the modem is plugged in, as the kernel writes it (`1-1.4`), with the interface (`1-1.4:1.2`) if there are several. */
      usb: z
        .string()
        .regex(/^\d+-\d+(\.\d+)*(:\d+\.\d+)?$/, 'a USB path as in /sys/bus/usb/devices, such as 1-1.4:1.2')
        .optional(),
      /** The serial number of the USB device. */
      serial: z.string().min(1).optional(),
      baud: z.int().positive().optional(),
      /** How APDUs travel: logical channel commands, or the basic channel. */
      apdu: z.enum(['auto', 'ccho-cgla', 'csim']).optional(),
      /** The modem profile of rigs/modems, where it is not to be found out by asking the modem. */
      profile: z.string().min(1).optional(),
    })
    .refine(
      ({ port, usb, serial }) => (port ?? usb ?? serial) !== undefined,
      'a modem is named by port, usb or serial',
    ),
})

/** A program that speaks lpac's stdio APDU JSON, a socket that does, or a recorded session. */
const ExecLink = z.strictObject({ exec: z.array(z.string()).min(1) })
const TcpLink = z.strictObject({ tcp: z.string().regex(/^[^\s:]+:\d+$/, 'host:port') })
const RecordingLink = z.strictObject({ tape: z.string().min(1) })

export const Rig = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'a name is lower-case letters, digits and hyphens'),
  description: z.string().min(1).optional(),
  link: z.union([z.literal('software'), PcscLink, ModemLink, ExecLink, TcpLink, RecordingLink]),
  card: z
    .strictObject({
      /** The identity of the card that belongs here; another one in its place is a rig's mistake, not the card's. */
      eid: Eid.optional(),
      /** AIDs of the ISD-R to try first, before those of rigs/cards/isd-r.yaml. */
      aids: z.array(Aid).min(1).optional(),
      /** TERMINAL PROFILE, sent after each reset; none is sent where absent. A modem sends one of its own. */
      terminalProfile: z
        .string()
        .regex(/^([0-9a-f]{2}){1,255}$/i, 'a TERMINAL PROFILE is 1 to 255 bytes in hexadecimal; write it in quotes')
        .optional(),
    })
    .optional(),
  /** Bytes of a STORE DATA block, where the way to the card is known to take fewer than 255. */
  segmentSize: z.int().min(16).max(255).optional(),
  /** EIDs and ICCIDs on which nothing destructive is done, whatever is asked. */
  protected: z.array(z.string().regex(/^\d{18,32}$/, 'an EID or an ICCID in digits; write it in quotes')).optional(),
})
export type Rig = z.infer<typeof Rig>

export type LinkKind = RigSummary['link']
export const getLinkKind = (rig: Rig): LinkKind =>
  rig.link === 'software' ? 'software' : (Object.keys(rig.link)[0] as Exclude<LinkKind, 'software'>)

export const describeRig = (rig: Rig): string => {
  if (rig.description) return rig.description
  if (rig.link === 'software') return 'the software eUICC in this process'
  if ('pcsc' in rig.link) {
    const { reader, atr, eid } = rig.link.pcsc
    return reader ? `reader ${reader}` : eid ? `the reader with the card ${eid}` : `the reader with the ATR ${atr}`
  }
  if ('modem' in rig.link) {
    const { port, usb, serial } = rig.link.modem
    return `modem at ${port ?? (usb ? `USB ${usb}` : `USB serial number ${serial}`)}`
  }
  if ('exec' in rig.link) return `the program ${rig.link.exec[0]}`
  return 'tcp' in rig.link ? `the socket ${rig.link.tcp}` : `the tape ${rig.link.tape}`
}

export const summarizeRig = (rig: Rig, why: string): RigSummary => {
  const link = getLinkKind(rig)
  const eid = rig.card?.eid
  return {
    name: rig.name,
    link,
    // A tape is no card: its replay is no pass of the hardware that it was recorded from.
    subject: link === 'software' || link === 'tape' ? 'software' : 'hardware',
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
    for (const { file, content: rig } of readYamlFolder(Rig, folder)) {
      const other = here.get(rig.name)
      if (other)
        throw new BenchError('rig-file', `${file}: the rig ${rig.name} is already in ${other}; names are unique`)
      here.set(rig.name, file)
      rigs.set(rig.name, rig)
    }
  }
  return [...rigs.values()]
}

/** Whether what a rig names is plugged in, and if not what a person should look at. */
export type Availability = { readonly attached: true } | { readonly attached: false; readonly reason: string }

/**
 * Which rig a run uses: the named one, else the first reader or modem that is attached, else the software eUICC; and
 * one sentence on which and why. Being silent about a fallback would make a software run look like a hardware one.
 */
export const chooseRig = async (
  rigs: readonly Rig[],
  named: string | undefined,
  look: (rig: Rig) => Promise<Availability>,
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
    // Neither is a card that is there: only who names them uses them.
    if (getLinkKind(rig) === 'software' || getLinkKind(rig) === 'tape') continue
    const found = await look(rig)
    if (found.attached)
      return { rig, why: `Using the rig ${rig.name} (${describeRig(rig)}): the first one set up that is attached.` }
    missing.push(`${rig.name}: ${found.reason}`)
  }
  const rig = rigs.find(known => getLinkKind(known) === 'software') ?? SOFTWARE_RIG
  const why =
    missing.length > 0
      ? `Using the software eUICC: no rig with a card is attached (${missing.join('; ')}).`
      : 'Using the software eUICC: no reader or modem is set up in rigs/.'
  return { rig, why }
}
