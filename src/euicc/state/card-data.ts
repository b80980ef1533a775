import type { NetworkFiles } from '../commands/network-files.ts'
import type { Assembly } from '../commands/store-data.ts'
import type { Toolkit } from '../commands/toolkit.ts'
import type { EuiccSession, Loading } from '../es10/session.ts'
import type { EuiccIdentity } from './identity.ts'
import type { CardState } from './state.ts'

/** What is selected on a logical channel, and what has come there of a STORE DATA that goes on. */
export interface LogicalChannel {
  readonly application: 'files' | 'isdr' | 'ecasd'
  readonly assembly?: Assembly | undefined
}

/** A card with its power on. All but `state` and what `files` commits is lost with the power. */
export interface CardData {
  readonly identity: EuiccIdentity
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  /** What the memory holds. */
  readonly state: CardState
  /** Writes what differs in one commit; `state` is the new one when it has resolved. */
  commit(next: CardState): Promise<void>
  /** By number; a closed channel is not there. Channel 0 always is. */
  readonly channels: Map<number, LogicalChannel>
  readonly toolkit: Toolkit
  /** The files of the Enabled Profile, or the few of a card without one. */
  readonly files: NetworkFiles
  /** Puts the files of the profile that is enabled now in place. */
  switchFiles(): void
  session: EuiccSession
  /** The bound profile package that is coming in. */
  loading: Loading | undefined
  /** What has come so far of a command to the MNO-SD. */
  operatorAssembly: Assembly | undefined
}
