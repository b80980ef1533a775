import { formatName } from './terminal.ts'

/** Aligns the cells of rows in columns. */
export const table = (rows: readonly (readonly string[])[]): string[] => {
  const shown = rows.map(row => row.map(formatName))
  const widths = shown[0]?.map((_, column) => Math.max(...shown.map(row => row[column]?.length ?? 0))) ?? []
  return shown.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}

/** A table with a header; empty if there are no rows. */
export const showTable = (header: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0 ? [] : table([header, ...rows])
