import type { Card } from '../apdu/channel.ts'
import { handleRefresh } from '../apdu/layers/refresh.ts'
import { sendTerminalProfile } from '../apdu/layers/terminal-profile.ts'
import { fromHex, toHex } from '../asn1/bytes.ts'
import type { RigSummary } from '../evidence/events.ts'
import type { IsdrOptions } from '../lpa/card/isdr.ts'
import type { ModemCard } from '../modem/at-card.ts'
import type { IsdrOptionsOf } from './card-knowledge.ts'
import { withSubject } from './device-under-test.ts'
import type { LearnedFacts } from './learned.ts'
import { execLink, tcpLink } from './links/json-link.ts'
import type { Link } from './links/link.ts'
import { modemLink } from './links/modem-link.ts'
import { pcscLink } from './links/pcsc-link.ts'
import { recordingLink } from './links/recording-link.ts'
import { type CardSettings, openSoftwareCard } from './links/software-card.ts'
import { protectCard } from './protect-card.ts'
import { type Availability, getLinkKind, type Rig } from './rig.ts'

/** The card of a rig in hand. */
export interface OpenedRig {
  readonly rig: RigSummary
  /** EIDs and ICCIDs from which nothing is taken; the card refuses it by itself. */
  readonly protectedNumbers: readonly string[]
  readonly card: Card
  /** How the ISD-R of this card is opened; what is learnt on the way is kept for the rig. */
  readonly isdrOptions: IsdrOptions
  /** Whether to ask for REFRESH when a profile is switched, where the rig has a wish. */
  readonly refreshFlag?: boolean | undefined
  /** The modem that the card is in, for what only a modem can tell. */
  readonly modem?: ModemCard | undefined
  /** What the evidence of a run should say of the card and the way to it, in sentences: reader, protocol, ATR. */
  readonly facts: readonly string[]
  /** What was not as it should be, and did not matter: sentences for a person. */
  readonly notes: readonly string[]
  close(): Promise<void>
}

export interface Links extends Readonly<Record<ReturnType<typeof getLinkKind>, Link>> {
  readonly isdrOptionsOf: IsdrOptionsOf
}

export const createLinks = (
  cards: string,
  settings: CardSettings,
  isdrOptionsOf: IsdrOptionsOf = () => ({}),
  /** From where the programs and tapes of rig files are looked for. */
  workingFolder = '.',
  /** Where the way through a modem is kept that worked. */
  learned?: LearnedFacts,
): Links => ({
  isdrOptionsOf,
  software: {
    look: async () => ({ attached: true }),
    open: async rig => ({ card: await openSoftwareCard(cards, rig.name, settings) }),
  },
  pcsc: pcscLink(isdrOptionsOf),
  modem: modemLink(isdrOptionsOf, workingFolder, learned),
  exec: execLink(workingFolder, isdrOptionsOf),
  tcp: tcpLink(isdrOptionsOf),
  tape: recordingLink(workingFolder),
})

export const probeRig =
  (links: Links) =>
  (rig: Rig): Promise<Availability> =>
    links[getLinkKind(rig)].look(rig)

export const openRig = async (links: Links, rig: Rig, summary: RigSummary): Promise<OpenedRig> => {
  const reached = await links[getLinkKind(rig)].open(rig)
  const profile = rig.card?.terminalProfile
  const told = profile === undefined ? reached.card : sendTerminalProfile(reached.card, fromHex(profile.toLowerCase()))
  const card = protectCard(handleRefresh(told), rig.protected)
  const isdrOptions = links.isdrOptionsOf(rig, reached)
  return {
    rig: withSubject(summary, reached),
    card,
    protectedNumbers: rig.protected ?? [],
    isdrOptions,
    refreshFlag: reached.refreshFlag,
    modem: reached.modem,
    facts: [
      ...(reached.facts ?? []),
      ...(profile === undefined ? [] : [`TERMINAL PROFILE ${profile.toUpperCase()} is sent after each reset`]),
      ...(card.atr.length > 0 ? [`ATR ${toHex(card.atr).toUpperCase()}`] : []),
    ],
    // A modem's way is found out while the card is used: ask at the end.
    get notes() {
      return [...(isdrOptions.sizeNote === undefined ? [] : [isdrOptions.sizeNote]), ...(reached.notes ?? [])]
    },
    close: () => card.close(),
  }
}
