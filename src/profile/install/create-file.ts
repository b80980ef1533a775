import { concat } from '../../asn1/bytes.ts'
import type { Fcp } from '../elements/file.ts'
import type { AccessReference, Directory, ElementaryFile } from '../file-tree.ts'
import { type FileType, type FillPattern, fill, type Structure, type TemplateFile } from '../templates/template-file.ts'
import { PeFailure } from './failure.ts'
import { findPath, type Installation, type OpenDirectory, takeMemory } from './installation.ts'

/** The memory of a file besides its content: its FCP and its directory entry. */
const FILE_OVERHEAD = 32
const MAX_FILE_SIZE = 65_535
const MAX_RECORDS = 254
const ERASED: FillPattern = { head: Uint8Array.of(0xff), tail: new Uint8Array(0), repeat: false }

/** A file that is being filled: `position` is the offset of the next fillFileContent. */
export interface OpenFile {
  readonly file: ElementaryFile & { initialContent: Uint8Array }
  position: number
}

const numberOf = (bytes: Uint8Array): number => {
  let value = 0
  for (let at = 0; at < bytes.length; at++) value = value * 256 + bytes[at]!
  return value
}
const hex4 = (fid: number): string => fid.toString(16).padStart(4, '0')

/** File descriptor byte of TS 102 221 table 11.5: the structure, or a directory. */
const typeOf = (descriptor: number): FileType => {
  const type = descriptor & 0x3f
  if (type === 0x38) return 'DF'
  if (type === 0x39) return 'ber-tlv'
  const structure = ({ 1: 'transparent', 2: 'linear-fixed', 6: 'cyclic' } as const)[type & 0x07]
  if (structure === undefined || (descriptor & 0x80) !== 0 || type > 0x0f)
    throw new PeFailure('bad-values', `file descriptor byte ${descriptor.toString(16)}`)
  return structure
}

/** The access rule of a file: EF.ARR and record, or a record of the nearest EF.ARR (SAIP §8.3.1). */
const accessOf = (fcp: Fcp | undefined, row: TemplateFile | undefined, defaultArr: number): AccessReference => {
  const given = fcp?.securityAttributesReferenced
  if (given === undefined) {
    if (row === undefined) throw new PeFailure('bad-values', 'no access rule')
    return { fid: defaultArr, record: row.arr }
  }
  if (given.length === 2) throw new PeFailure('bad-values', 'securityAttributesReferenced of two bytes')
  return { fid: given.length === 3 ? numberOf(given.subarray(0, 2)) : defaultArr, record: given.at(-1)! }
}

const fidOf = (fcp: Fcp | undefined, row: TemplateFile | undefined): number => {
  const fid = fcp?.fileID === undefined ? row?.fid : numberOf(fcp.fileID)
  if (fid === undefined) throw new PeFailure('bad-values', `${row?.name ?? 'a file'} has no fileID`)
  return fid
}

const refuseDuplicate = (parent: Directory, fid: number): void => {
  if (parent.children.has(fid)) throw new PeFailure('bad-values', `file ${hex4(fid)} already exists in ${parent.key}`)
}

/** Creates the MF, an ADF or a DF. */
export const createDirectory = (
  installation: Installation,
  kind: Directory['kind'],
  parent: OpenDirectory | undefined,
  fcp: Fcp | undefined,
  row: TemplateFile | undefined,
): OpenDirectory => {
  const fid = kind === 'MF' ? 0x3f00 : fidOf(fcp, row)
  const link = fcp?.linkPath?.length ? findPath(installation, fcp.linkPath) : undefined
  if (link?.kind === 'EF') throw new PeFailure('bad-values', 'a directory that links to an EF')
  const aid = fcp?.dfName
  if (kind === 'ADF' && aid === undefined) throw new PeFailure('bad-values', 'an ADF without dfName')
  const directory: OpenDirectory = {
    kind,
    key: parent === undefined ? '3f00' : `${parent.key}/${hex4(fid)}`,
    fid,
    ...(kind === 'ADF' && aid && { aid }),
    parent,
    children: (link?.children as OpenDirectory['children'] | undefined) ?? new Map(),
    access: accessOf(fcp, row, kind === 'DF' && parent?.kind !== 'MF' ? 0x6f06 : 0x2f06),
    pinReferences: [...(fcp?.pinStatusTemplateDO ?? [])],
    lifeCycle: fcp?.lcsi[0] ?? 5,
  }
  takeMemory(installation, FILE_OVERHEAD)
  if (kind === 'ADF') {
    const sameName = [...installation.adfs.values()].some(adf => adf.aid && aid && numbersEqual(adf.aid, aid))
    if (installation.adfs.has(fid) || sameName) throw new PeFailure('bad-values', `a second ADF ${hex4(fid)}`)
    installation.adfs.set(fid, directory)
  } else if (parent !== undefined) {
    refuseDuplicate(parent, fid)
    ;(parent as OpenDirectory).children.set(fid, directory)
  }
  return directory
}
const numbersEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((x, i) => x === b[i])

interface Shape {
  readonly structure: Structure
  readonly size: number
  readonly recordLength: number
}

/** Structure and size from the FCP, else from the template, else from the content in the profile. */
const shapeOf = (fcp: Fcp | undefined, row: TemplateFile | undefined, contentLength: number): Shape => {
  const descriptor = fcp?.fileDescriptor
  const structure = descriptor === undefined ? row?.type : typeOf(descriptor[0]!)
  if (structure === undefined || structure === 'MF' || structure === 'ADF' || structure === 'DF')
    throw new PeFailure('bad-values', `${row?.name ?? 'a file'} is not an EF`)
  const given = fcp?.efFileSize ?? fcp?.proprietaryEFInfo?.maximumFileSize
  if (given !== undefined && given.length > 4) throw new PeFailure('bad-values', 'a file size of more than 4 bytes')
  const givenSize = given && numberOf(given)
  if (structure === 'transparent' || structure === 'ber-tlv') {
    const size = givenSize ?? row?.size ?? contentLength
    return { structure, size, recordLength: 0 }
  }
  const recordLength = descriptor?.length === 4 ? numberOf(descriptor.subarray(2, 4)) : row?.size
  if (!recordLength || recordLength > 255) throw new PeFailure('bad-values', `records of ${recordLength} bytes`)
  const records = row?.records ?? Math.ceil(contentLength / recordLength)
  return { structure, size: givenSize ?? recordLength * records, recordLength }
}

const checkShape = ({ structure, size, recordLength }: Shape): void => {
  if (size > MAX_FILE_SIZE) throw new PeFailure('bad-values', `a file of ${size} bytes`)
  if (structure !== 'ber-tlv' && size === 0) throw new PeFailure('bad-values', 'a file of no bytes')
  if (recordLength > 0 && (size % recordLength !== 0 || size / recordLength > MAX_RECORDS))
    throw new PeFailure('bad-values', `${size} bytes are not 1 to ${MAX_RECORDS} records of ${recordLength}`)
}

/** The initial content of a file: each record, or the file, filled with the pattern (TS 102 222 §6.3.2.2.2). */
const initialContent = (shape: Shape, fcp: Fcp | undefined, row: TemplateFile | undefined): Uint8Array => {
  if (shape.structure === 'ber-tlv') return new Uint8Array(0)
  const { fillPattern, repeatPattern } = fcp?.proprietaryEFInfo ?? {}
  if (fillPattern && repeatPattern) throw new PeFailure('bad-values', 'a fill pattern and a repeat pattern')
  const own = fillPattern ?? repeatPattern
  const pattern =
    own === undefined
      ? (row?.pattern ?? ERASED)
      : { head: own, tail: new Uint8Array(0), repeat: repeatPattern !== undefined }
  if (shape.recordLength === 0) return fill(pattern, shape.size)
  const record = fill(pattern, shape.recordLength)
  const records = new Uint8Array(shape.size)
  for (let at = 0; at < shape.size; at += shape.recordLength) records.set(record, at)
  return records
}

/** Creates an EF or a link to one. `contentLength` is the length of the content that the profile fills in. */
export const createEf = (
  installation: Installation,
  parent: OpenDirectory,
  fcp: Fcp | undefined,
  row: TemplateFile | undefined,
  contentLength: number,
): OpenFile => {
  const fid = fidOf(fcp, row)
  refuseDuplicate(parent, fid)
  const key = `${parent.key}/${hex4(fid)}`
  const link = fcp?.linkPath?.length ? findPath(installation, fcp.linkPath) : undefined
  if (link !== undefined && link.kind !== 'EF') throw new PeFailure('bad-values', 'an EF that links to a directory')
  const shape = link ?? shapeOf(fcp, row, contentLength)
  checkShape(shape)
  takeMemory(installation, FILE_OVERHEAD + (link ? 0 : shape.size))
  const file = {
    kind: 'EF' as const,
    key,
    contentKey: link?.contentKey ?? key,
    fid,
    parent,
    structure: shape.structure,
    size: shape.size,
    recordLength: shape.recordLength,
    sfi: sfiOf(fcp, row, fid),
    access: accessOf(fcp, row, parent.kind === 'MF' ? 0x2f06 : 0x6f06),
    lifeCycle: fcp?.lcsi[0] ?? 5,
    specialFileInformation: fcp?.proprietaryEFInfo?.specialFileInformation[0] ?? 0,
    initialContent: link?.initialContent ?? initialContent(shape, fcp, row),
  }
  parent.children.set(fid, file)
  installation.files.set(key, file)
  return { file, position: 0 }
}

/**
 * Short file identifier: in the five high bits; none if empty; otherwise from the template or the FID (SAIP §8.3.1).
 */
const sfiOf = (fcp: Fcp | undefined, row: TemplateFile | undefined, fid: number): number | undefined => {
  const given = fcp?.shortEFID
  if (given !== undefined) return given.length === 0 ? undefined : given[0]! >> 3 || undefined
  if (row !== undefined) return row.sfi
  const fromFid = fid & 0x1f
  return fromFid >= 1 && fromFid <= 30 ? fromFid : undefined
}

/** fillFileOffset: skips bytes after the last content (SAIP §8.3.2). */
export const moveOn = (open: OpenFile, offset: number): void => {
  open.position += offset
}

/** fillFileContent: writes after the last content, as an UPDATE command does. */
export const fillIn = (installation: Installation, open: OpenFile, content: Uint8Array): void => {
  const { file } = open
  if (file.contentKey !== file.key) throw new PeFailure('bad-values', `content for the link ${file.key}`)
  const end = open.position + content.length
  if (end > file.size) throw new PeFailure('bad-values', `${file.key}: content to byte ${end} of ${file.size}`)
  if (file.structure === 'ber-tlv' && end > file.initialContent.length)
    file.initialContent = concat(file.initialContent, new Uint8Array(end - file.initialContent.length))
  file.initialContent.set(content, open.position)
  open.position = end
  takeMemory(installation, 0)
}
