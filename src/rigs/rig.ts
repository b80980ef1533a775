import { z } from 'zod'
import type { RigSummary } from '../evidence/events.ts'
import { BenchError } from '../host/error.ts'
import { nearestKey } from '../host/yaml/near-key.ts'
import { readYamlFolder } from '../host/yaml/yaml-folder.ts'

export const Aid = z
  .string()
  .regex(/^([0-9a-f]{2}){5,16}$/i, 'an AID is 5 to 16 bytes in hexadecimal; write it in quotes')
const Eid = z.string().regex(/^\d{32}$/, 'an EID has 32 digits; write it in quotes')

/** Identifies a reader by properties that do not change with a restart, not by its number. */
const PcscLink = z.strictObject({
  pcsc: z
    .strictObject({
      /** A part of the PC/SC name of the reader; `*` matches any text. */
      reader: z.string().min(1).optional(),
      /** The index among readers with the same name, in the order of their names. */
      slot: z.int().min(0).max(15).optional(),
      /** The ATR of the card in hexadecimal; `?` matches any digit. */
      atr: z
        .string()
        .regex(/^[0-9a-f?\s]+$/i, 'an ATR consists of hexadecimal digits; ? matches any digit')
        .optional(),
      /** The EID of the card: selects the reader that contains it. */
      eid: Eid.optional(),
      /** The required npm package for PC/SC. */
      binding: z.enum(['smartcard', 'pcsclite']).optional(),
    })
    .refine(({ reader, atr, eid }) => (reader ?? atr ?? eid) !== undefined, 'needs one of the keys reader, atr or eid'),
})

const ModemLink = z.strictObject({
  modem: z
    .strictObject({
      /** A stable path, as in /dev/serial/by-id or by-path. */
      port: z.string().min(1).optional(),
      /** The USB path of the modem in the form of the kernel (`1-1.4`), optionally with the interface (`1-1.4:1.2`). */
      usb: z
        .string()
        .regex(/^\d+-\d+(\.\d+)*(:\d+\.\d+)?$/, 'a USB path as in /sys/bus/usb/devices, such as 1-1.4:1.2')
        .optional(),
      /** The serial number of the USB device. */
      serial: z.string().min(1).optional(),
      baud: z.int().positive().optional(),
      /** The AT commands for APDUs: AT+CCHO and AT+CGLA, or AT+CSIM. */
      apdu: z.enum(['auto', 'ccho-cgla', 'csim']).optional(),
      /** The modem profile of rigs/modems, if the modem does not identify itself correctly. */
      profile: z.string().min(1).optional(),
    })
    .refine(
      ({ port, usb, serial }) => (port ?? usb ?? serial) !== undefined,
      'needs one of the keys port, usb or serial',
    ),
})

/** A program that implements lpac's stdio APDU JSON. */
const ExecLink = z.strictObject({ exec: z.array(z.string()).min(1) })
const TcpLink = z.strictObject({ tcp: z.string().regex(/^[^\s:]+:\d+$/, 'host:port') })
/** The deprecated key of `recording`, and the name of the link in evidence. */
const DeprecatedRecordingLink = z.strictObject({ tape: z.string().min(1) })
const RecordingLink = z
  .strictObject({ recording: z.string().min(1) })
  .transform(({ recording: file }): z.infer<typeof DeprecatedRecordingLink> => ({ tape: file }))

export const Rig = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'a name is lower-case letters, digits and hyphens'),
  description: z.string().min(1).optional(),
  link: z.union([
    z.literal('software'),
    PcscLink,
    ModemLink,
    ExecLink,
    TcpLink,
    RecordingLink,
    DeprecatedRecordingLink,
  ]),
  card: z
    .strictObject({
      /** The EID of the card of this rig. Another card is an error of the rig. */
      eid: Eid.optional(),
      /** AIDs of the ISD-R that are tried before those of rigs/cards/isd-r.yaml. */
      aids: z.array(Aid).min(1).optional(),
      /** The data of TERMINAL PROFILE, sent after each reset. Do not use it with a modem, which sends its own. */
      terminalProfile: z
        .string()
        .regex(/^([0-9a-f]{2}){1,255}$/i, 'a TERMINAL PROFILE is 1 to 255 bytes in hexadecimal; write it in quotes')
        .optional(),
    })
    .optional(),
  /** Bytes of a STORE DATA segment, if the link carries fewer than 255. */
  segmentSize: z.int().min(16).max(255).optional(),
  /** EIDs and ICCIDs on which destructive operations are rejected. */
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
  return 'tcp' in rig.link ? `the socket ${rig.link.tcp}` : `the recording ${rig.link.tape}`
}

export const summarizeRig = (rig: Rig, why: string): RigSummary => {
  const link = getLinkKind(rig)
  const eid = rig.card?.eid
  return {
    name: rig.name,
    link,
    // The replay of a recording is not a test of the recorded hardware.
    subject: link === 'software' || link === 'tape' ? 'software' : 'hardware',
    description: describeRig(rig),
    why,
    ...(eid ? { eid } : {}),
  }
}

export const SOFTWARE_RIG: Rig = { name: 'software', link: 'software' }

/** Reads the rigs of the folders. A rig replaces one with the same name in an earlier folder. */
export const readRigs = (folders: readonly string[]): Rig[] => {
  const rigs = new Map<string, Rig>([[SOFTWARE_RIG.name, SOFTWARE_RIG]])
  for (const folder of folders) {
    const here = new Map<string, string>()
    for (const { file, content: rig } of readYamlFolder(Rig, folder)) {
      const other = here.get(rig.name)
      if (other)
        throw new BenchError(
          'rig-file',
          `${file}: the rig ${rig.name} is already defined in ${other}. Give one of them another name.`,
        )
      here.set(rig.name, file)
      rigs.set(rig.name, rig)
    }
  }
  return [...rigs.values()]
}

/** Whether the card of a rig is available, with the reason if it is not. */
export type Availability = { readonly attached: true } | { readonly attached: false; readonly reason: string }

/**
 * Chooses the rig of a run: the named one, otherwise the first attached reader or modem, otherwise the software eUICC.
 * `why` is a sentence for the user, so that a run on software is not mistaken for a run on hardware.
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
        `There is no rig ${JSON.stringify(named)}. ` +
          `${near ? `Did you mean ${near}? ` : ''}The rigs are: ${rigs.map(known => known.name).join(', ')}`,
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
    // Software rigs and recordings are used only by name.
    if (getLinkKind(rig) === 'software' || getLinkKind(rig) === 'tape') continue
    const found = await look(rig)
    if (found.attached)
      return { rig, why: `Using the rig ${rig.name} (${describeRig(rig)}): the first configured rig that is attached.` }
    missing.push(`${rig.name}: ${found.reason}`)
  }
  const rig = rigs.find(known => getLinkKind(known) === 'software') ?? SOFTWARE_RIG
  const why =
    missing.length > 0
      ? `Using the software eUICC: no rig with a card is attached (${missing.join('; ')}).`
      : 'Using the software eUICC: rigs/ contains no reader or modem.'
  return { rig, why }
}
