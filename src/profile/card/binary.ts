import { concat } from '../../asn1/bytes.ts'
import type { ElementaryFile, FileNode } from '../file-tree.ts'
import type { Structure } from '../templates/template-file.ts'
import { type Access, isAccessAllowed } from './access.ts'
import {
  type CardCommandResult,
  type CardFiles,
  getFileContent,
  isActivated,
  type Selection,
  withContent,
} from './card-files.ts'
import type { CardCommand } from './command.ts'
import { findAddressedFile } from './select.ts'

export const STATUS = {
  ok: 0x9000,
  wrongLength: 0x6700,
  wrongStructure: 0x6981,
  notAllowed: 0x6982,
  deactivated: 0x6985,
  noCurrentFile: 0x6986,
  notFound: 0x6a82,
  recordNotFound: 0x6a83,
  notEnoughMemory: 0x6a84,
  wrongP1P2: 0x6a86,
  wrongOffset: 0x6b00,
} as const

/**
 * Returns the available data up to the expected length. If the file has fewer bytes, returns SW 6Cxx (TS 102 221
 * §10.2.1.5).
 */
export const answerData = (
  card: CardFiles,
  selection: Selection,
  available: Uint8Array,
  le: number | undefined,
): CardCommandResult => {
  if (le !== undefined && le < 256 && le > available.length)
    return { card, selection, status: 0x6c00 | available.length }
  return { card, selection, status: STATUS.ok, data: available.subarray(0, le ?? 256) }
}

/** Returns the EF of a command after the checks that all commands share, or the error status. */
export const workOn = (
  card: CardFiles,
  selection: Selection,
  sfi: number,
  structures: readonly Structure[],
  access: Access,
): { file: ElementaryFile; selection: Selection } | number => {
  const file = findAddressedFile(selection, sfi)
  if (file === undefined) return sfi === 0 ? STATUS.noCurrentFile : STATUS.notFound
  if (!structures.includes(file.structure)) return STATUS.wrongStructure
  if (!isAccessAllowed(card, selection.directory, file, access)) return STATUS.notAllowed
  const worksWhenDeactivated = (file.specialFileInformation & 0x40) !== 0
  if (!worksWhenDeactivated && !isActivated(card, file as FileNode)) return STATUS.deactivated
  // A short file identifier selects the file, and the record pointer of another file is lost (TS 102 221 §8.4.3).
  return { file, selection: file === selection.file ? selection : { ...selection, file, record: 0 } }
}

/**
 * P1 with bit 8 contains a short file identifier; otherwise P1 and P2 are an offset of 15 bits (TS 102 221 §11.1.3.2).
 */
const placeOf = ({ p1, p2 }: CardCommand): { sfi: number; offset: number } =>
  p1 & 0x80 ? { sfi: p1 & 0x1f, offset: p2 } : { sfi: 0, offset: (p1 << 8) | p2 }

/** READ BINARY (TS 102 221 §11.1.3). */
export const handleReadBinary = (card: CardFiles, selection: Selection, command: CardCommand): CardCommandResult => {
  const { sfi, offset } = placeOf(command)
  const work = workOn(card, selection, sfi, ['transparent'], { mode: 'read' })
  if (typeof work === 'number') return { card, selection, status: work }
  const content = getFileContent(card, work.file)
  if (offset >= content.length) return { card, selection, status: STATUS.wrongOffset }
  return answerData(card, work.selection, content.subarray(offset), command.le)
}

/** UPDATE BINARY (TS 102 221 §11.1.4). */
export const handleUpdateBinary = (card: CardFiles, selection: Selection, command: CardCommand): CardCommandResult => {
  const { sfi, offset } = placeOf(command)
  const work = workOn(card, selection, sfi, ['transparent'], { mode: 'update' })
  if (typeof work === 'number') return { card, selection, status: work }
  const { data } = command
  const content = getFileContent(card, work.file)
  if (offset >= content.length) return { card, selection, status: STATUS.wrongOffset }
  if (data.length === 0 || offset + data.length > content.length) return { card, selection, status: STATUS.wrongLength }
  const updated = concat(content.subarray(0, offset), data, content.subarray(offset + data.length))
  return { card: withContent(card, work.file, updated), selection: work.selection, status: STATUS.ok }
}
