import { useMedia } from '../bench/use-bench.ts'
import type { ApduPart } from './apdu-anatomy.ts'

/** The named header bytes of an APDU, and its data as a hex dump with offsets and characters. */
export const ApduHex = ({ parts, label }: { parts: readonly ApduPart[]; label: string }) => (
  <div className="apdu-hex">
    <ul className="apdu-parts" aria-label={`${label}, part by part`}>
      {parts
        .filter(part => part.name !== 'data')
        .map(part => (
          <li key={part.name}>
            <span className="part-name">{part.name}</span>
            <code>{part.hex.toUpperCase()}</code>
            {part.meaning && <span className="faint">{part.meaning}</span>}
          </li>
        ))}
    </ul>
    {parts.some(part => part.name === 'data') && (
      <HexDump hex={parts.find(part => part.name === 'data')!.hex} label={`${label}, data`} />
    )}
  </div>
)

const HexDump = ({ hex, label }: { hex: string; label: string }) => {
  const width = useMedia('(min-width: 1500px)') ? 16 : 8
  const rows = Array.from({ length: Math.ceil(hex.length / (width * 2)) }, (_, row) =>
    hex.slice(row * width * 2, (row + 1) * width * 2),
  )
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach a scrollable region
    <section className="hex-dump" aria-label={label} tabIndex={0}>
      <pre>
        {rows.map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows of constant bytes
          <span key={index}>
            <span className="hex-offset">{(index * width).toString(16).padStart(4, '0')}</span>
            {spaced(row).padEnd(width === 16 ? 48 : 23)}
            <span className="hex-text">{printable(row)}</span>
            {'\n'}
          </span>
        ))}
      </pre>
    </section>
  )
}

const spaced = (row: string): string => {
  const bytes = row.match(/../g) ?? []
  return [bytes.slice(0, 8).join(' '), bytes.slice(8).join(' ')].filter(Boolean).join('  ')
}

const printable = (row: string): string =>
  (row.match(/../g) ?? [])
    .map(byte => Number.parseInt(byte, 16))
    .map(code => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '·'))
    .join('')
