import { fromHex } from '../../asn1/bytes.ts'

/** What a file is: a directory, or an elementary file of one of the structures of TS 102 221 §8.2.2. */
export type FileType = 'MF' | 'ADF' | 'DF' | 'transparent' | 'linear-fixed' | 'cyclic' | 'ber-tlv'
export type Structure = Exclude<FileType, 'MF' | 'ADF' | 'DF'>

/** One row of an annex A table: how a file is made when the profile says nothing else about it. */
export interface TemplateFile {
  /** The file's name in the PE. */
  readonly name: string
  /** Absent where the profile must give it. */
  readonly fid: number | undefined
  readonly type: FileType
  /** Bytes in the file, or in a record. */
  readonly size: number | undefined
  readonly records: number | undefined
  /** The record of EF.ARR with its access rule. */
  readonly arr: number
  readonly sfi: number | undefined
  /** Content before the profile fills anything in; 'FF' where absent. */
  readonly pattern: FillPattern | undefined
}

/**
 * How a file, or each of its records, is filled (TS 102 222 §6.3.2.2.2): `head`, then the last byte of `head` again
 * and again (or, with `repeat`, all of `head` again and again), then `tail` at the end.
 */
export interface FillPattern {
  readonly head: Uint8Array
  readonly tail: Uint8Array
  readonly repeat: boolean
}

/** `length` bytes of a pattern. */
export const fill = ({ head, tail, repeat }: FillPattern, length: number): Uint8Array => {
  const out = new Uint8Array(length)
  for (let i = 0; i < length; i++) out[i] = head[repeat ? i % head.length : Math.min(i, head.length - 1)]!
  if (tail.length > 0) out.set(tail.subarray(0, length), Math.max(0, length - tail.length))
  return out
}

const TYPES: Record<string, FileType> = {
  MF: 'MF',
  ADF: 'ADF',
  DF: 'DF',
  TR: 'transparent',
  LF: 'linear-fixed',
  CY: 'cyclic',
  BT: 'ber-tlv',
}

/** `00FF*`: FF up to the end. `FF*07`: 07 at the end. `FFFFFF0000+`: the whole again and again. */
const readPattern = (text: string): FillPattern | undefined => {
  if (text === '-') return undefined
  const [head = '', tail = ''] = text.split(/[*+]/)
  return { head: fromHex(head), tail: fromHex(tail), repeat: text.includes('+') }
}
const readNumber = (text: string, radix: number): number | undefined =>
  text === '-' ? undefined : Number.parseInt(text, radix)

/**
 * Reads a table as the annex prints it, a file a line:
 * `name FID type size records ARR SFI content`, where `-` stands for what the annex leaves to the profile.
 * A ninth word is for the reader: `min` marks a size or record length that is 3GPP's minimum.
 */
export const readTable = (text: string): readonly TemplateFile[] =>
  text
    .trim()
    .split('\n')
    .map(line => {
      const [name = '', fid = '-', type = '', size = '-', records = '-', arr = '-', sfi = '-', content = '-'] = line
        .trim()
        .split(/\s+/)
      return {
        name,
        fid: readNumber(fid, 16),
        type: TYPES[type]!,
        size: readNumber(size, 10),
        records: readNumber(records, 10),
        arr: readNumber(arr, 10)!,
        sfi: readNumber(sfi, 16),
        pattern: readPattern(content),
      }
    })

/** A table in a later version: the same files, but for those that changed. */
export const withChanges = (table: readonly TemplateFile[], changes: string): readonly TemplateFile[] => {
  const changed = readTable(changes)
  return table.map(file => changed.find(({ name }) => name === file.name) ?? file)
}
