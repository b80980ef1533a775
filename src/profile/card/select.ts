import { encodeTlv } from '../../asn1/tlv.ts'
import type { Directory, ElementaryFile, FileNode } from '../file-tree.ts'
import { type CardCommandResult, type CardFiles, isActivated, type Selection } from './card-files.ts'
import type { CardCommand } from './command.ts'
import { toFcpTemplate } from './fcp.ts'

const [OK, DEACTIVATED, NOT_FOUND, WRONG_P1_P2, WRONG_LENGTH] = [0x9000, 0x6283, 0x6a82, 0x6a86, 0x6700]
const CURRENT_ADF = 0x7fff

/** Makes a file current. A directory also becomes the current directory. */
const standAt = (selection: Selection, node: FileNode): Selection => {
  if (node.kind === 'EF') return { ...selection, directory: node.parent, file: node, record: 0 }
  const application = node.kind === 'ADF' ? node : selection.application
  return { directory: node, file: undefined, record: 0, application }
}

/** Finds the file of a FID from the current directory (TS 102 221 §8.4.1). */
const findByFid = (card: CardFiles, { directory, application }: Selection, fid: number): FileNode | undefined => {
  if (fid === 0x3f00) return card.profile.mf
  if (fid === CURRENT_ADF) return application
  const child = directory.children.get(fid)
  if (child !== undefined) return child
  if (fid === directory.fid && directory.kind === 'DF') return directory
  const { parent } = directory
  if (parent === undefined || directory.kind === 'ADF') return undefined
  if (parent.fid === fid && parent.kind === 'DF') return parent
  const sibling = parent.children.get(fid)
  return sibling?.kind === 'DF' ? sibling : undefined
}

/** Follows a path of FIDs from a directory; '7FFF' at its beginning is the current ADF. */
const findByPath = (selection: Selection, from: Directory, path: Uint8Array): FileNode | undefined => {
  let at: FileNode | undefined = from
  for (let i = 0; i < path.length; i += 2) {
    const fid = (path[i]! << 8) | path[i + 1]!
    if (at === undefined || at.kind === 'EF') return undefined
    at = i === 0 && fid === CURRENT_ADF ? selection.application : at.children.get(fid)
  }
  return at
}

/**
 * Finds the first, last, next or previous application, as P2 requires, whose AID begins with `aid` (TS 102 221 table
 * 11.2).
 */
const findByAid = (card: CardFiles, selection: Selection, aid: Uint8Array, p2: number): Directory | undefined => {
  const found = card.profile.applications.filter(adf => aid.every((octet, i) => adf.aid![i] === octet))
  const current = selection.application === undefined ? -1 : found.indexOf(selection.application)
  switch (p2 & 0x03) {
    case 1:
      return found.at(-1)
    case 2:
      return found[current + 1]
    case 3:
      return current > 0 ? found[current - 1] : undefined
    default:
      return found[0]
  }
}

const findSelected = (card: CardFiles, selection: Selection, { p1, p2, data }: CardCommand): FileNode | number => {
  const found = (node: FileNode | undefined): FileNode | number => node ?? NOT_FOUND
  switch (p1) {
    case 0x00: {
      if (data.length === 0) return card.profile.mf
      if (data.length !== 2) return WRONG_LENGTH
      return found(findByFid(card, selection, (data[0]! << 8) | data[1]!))
    }
    case 0x01: {
      if (data.length !== 2) return WRONG_LENGTH
      const child = selection.directory.children.get((data[0]! << 8) | data[1]!)
      return found(child?.kind === 'EF' ? undefined : child)
    }
    case 0x03:
      return found(selection.directory.parent)
    case 0x04:
      return data.length < 1 || data.length > 16 ? WRONG_LENGTH : found(findByAid(card, selection, data, p2))
    case 0x08:
    case 0x09: {
      if (data.length === 0 || data.length % 2 !== 0) return WRONG_LENGTH
      const fromMf = p1 === 0x08
      const path = fromMf && data[0] === 0x3f && data[1] === 0x00 ? data.subarray(2) : data
      return found(findByPath(selection, fromMf ? card.profile.mf : selection.directory, path))
    }
    default:
      return WRONG_P1_P2
  }
}

/** SELECT (TS 102 221 §11.1.1). If no file is found, the selection does not change. */
export const handleSelect = (card: CardFiles, selection: Selection, command: CardCommand): CardCommandResult => {
  const answer = command.p2 & 0x1c
  // GlobalPlatform's SELECT by name requests '00' (FCI). The UICC also returns the FCP for it.
  if (answer !== 0x04 && answer !== 0x0c && !(answer === 0x00 && command.p1 === 0x04))
    return { card, selection, status: WRONG_P1_P2 }
  const found = findSelected(card, selection, command)
  if (typeof found === 'number') return { card, selection, status: found }
  return {
    card,
    selection: standAt(selection, found),
    status: isActivated(card, found) ? OK : DEACTIVATED,
    ...(answer !== 0x0c && { data: toFcpTemplate(card, found) }),
  }
}

/**
 * STATUS (TS 102 221 §11.1.2): returns the FCP of the current directory, the AID of the current application, or no
 * data.
 */
export const handleStatus = (card: CardFiles, selection: Selection, { p1, p2 }: CardCommand): CardCommandResult => {
  if (p1 > 0x02) return { card, selection, status: WRONG_P1_P2 }
  if (p2 === 0x0c) return { card, selection, status: OK }
  if (p2 === 0x00) return { card, selection, status: OK, data: toFcpTemplate(card, selection.directory) }
  if (p2 !== 0x01) return { card, selection, status: WRONG_P1_P2 }
  const aid = selection.application?.aid
  return aid === undefined
    ? { card, selection, status: NOT_FOUND }
    : { card, selection, status: OK, data: encodeTlv(0x84, aid) }
}

/** The EF of a command: by short identifier in the current directory, otherwise the current EF (TS 102 221 §8.4.3). */
export const findAddressedFile = (selection: Selection, sfi: number): ElementaryFile | undefined => {
  if (sfi === 0) return selection.file
  for (const child of selection.directory.children.values()) if (child.kind === 'EF' && child.sfi === sfi) return child
  return undefined
}
