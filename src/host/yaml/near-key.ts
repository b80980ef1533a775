/** Damerau-Levenshtein distance: two exchanged adjacent characters count as one mistake. */
const distance = (left: string, right: string): number => {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= left.length; i++) {
    const row = [i]
    for (let j = 1; j <= right.length; j++) {
      const cost = left[i - 1] === right[j - 1] ? 0 : 1
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + cost)
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1])
        row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1)
    }
    rows.push(row)
  }
  return rows[left.length]![right.length]!
}

/** The known key with the smallest distance from `wrong`; undefined if none is near. */
export const nearestKey = (wrong: string, known: readonly string[]): string | undefined => {
  const ranked = known
    .map(key => ({ key, far: distance(wrong.toLowerCase(), key.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)
  const best = ranked[0]
  return best && best.far <= Math.max(2, Math.floor(best.key.length / 2)) ? best.key : undefined
}
