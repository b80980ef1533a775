import { fromHex } from '../../asn1/bytes.ts'

/** The type of a file: a directory, or an elementary file with a structure of TS 102 221 §8.2.2. */
export type FileType = 'MF' | 'ADF' | 'DF' | 'transparent' | 'linear-fixed' | 'cyclic' | 'ber-tlv'
export type Structure = Exclude<FileType, 'MF' | 'ADF' | 'DF'>

/** One row of an annex A table: the properties of a file that the profile does not override. */
export interface TemplateFile {
  /** The name of the file in the PE. */
  readonly name: string
  /** Absent if the profile must provide it. */
  readonly fid: number | undefined
  readonly type: FileType
  /** Bytes in the file or in a record. */
  readonly size: number | undefined
  readonly records: number | undefined
  /** The record of EF.ARR with its access rule. */
  readonly arr: number
  readonly sfi: number | undefined
  /** The content before the profile fills the file; 'FF' if absent. */
  readonly pattern: FillPattern | undefined
}

/**
 * How a file, or each of its records, is filled (TS 102 222 §6.3.2.2.2): `head`, then the last byte of `head`
 * repeatedly (with `repeat`: all of `head` repeatedly), then `tail` at the end.
 */
export interface FillPattern {
  readonly head: Uint8Array
  readonly tail: Uint8Array
  readonly repeat: boolean
}

/** Returns `length` bytes of a pattern. */
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

/** `00FF*`: FF up to the end. `FF*07`: 07 at the end. `FFFFFF0000+`: all bytes repeatedly. */
const readPattern = (text: string): FillPattern | undefined => {
  if (text === '-') return undefined
  const [head = '', tail = ''] = text.split(/[*+]/)
  return { head: fromHex(head), tail: fromHex(tail), repeat: text.includes('+') }
}
const readNumber = (text: string, radix: number): number | undefined =>
  text === '-' ? undefined : Number.parseInt(text, radix)

/**
 * Parses a table of the annex, one file a line: `name FID type size records ARR SFI content`; `-` marks a value that
 * the profile provides. A ninth word is a note: `min` marks a size or record length that is the minimum of 3GPP.
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

/** Returns a later version of a table, in which only the given rows differ. */
export const withChanges = (table: readonly TemplateFile[], changes: string): readonly TemplateFile[] => {
  const changed = readTable(changes)
  return table.map(file => changed.find(({ name }) => name === file.name) ?? file)
}
