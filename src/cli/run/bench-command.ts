import { type Measurement, measureDownloads } from '../../../benchmarks/measure-downloads.ts'
import { measurePaths, type PathCost } from '../../../benchmarks/measure-paths.ts'
import type { Runtime } from '../../host/runtime.ts'
import { table } from '../table.ts'
import { createTerminal, printJson } from '../terminal.ts'

const CURVES = ['nist', 'brainpool'] as const

const toRows = (measured: readonly Measurement[]): string[][] => {
  const row = (name: string, value: (of: Measurement) => string): string[] => [name, ...measured.map(value)]
  const ms = (value: number): string => `${value.toFixed(2)} ms`
  return [
    row('curve', ({ curve }) => curve),
    row('APDUs per download', ({ apdus }) => `${apdus}`),
    row('bytes of APDUs per download', ({ apduBytes }) => `${apduBytes}`),
    row('bytes of the bound package', ({ packageBytes }) => `${packageBytes}`),
    row('card', of => ms(of.ms.card)),
    row('LPA', of => ms(of.ms.lpa)),
    row('server', of => ms(of.ms.server)),
    row('whole download', of => ms(of.ms.whole)),
    row('full downloads per second', of => `${of.downloadsPerSecond}`),
    row('bare crypto of a download', of => ms(of.bareCryptoMs)),
    row('share of bare crypto', of => `${Math.round(100 / of.ratio)} %`),
    row('whole / bare crypto', of => `${of.ratio}`),
  ]
}

/** Exchanges and bytes of one download over each link, compared with the smallest possible number of exchanges. */
const toPathRows = (paths: readonly PathCost[]): string[][] => [
  ['one download over', 'exchanges', 'floor', 'exchanges / floor', 'bytes', 'bytes / required bytes'],
  ...paths.map(({ path, exchanges, floor, bytes, mustCross }) => [
    path,
    `${exchanges}`,
    `${floor}`,
    (exchanges / floor).toFixed(2),
    `${bytes}`,
    (bytes / mustCross).toFixed(2),
  ]),
]

/** Measures downloads in one process, and the same calls of node:crypto alone. */
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
  for (const line of table(toRows(measured))) terminal.line(line)
  terminal.line()
  for (const { curve, operations, cipherBytes } of measured)
    terminal.line(
      `${curve}: ${Object.entries(operations)
        .map(([name, count]) => `${count} ${name}`)
        .join(', ')}; ${cipherBytes} bytes through ciphers`,
    )
  terminal.line()
  const paths = await measurePaths(runtime, 'nist')
  for (const line of table(toPathRows(paths))) terminal.line(line)
  terminal.line(`floor: ${paths[0]!.mustCross} required bytes, 255 in each exchange`)
  if (options.json) printJson(runtime, { measurements: measured, paths })
  return 0
}
