import { concat } from '../../asn1/bytes.ts'
import type { ElementaryFile } from '../file-tree.ts'
import { answerData, STATUS, workOn } from './binary.ts'
import { type CardCommandResult, type CardFiles, getFileContent, type Selection, withContent } from './card-files.ts'
import type { CardCommand } from './command.ts'

const MODE = { next: 2, previous: 3, absolute: 4 }
const RECORD_FILES = ['linear-fixed', 'cyclic'] as const

const countOf = (file: ElementaryFile): number => Math.floor(file.size / file.recordLength)
const recordAt = (card: CardFiles, file: ElementaryFile, number: number): Uint8Array =>
  getFileContent(card, file).subarray((number - 1) * file.recordLength, number * file.recordLength)

/** The record number from P1, the mode in P2 and the record pointer (TS 102 221 §8.3, §11.1.5.2). */
const recordMeant = (file: ElementaryFile, pointer: number, p1: number, mode: number): number => {
  const count = countOf(file)
  const isCyclic = file.structure === 'cyclic'
  switch (mode) {
    case MODE.absolute:
      return p1 === 0 ? pointer : p1
    case MODE.next:
      if (pointer === 0) return 1
      return pointer < count ? pointer + 1 : isCyclic ? 1 : 0
    case MODE.previous:
      if (pointer === 0) return count
      return pointer > 1 ? pointer - 1 : isCyclic ? count : 0
    default:
      return -1
  }
}

/** READ RECORD (TS 102 221 §11.1.5). It always reads a whole record. */
export const handleReadRecord = (card: CardFiles, selection: Selection, command: CardCommand): CardCommandResult => {
  const { p1, p2, le } = command
  const work = workOn(card, selection, p2 >> 3, RECORD_FILES, { mode: 'read' })
  if (typeof work === 'number') return { card, selection, status: work }
  const mode = p2 & 0x07
  const number = recordMeant(work.file, work.selection.record, p1, mode)
  if (number < 0 || (mode !== MODE.absolute && p1 !== 0)) return { card, selection, status: STATUS.wrongP1P2 }
  if (number === 0 || number > countOf(work.file)) return { card, selection, status: STATUS.recordNotFound }
  const record = recordAt(card, work.file, number)
  if (le !== undefined && le !== 256 && le !== record.length) return { card, selection, status: 0x6c00 | record.length }
  const after = mode === MODE.absolute ? work.selection : { ...work.selection, record: number }
  return answerData(card, after, record, undefined)
}

/** UPDATE RECORD (TS 102 221 §11.1.6). In a cyclic file it overwrites the oldest record, which becomes record 1. */
export const handleUpdateRecord = (card: CardFiles, selection: Selection, command: CardCommand): CardCommandResult => {
  const { p1, p2, data } = command
  const work = workOn(card, selection, p2 >> 3, RECORD_FILES, { mode: 'update' })
  if (typeof work === 'number') return { card, selection, status: work }
  const { file } = work
  const mode = p2 & 0x07
  const isCyclic = file.structure === 'cyclic'
  if (isCyclic ? mode !== MODE.previous || p1 !== 0 : mode !== MODE.absolute && p1 !== 0)
    return { card, selection, status: STATUS.wrongP1P2 }
  const number = isCyclic ? 1 : recordMeant(file, work.selection.record, p1, mode)
  if (number < 0) return { card, selection, status: STATUS.wrongP1P2 }
  if (number === 0 || number > countOf(file)) return { card, selection, status: STATUS.recordNotFound }
  if (data.length !== file.recordLength) return { card, selection, status: STATUS.wrongLength }
  const updated = isCyclic ? pushed(card, file, data) : replaced(card, file, number, data)
  const after = mode === MODE.absolute ? work.selection : { ...work.selection, record: number }
  return { card: withContent(card, file, updated), selection: after, status: STATUS.ok }
}

const replaced = (card: CardFiles, file: ElementaryFile, number: number, record: Uint8Array): Uint8Array => {
  const content = getFileContent(card, file)
  return concat(
    content.subarray(0, (number - 1) * file.recordLength),
    record,
    content.subarray(number * file.recordLength),
  )
}
const pushed = (card: CardFiles, file: ElementaryFile, record: Uint8Array): Uint8Array =>
  concat(record, getFileContent(card, file).subarray(0, file.size - file.recordLength))

const INS_INCREASE = 0x32
const MAX_VALUE_REACHED = 0x9850

/** INCREASE (TS 102 221 §11.1.8): adds a value to the newest record and stores the sum as the newest record. */
export const handleIncrease = (card: CardFiles, selection: Selection, command: CardCommand): CardCommandResult => {
  const { p1, p2, data } = command
  const namesFile = (p1 & 0xe0) === 0x80
  if (p2 !== 0 || (p1 !== 0 && !namesFile)) return { card, selection, status: STATUS.wrongP1P2 }
  const work = workOn(card, selection, p1 & 0x1f, ['cyclic'], { ins: INS_INCREASE })
  if (typeof work === 'number') return { card, selection, status: work }
  const { file } = work
  if (data.length === 0 || data.length > file.recordLength) return { card, selection, status: STATUS.wrongLength }
  const sum = recordAt(card, file, 1).slice()
  let carry = 0
  for (let i = 1; i <= sum.length; i++) {
    const at = sum.length - i
    carry += sum[at]! + (data[data.length - i] ?? 0)
    sum[at] = carry & 0xff
    carry >>= 8
  }
  if (carry > 0) return { card, selection, status: MAX_VALUE_REACHED }
  return {
    card: withContent(card, file, pushed(card, file, sum)),
    selection: { ...work.selection, record: 1 },
    status: STATUS.ok,
    data: concat(sum, data),
  }
}

const NO_RECORD_HAS_IT = 0x6282
const SEARCH = { forward: 4, backward: 5, enhanced: 6 }

interface SearchPlan {
  readonly pattern: Uint8Array
  readonly start: number
  readonly forward: boolean
  /** The offset in a record at which the search begins. */
  readonly from: (record: Uint8Array) => number
}

/** Reads P1, P2 and the search indication (TS 102 221 §11.1.7.2). */
const planSearch = ({ p1, p2, data }: CardCommand, pointer: number, count: number): SearchPlan | undefined => {
  const mode = p2 & 0x07
  if (mode === SEARCH.forward || mode === SEARCH.backward) {
    const forward = mode === SEARCH.forward
    const start = p1 === 0 ? pointer || (forward ? 1 : count) : p1
    return { pattern: data, start, forward, from: () => 0 }
  }
  if (mode !== SEARCH.enhanced || data.length < 3) return undefined
  const [indication, place] = data as unknown as [number, number]
  const direction = indication & 0x07
  if (direction < 4) return undefined
  const forward = (direction & 1) === 0
  const step = direction < 6 ? 0 : forward ? 1 : -1
  const start = (p1 === 0 ? pointer || (forward ? 1 : count) : p1) + (p1 === 0 ? step : 0)
  // Bit 4: the search begins after the first byte with the given value; otherwise at an offset.
  const from = (record: Uint8Array) => {
    if ((indication & 0x08) === 0) return place
    const at = record.indexOf(place)
    return at < 0 ? record.length : at + 1
  }
  return { pattern: data.subarray(2), start, forward, from }
}

const contains = (record: Uint8Array, pattern: Uint8Array, from: number): boolean =>
  Buffer.from(record.buffer, record.byteOffset, record.length).indexOf(pattern, from) >= 0

/**
 * SEARCH RECORD (TS 102 221 §11.1.7): returns the numbers of the records that contain a pattern; the first becomes
 * current.
 */
export const handleSearchRecord = (card: CardFiles, selection: Selection, command: CardCommand): CardCommandResult => {
  const work = workOn(card, selection, command.p2 >> 3, RECORD_FILES, { mode: 'read' })
  if (typeof work === 'number') return { card, selection, status: work }
  const count = countOf(work.file)
  if (command.data.length === 0) return { card, selection, status: STATUS.wrongLength }
  const plan = planSearch(command, work.selection.record, count)
  if (plan === undefined) return { card, selection, status: STATUS.wrongP1P2 }
  if (plan.start > count) return { card, selection, status: STATUS.recordNotFound }
  const numbers: number[] = []
  for (let number = plan.start; number >= 1 && number <= count; number += plan.forward ? 1 : -1) {
    const record = recordAt(card, work.file, number)
    if (contains(record, plan.pattern, plan.from(record))) numbers.push(number)
  }
  const first = numbers[0]
  if (first === undefined) return { card, selection: work.selection, status: NO_RECORD_HAS_IT }
  return answerData(card, { ...work.selection, record: first }, Uint8Array.from(numbers), command.le)
}
