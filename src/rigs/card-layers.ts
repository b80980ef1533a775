import type { CardLayer } from '../apdu/layers/compose.ts'
import { handleProactive } from '../apdu/layers/handle-proactive.ts'
import { type CardObserver, recordCard } from '../apdu/layers/record.ts'
import { sendTerminalProfile } from '../apdu/layers/terminal-profile.ts'
import { protectCard } from './protect-card.ts'

export interface CardLayerSettings {
  readonly observer: CardObserver
  /** Data of TERMINAL PROFILE; absent: the command is not sent. */
  readonly terminalProfile?: Uint8Array | undefined
  /** EIDs and ICCIDs. */
  readonly protectedNumbers?: readonly string[] | undefined
}

/**
 * What wraps the card of a rig, the lowest first. `docs/card-layers.md` has a table.
 * link <- recordCard <- sendTerminalProfile <- handleProactive <- protectCard <- LPA (segments: segment-size-fallback.ts)
 */
export const getCardLayers = (settings: CardLayerSettings): readonly (CardLayer | undefined)[] => [
  recordCard(settings.observer),
  settings.terminalProfile && sendTerminalProfile(settings.terminalProfile),
  handleProactive,
  protectCard(settings.protectedNumbers),
]
