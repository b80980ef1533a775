/** Columns as wide as what is in them; nothing where there are no rows. */
export const showTable = (header: readonly string[], rows: readonly (readonly string[])[]): string[] => {
  if (rows.length === 0) return []
  const widths = header.map((name, at) => Math.max(name.length, ...rows.map(row => row[at]!.length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd()
  return [line(header), ...rows.map(line)]
}
