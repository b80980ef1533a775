import { isAllowed } from './access.ts'
import { authenticateCommand } from './authenticate.ts'
import { retrieveData, setData } from './ber-tlv-data.ts'
import { readBinary, STATUS, updateBinary } from './binary.ts'
import { type CardFiles, lifeCycleOf, type Outcome, type Selection, withLifeCycle } from './card-files.ts'
import type { CardCommand } from './command.ts'
import { getIdentity } from './get-identity.ts'
import { changePin, disablePin, enablePin, unblockPin, verifyPin } from './pins.ts'
import { increase, readRecord, searchRecord, updateRecord } from './records.ts'
import { select, status } from './select.ts'

type Answer = (card: CardFiles, selection: Selection, command: CardCommand) => Outcome

/** ACTIVATE FILE and DEACTIVATE FILE (TS 102 221 §11.1.14, §11.1.15), of the current EF or one below the current directory. */
const setActivated =
  (mode: 'activate' | 'deactivate'): Answer =>
  (card, selection, command) => {
    const named =
      command.data.length === 2 && command.p1 === 0 ? select(card, selection, { ...command, p2: 0x0c }) : undefined
    if (named !== undefined && named.status >> 8 !== 0x90 && named.status >> 8 !== 0x62)
      return { card, selection, status: named.status }
    if (named === undefined && (command.data.length > 0 || command.p1 !== 0))
      return { card, selection, status: STATUS.wrongP1P2 }
    const { file } = named?.selection ?? selection
    if (file === undefined) return { card, selection, status: STATUS.noCurrentFile }
    if (!isAllowed(card, selection.directory, file, { mode })) return { card, selection, status: STATUS.notAllowed }
    const lifeCycle = mode === 'activate' ? lifeCycleOf(card, file) | 0x01 : lifeCycleOf(card, file) & ~0x01
    return {
      card: withLifeCycle(card, file, lifeCycle),
      selection: { ...selection, file, record: 0 },
      status: STATUS.ok,
    }
  }

/** The commands of TS 102 221 §11 and TS 31.102 §7 that work on a profile's files, by INS. */
const ANSWERS: ReadonlyMap<number, Answer> = new Map<number, Answer>([
  [0xa4, select],
  [0xf2, status],
  [0xb0, readBinary],
  [0xd6, updateBinary],
  [0xb2, readRecord],
  [0xdc, updateRecord],
  [0xa2, searchRecord],
  [0x32, increase],
  [0xcb, retrieveData],
  [0xdb, setData],
  [0x20, verifyPin],
  [0x24, changePin],
  [0x26, disablePin],
  [0x28, enablePin],
  [0x2c, unblockPin],
  [0x04, setActivated('deactivate')],
  [0x44, setActivated('activate')],
  [0x88, authenticateCommand],
  [0x78, getIdentity],
])
const INS_NOT_KNOWN = 0x6d00

/**
 * The answer of a profile to one command on one logical channel. Nothing is changed but what the outcome says: the
 * caller keeps `card` and the channel's `selection`, and persists `card.changes` where they are not the same object as
 * before.
 */
export const answerCardCommand = (card: CardFiles, selection: Selection, command: CardCommand): Outcome =>
  ANSWERS.get(command.ins)?.(card, selection, command) ?? { card, selection, status: INS_NOT_KNOWN }
