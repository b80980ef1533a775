import type { DecodedCommand } from '../apdu/command.ts'
import type { Reply } from './response.ts'
import type { CardState } from './state.ts'

/** The file system that the network side of a device sees, with a place of its own on each logical channel. */
export interface NetworkFiles {
  /** A command to files; what it changes for good is in the memory before it resolves. */
  perform(command: DecodedCommand, channel: number): Promise<Reply>
  /** A new logical channel, at the MF or where channel `like` is. */
  open(channel: number, like: number | undefined): void
  close(channel: number): void
  /** Takes the files of the profile that is enabled now; every channel but the basic one is closed. */
  restart(): void
}

export const createNetworkFiles = (_: {
  state: () => CardState
  commit: (next: CardState) => Promise<void>
  random: (length: number) => Uint8Array
}): NetworkFiles => ({
  perform: async () => ({ status: 0x6a82 }),
  open: () => {},
  close: () => {},
  restart: () => {},
})
