/** One line of a byte stream. */
export type Line =
  | { readonly kind: 'line'; readonly text: string }
  /** More bytes without a line end than the maximum. */
  | { readonly kind: 'overlong'; readonly bytes: number }

/** Divides chunks of a byte stream into lines. Skips blank lines, and stops after an overlong one. */
export const createLineFraming = (longest: number): ((chunk: Uint8Array) => Line[]) => {
  let waiting: Uint8Array[] = []
  let length = 0
  let isOver = false

  const take = (until: Uint8Array): string => {
    const text = Buffer.concat([...waiting, until])
      .toString('utf8')
      .trim()
    waiting = []
    length = 0
    return text
  }

  return chunk => {
    const lines: Line[] = []
    for (let at = 0; at < chunk.length && !isOver; ) {
      const end = chunk.indexOf(0x0a, at)
      const part = chunk.subarray(at, end < 0 ? chunk.length : end)
      if (length + part.length > longest) {
        isOver = true
        lines.push({ kind: 'overlong', bytes: length + part.length })
      } else if (end < 0) {
        waiting.push(part)
        length += part.length
      } else {
        const text = take(part)
        if (text !== '') lines.push({ kind: 'line', text })
      }
      at += part.length + 1
    }
    return lines
  }
}
