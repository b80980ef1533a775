import { concat } from '../../asn1/bytes.ts'
import type { Fcp, File } from '../elements/file.ts'

/** A file with a descriptor. Omitted components have their default, which DER does not encode. */
export const file = (fcp: Partial<Fcp>, ...contents: readonly Uint8Array[]): File => [
  { fileDescriptor: fcp as Fcp },
  ...filled(...contents),
]

/** A file as in its template, with this content. */
export const filled = (...contents: readonly Uint8Array[]): File =>
  contents.map(fillFileContent => ({ fillFileContent }))
export const asTemplate: File = []

/** A size in the fewest bytes (SAIP §8.3.1, `efFileSize`). */
export const sizeBytes = (size: number): Uint8Array =>
  size > 0xff ? Uint8Array.of(size >> 8, size & 0xff) : Uint8Array.of(size)

/** A linear fixed file for records of one length. */
export const records = (...contents: readonly Uint8Array[]): File => {
  const { length } = contents[0]!
  return file(
    { fileDescriptor: Uint8Array.of(0x42, 0x21, 0, length), efFileSize: sizeBytes(length * contents.length) },
    concat(...contents),
  )
}

/** A directory; `pins` are the key references in its PIN status. */
export const directory = (pins: Uint8Array, rest: Partial<Fcp> = {}): File =>
  file({ ...rest, pinStatusTemplateDO: pins })
