/** A part of the byte stream of a modem. Unknown bytes are reported as garbage, not discarded. */
export type AtPiece =
  | { readonly kind: 'line'; readonly text: string }
  /** `> `, a prompt for data without a line end (TS 27.005 §3.5.1). */
  | { readonly kind: 'prompt' }
  | { readonly kind: 'garbage'; readonly bytes: Uint8Array }

/** Longer than the hexadecimal of the longest response APDU: a longer line is garbage. */
const LONGEST_LINE = 0x22000

const [NUL, TAB, LF, CR, SPACE, TILDE, GREATER] = [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x7e, 0x3e]

/**
 * Splits the bytes of a modem into lines (TS 27.007 §4.1, V.250 §5.7.1: `<CR><LF>text<CR><LF>`, echo `text<CR>`).
 * Chunks may end anywhere. Empty lines and NUL bytes, which some modems send at wake-up, are removed. Any other control
 * byte makes its line garbage.
 */
export const createAtFraming = (): { push(bytes: Uint8Array): AtPiece[] } => {
  let line: number[] = []
  let isGarbage = false

  const endLine = (): AtPiece | undefined => {
    const ended = line
    const wasGarbage = isGarbage
    line = []
    isGarbage = false
    if (wasGarbage) return { kind: 'garbage', bytes: Uint8Array.from(ended) }
    const text = String.fromCharCode(...ended.slice(0, 0x4000)) + longTail(ended)
    return text.trim() === '' ? undefined : { kind: 'line', text: text.trim() }
  }

  return {
    push: bytes => {
      const pieces: AtPiece[] = []
      for (const byte of bytes) {
        if (byte === CR || byte === LF) {
          const piece = endLine()
          if (piece) pieces.push(piece)
          continue
        }
        if (byte === NUL) continue
        if (byte !== TAB && (byte < SPACE || byte > TILDE)) isGarbage = true
        line.push(byte)
        if (line.length === 2 && line[0] === GREATER && byte === SPACE) {
          line = []
          pieces.push({ kind: 'prompt' })
        } else if (line.length > LONGEST_LINE) {
          isGarbage = true
          pieces.push(endLine()!)
        }
      }
      return pieces
    },
  }
}

/** `fromCharCode` receives the bytes as arguments, and a call has a maximum number of them. */
const longTail = (bytes: readonly number[]): string => {
  let text = ''
  for (let at = 0x4000; at < bytes.length; at += 0x4000) text += String.fromCharCode(...bytes.slice(at, at + 0x4000))
  return text
}
