import type { Card } from '../apdu/channel.ts'
import { compose } from '../apdu/layers/compose.ts'
import type { CardObserver } from '../apdu/layers/record.ts'
import { fromHex, toHex } from '../asn1/bytes.ts'
import type { RigSummary } from '../evidence/events.ts'
import type { IsdrOptions } from '../lpa/card/isdr.ts'
import type { ModemCard } from '../modem/at-card.ts'
import type { IsdrOptionsOf, KnownCard } from './card-knowledge.ts'
import { getCardLayers } from './card-layers.ts'
import { withSubject } from './device-under-test.ts'
import type { LearnedFacts } from './learned.ts'
import { execLink, tcpLink } from './links/json-link.ts'
import type { Link, OpenedCard, SessionRecording } from './links/link.ts'
import { modemLink } from './links/modem-link.ts'
import { pcscLink } from './links/pcsc-link.ts'
import { recordingLink } from './links/recording-link.ts'
import { type CardSettings, openSoftwareCard } from './links/software-card.ts'
import { type Availability, getLinkKind, type Rig } from './rig.ts'

/** The opened card of a rig. */
export interface OpenedRig {
  readonly rig: RigSummary
  /** EIDs and ICCIDs of `protected`. The card rejects destructive operations on them. */
  readonly protectedNumbers: readonly string[]
  readonly card: Card
  /** How the ISD-R is opened. Learned facts are stored for the rig. */
  readonly isdrOptions: IsdrOptions
  /** The refresh flag for profile switches, if the rig requires one. */
  readonly refreshFlag?: boolean | undefined
  /** The modem that contains the card. */
  readonly modem?: ModemCard | undefined
  /** Sentences about card and transport for the evidence: reader, protocol, ATR. */
  readonly facts: readonly string[]
  /** Sentences for the user about irregularities without consequence. */
  readonly notes: readonly string[]
  close(): Promise<void>
}

export interface Links extends Readonly<Record<ReturnType<typeof getLinkKind>, Link>> {
  readonly isdrOptionsOf: IsdrOptionsOf
  /** Records each opened card; absent: sessions are not recorded. */
  readonly startRecording?: (rig: Rig) => SessionRecording
}

export const createLinks = (
  cards: string,
  settings: CardSettings,
  isdrOptionsOf: IsdrOptionsOf = () => ({}),
  /** The folder for relative paths of programs and recordings. */
  workingFolder = '.',
  /** Stores the AT commands for APDUs that worked. */
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

/** Opens the card of a rig below its layers. `observer` is notified of each exchange and reset, from the opening on. */
export const openRig = async (
  links: Links,
  rig: Rig,
  summary: RigSummary,
  observer: CardObserver = NO_OBSERVER,
): Promise<OpenedRig> => {
  const recording = links.startRecording?.(rig)
  const began = observer.stopwatch()
  try {
    const linked = await links[getLinkKind(rig)].open(rig)
    const card = compose(
      linked.card,
      getCardLayers({
        observer: withRecording(observer, recording),
        terminalProfile: parseTerminalProfile(rig),
        protectedNumbers: rig.protected,
      }),
    )
    observer.onEvent({ kind: 'reset', reason: 'open', atr: card.atr, tookMs: observer.stopwatch() - began })
    const prepared = await linked.prepare?.(card).catch(async (error: unknown) => {
      await card.close()
      throw error
    })
    const opened: OpenedCard = {
      ...linked,
      ...prepared,
      get notes() {
        return [...(linked.notes ?? []), ...(prepared?.notes ?? [])]
      },
    }
    recording?.begin(opened)
    return describeOpened(rig, card, opened, summary, links.isdrOptionsOf(rig, opened))
  } catch (error) {
    recording?.discard()
    throw error
  }
}

const NO_OBSERVER: CardObserver = { stopwatch: () => 0, onEvent: () => undefined }

const withRecording = (observer: CardObserver, recording: SessionRecording | undefined): CardObserver => ({
  stopwatch: observer.stopwatch,
  onEvent(event) {
    recording?.onEvent(event)
    observer.onEvent(event)
  },
  onClose: () => recording?.finish(),
})

const parseTerminalProfile = ({ card }: Rig): Uint8Array | undefined =>
  card?.terminalProfile === undefined ? undefined : fromHex(card.terminalProfile.toLowerCase())

const describeOpened = (
  rig: Rig,
  card: Card,
  opened: OpenedCard,
  summary: RigSummary,
  isdrOptions: KnownCard,
): OpenedRig => {
  const profile = rig.card?.terminalProfile
  return {
    rig: withSubject(summary, opened),
    card,
    protectedNumbers: rig.protected ?? [],
    isdrOptions,
    refreshFlag: opened.refreshFlag,
    modem: opened.modem,
    facts: [
      ...(opened.facts ?? []),
      ...(profile === undefined ? [] : [`TERMINAL PROFILE ${profile.toUpperCase()} is sent after each reset`]),
      ...(card.atr.length > 0 ? [`ATR ${toHex(card.atr).toUpperCase()}`] : []),
    ],
    // A modem reports notes during the session.
    get notes() {
      return [...(isdrOptions.sizeNote === undefined ? [] : [isdrOptions.sizeNote]), ...(opened.notes ?? [])]
    },
    close: () => card.close(),
  }
}
