import type { NetworkFiles } from '../commands/network-files.ts'
import type { Assembly } from '../commands/store-data.ts'
import type { CardToolkit } from '../commands/toolkit.ts'
import type { EuiccSession, PackageLoading } from '../es10/session.ts'
import type { EuiccIdentity } from './identity.ts'
import type { CardState } from './state.ts'

/** The selected application of a logical channel, and its incomplete STORE DATA chain. */
export interface LogicalChannel {
  readonly application: 'files' | 'isdr' | 'ecasd'
  readonly assembly?: Assembly | undefined
}

/** A powered card. All data except `state` and what `files` commits is volatile. */
export interface CardData {
  readonly identity: EuiccIdentity
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  /** The content of the memory. */
  readonly state: CardState
  /** Commits the differences; `state` is the new one when it resolves. */
  commit(next: CardState): Promise<void>
  /** By number; closed channels are absent. Channel 0 is always open. */
  readonly channels: Map<number, LogicalChannel>
  readonly toolkit: CardToolkit
  /** The files of the enabled profile, or an empty MF. */
  readonly files: NetworkFiles
  /** Loads the files of the enabled profile. */
  switchFiles(): void
  session: EuiccSession
  /** The bound profile package that is being received. */
  loading: PackageLoading | undefined
  /** The received part of a command to the MNO-SD. */
  operatorAssembly: Assembly | undefined
}
