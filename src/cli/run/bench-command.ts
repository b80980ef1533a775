import { type Measurement, measureDownloads } from '../../../benchmarks/measure-downloads.ts'
import { measurePaths, type PathCost } from '../../../benchmarks/measure-paths.ts'
import type { Runtime } from '../../host/runtime.ts'
import { table } from '../table.ts'
import { createTerminal, printJson } from '../terminal.ts'

const CURVES = ['nist', 'brainpool'] as const

const rowsOf = (measured: readonly Measurement[]): string[][] => {
  const row = (name: string, value: (of: Measurement) => string): string[] => [name, ...measured.map(value)]
  const ms = (value: number): string => `${value.toFixed(2)} ms`
  return [
    row('curve', ({ curve }) => curve),
    row('APDUs a download', ({ apdus }) => `${apdus}`),
    row('bytes of APDUs a download', ({ apduBytes }) => `${apduBytes}`),
    row('bytes of the bound package', ({ packageBytes }) => `${packageBytes}`),
    row('card', of => ms(of.ms.card)),
    row('LPA', of => ms(of.ms.lpa)),
    row('server', of => ms(of.ms.server)),
    row('whole download', of => ms(of.ms.whole)),
    row('full downloads a second', of => `${of.downloadsPerSecond}`),
    row('bare crypto of a download', of => ms(of.bareCryptoMs)),
    row('share of bare crypto', of => `${Math.round(100 / of.ratio)} %`),
    row('whole / bare crypto', of => `${of.ratio}`),
  ]
}

/** Exchanges and bytes of one download on each way to a card, beside the fewest exchanges that could do. */
const rowsOfPaths = (paths: readonly PathCost[]): string[][] => [
  ['one download over', 'exchanges', 'floor', 'exchanges / floor', 'bytes', 'bytes / what must cross'],
  ...paths.map(({ path, exchanges, floor, bytes, mustCross }) => [
    path,
    `${exchanges}`,
    `${floor}`,
    (exchanges / floor).toFixed(2),
    `${bytes}`,
    (bytes / mustCross).toFixed(2),
  ]),
]

/** What a download costs in one process, beside the same calls of node:crypto with nothing around them. */
export const benchCommand = async (
  runtime: Runtime,
  options: { readonly downloads: number; readonly json?: boolean },
): Promise<number> => {
  const terminal = createTerminal(runtime, options.json)
  const measured: Measurement[] = []
  for (const curve of CURVES)
    measured.push(
      await measureDownloads(runtime, curve, options.downloads, done => {
        runtime.interrupt.throwIfAborted()
        terminal.progress(`${curve}: ${done} of ${options.downloads} downloads`)
      }),
    )
  for (const line of table(rowsOf(measured))) terminal.line(line)
  terminal.line()
  for (const { curve, operations, cipherBytes } of measured)
    terminal.line(
      `${curve}: ${Object.entries(operations)
        .map(([name, count]) => `${count} ${name}`)
        .join(', ')}; ${cipherBytes} bytes through ciphers`,
    )
  terminal.line()
  const paths = await measurePaths(runtime, 'nist')
  for (const line of table(rowsOfPaths(paths))) terminal.line(line)
  terminal.line(`floor: ${paths[0]!.mustCross} bytes must cross, 255 in an exchange`)
  if (options.json) printJson(runtime, { measurements: measured, paths })
  return 0
}
