// The text decoder replaces each byte that is not UTF-8 by U+FFFD.
const FORMATS: readonly (readonly [start: string, name: string])[] = [
  ['\uFFFDPNG', 'a PNG image'],
  ['GIF8', 'a GIF image'],
  ['%PDF-', 'a PDF document'],
  ['PK\u0003\u0004', 'a ZIP archive'],
  ['\u001F\uFFFD', 'a gzip archive'],
  ['\u007FELF', 'a program'],
  ['SQLite format 3', 'a SQLite database'],
  ['0\uFFFD', 'a DER file, such as a certificate'],
]

const isJpeg = (text: string): boolean =>
  text.startsWith('\uFFFD'.repeat(4)) && ['JFIF', 'Exif'].some(mark => text.slice(4, 12).includes(mark))

const isUtf16 = (text: string): boolean => text.startsWith('\uFFFD\uFFFD') && text.slice(2, 4).includes('\0')

/** Why decoded bytes are no text, as a clause: "it begins like a PNG image". Undefined for a text file. */
export const describeBinaryContent = (text: string): string | undefined => {
  const format = FORMATS.find(([start]) => text.startsWith(start))
  if (format !== undefined) return `it begins like ${format[1]}`
  if (isJpeg(text)) return 'it begins like a JPEG image'
  if (isUtf16(text)) return 'its encoding is UTF-16, not UTF-8'
  return text.includes('\0') ? 'it contains binary data' : undefined
}
