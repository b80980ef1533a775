import { isAccessAllowed } from './access.ts'
import { handleAuthenticate } from './authenticate.ts'
import { handleRetrieveData, handleSetData } from './ber-tlv-data.ts'
import { handleReadBinary, handleUpdateBinary, STATUS } from './binary.ts'
import { type CardCommandResult, type CardFiles, getLifeCycle, type Selection, withLifeCycle } from './card-files.ts'
import type { CardCommand } from './command.ts'
import { handleGetIdentity } from './get-identity.ts'
import { handleChangePin, handleDisablePin, handleEnablePin, handleUnblockPin, handleVerifyPin } from './pins.ts'
import { handleIncrease, handleReadRecord, handleSearchRecord, handleUpdateRecord } from './records.ts'
import { handleSelect, handleStatus } from './select.ts'

type Answer = (card: CardFiles, selection: Selection, command: CardCommand) => CardCommandResult

/**
 * ACTIVATE FILE and DEACTIVATE FILE (TS 102 221 §11.1.14, §11.1.15) of the current EF or an EF below the current
 * directory.
 */
const setActivated =
  (mode: 'activate' | 'deactivate'): Answer =>
  (card, selection, command) => {
    const named =
      command.data.length === 2 && command.p1 === 0
        ? handleSelect(card, selection, { ...command, p2: 0x0c })
        : undefined
    if (named !== undefined && named.status >> 8 !== 0x90 && named.status >> 8 !== 0x62)
      return { card, selection, status: named.status }
    if (named === undefined && (command.data.length > 0 || command.p1 !== 0))
      return { card, selection, status: STATUS.wrongP1P2 }
    const { file } = named?.selection ?? selection
    if (file === undefined) return { card, selection, status: STATUS.noCurrentFile }
    if (!isAccessAllowed(card, selection.directory, file, { mode }))
      return { card, selection, status: STATUS.notAllowed }
    const lifeCycle = mode === 'activate' ? getLifeCycle(card, file) | 0x01 : getLifeCycle(card, file) & ~0x01
    return {
      card: withLifeCycle(card, file, lifeCycle),
      selection: { ...selection, file, record: 0 },
      status: STATUS.ok,
    }
  }

/** The file commands of TS 102 221 §11 and TS 31.102 §7 by INS. */
const ANSWERS: ReadonlyMap<number, Answer> = new Map<number, Answer>([
  [0xa4, handleSelect],
  [0xf2, handleStatus],
  [0xb0, handleReadBinary],
  [0xd6, handleUpdateBinary],
  [0xb2, handleReadRecord],
  [0xdc, handleUpdateRecord],
  [0xa2, handleSearchRecord],
  [0x32, handleIncrease],
  [0xcb, handleRetrieveData],
  [0xdb, handleSetData],
  [0x20, handleVerifyPin],
  [0x24, handleChangePin],
  [0x26, handleDisablePin],
  [0x28, handleEnablePin],
  [0x2c, handleUnblockPin],
  [0x04, setActivated('deactivate')],
  [0x44, setActivated('activate')],
  [0x88, handleAuthenticate],
  [0x78, handleGetIdentity],
])
const INS_NOT_KNOWN = 0x6d00

/**
 * Executes one command on one logical channel without side effects. The caller stores `card` and the `selection` of the
 * channel, and persists `card.changes` if it is another object than before.
 */
export const answerCardCommand = (card: CardFiles, selection: Selection, command: CardCommand): CardCommandResult =>
  ANSWERS.get(command.ins)?.(card, selection, command) ?? { card, selection, status: INS_NOT_KNOWN }
