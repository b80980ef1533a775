import type { DecodedCommand } from '../../apdu/command.ts'
import { answerCardCommand } from '../../profile/card/answer-command.ts'
import { type CardFiles, type Selection, startCard, startSelection } from '../../profile/card/card-files.ts'
import { decodeCardChanges, encodeCardChanges } from '../../profile/card/saved-changes.ts'
import { ProfileError } from '../../profile/error.ts'
import type { InstalledProfile } from '../../profile/file-tree.ts'
import { EuiccError } from '../error.ts'
import type { Reply } from '../es10/response.ts'
import { buildInstalled } from '../package/install-package.ts'
import { type CardState, getEnabledProfile, getProfileKey, withEntry } from '../state/state.ts'

/** The file system on the network side, with a current file for each logical channel. */
export interface NetworkFiles {
  /** Executes a file command; persistent changes are committed before it resolves. */
  perform(command: DecodedCommand, channel: number): Promise<Reply>
  /** Opens a logical channel, at the MF or at the current file of channel `like`. */
  open(channel: number, like: number | undefined): void
  close(channel: number): void
  /** Loads the files of the enabled profile; all channels except the basic one are closed. */
  restart(): void
}

/** Without an enabled profile the card has an empty MF and no NAA. */
const BARE: InstalledProfile = {
  iccid: new Uint8Array(10).fill(0xff),
  profileType: undefined,
  mf: {
    kind: 'MF',
    key: '3f00',
    fid: 0x3f00,
    parent: undefined,
    children: new Map(),
    access: { fid: 0x2f06, record: 1 },
    pinReferences: [],
    lifeCycle: 0x05,
  },
  applications: [],
  files: new Map(),
  pins: new Map(),
  pinsOf: new Map(),
  puks: new Map(),
  aka: new Map(),
  instances: [],
  memory: 0,
}

export const createNetworkFiles = ({
  state,
  commit,
}: {
  state: () => CardState
  commit: (next: CardState) => Promise<void>
}): NetworkFiles => {
  /** Built at the first file command: many sessions only manage profiles. */
  let card: CardFiles | undefined
  /** Key of the profile that `card` was built from. */
  let owner: string | undefined
  let selections = new Map<number, Selection>()

  const current = (): CardFiles => {
    if (card !== undefined) return card
    const profile = getEnabledProfile(state())
    owner = profile && getProfileKey(profile)
    card = owner === undefined ? startCard(BARE) : buildCard(state(), owner)
    return card
  }

  return {
    perform: async (command, channel) => {
      const before = current()
      const selection = selections.get(channel) ?? startSelection(before)
      const outcome = answerCardCommand(before, selection, command)
      if (outcome.card.changes !== before.changes && owner !== undefined) {
        const files = withEntry(state().files, owner, encodeCardChanges(outcome.card.changes))
        await commit({ ...state(), files })
      }
      card = outcome.card
      selections.set(channel, outcome.selection)
      return outcome.data === undefined ? { status: outcome.status } : { status: outcome.status, data: outcome.data }
    },
    open: (channel, like) => {
      const selection = like === undefined ? undefined : selections.get(like)
      if (selection === undefined) selections.delete(channel)
      else selections.set(channel, selection)
    },
    close: channel => {
      selections.delete(channel)
    },
    restart: () => {
      card = undefined
      selections = new Map()
    },
  }
}

const buildCard = (state: CardState, key: string): CardFiles => {
  const entry = `profile/${key}/package`
  const damaged = (cause?: unknown) =>
    new EuiccError('damaged-state', `the card's memory is damaged: entry "${entry}" cannot be read`, { entry, cause })
  const profile = buildInstalled(state.packages.get(key)!)
  if (profile === undefined) throw damaged()
  const changes = state.files.get(key)
  if (changes === undefined) return startCard(profile)
  try {
    return startCard(profile, decodeCardChanges(profile, changes))
  } catch (cause) {
    if (cause instanceof ProfileError) throw damaged(cause)
    throw cause
  }
}
