import { useState } from 'react'
import type { Decoded } from '../../../src/evidence/events.ts'

const OPEN_TO_DEPTH = 3
const CHILDREN_AT_ONCE = 100
const BYTES_AT_ONCE = 48

/** A decoded message as a collapsible tree. Collapsed branches are not rendered. */
export const DecodedTree = ({ value, label }: { value: Decoded; label: string }) => (
  <ul className="tree" aria-label={label}>
    {isBranch(value) ? <Children value={value} depth={0} /> : <Leaf name={null} value={value} />}
  </ul>
)

type Branch = readonly Decoded[] | { readonly [key: string]: Decoded }

const isBranch = (value: Decoded): value is Branch => typeof value === 'object' && value !== null

const entriesOf = (value: Branch): readonly (readonly [string, Decoded])[] =>
  Array.isArray(value) ? value.map((child, index) => [String(index), child] as const) : Object.entries(value as object)

const Children = ({ value, depth }: { value: Branch; depth: number }) => {
  const [shown, setShown] = useState(CHILDREN_AT_ONCE)
  const children = entriesOf(value)
  if (children.length === 0) return <li className="tree-none">empty</li>
  return (
    <>
      {children
        .slice(0, shown)
        .map(([name, child]) =>
          isBranch(child) ? (
            <Node key={name} name={name} value={child} depth={depth} />
          ) : (
            <Leaf key={name} name={name} value={child} />
          ),
        )}
      {children.length > shown && (
        <li>
          <button type="button" className="link" onClick={() => setShown(shown + CHILDREN_AT_ONCE)}>
            {children.length - shown} more
          </button>
        </li>
      )}
    </>
  )
}

const Node = ({ name, value, depth }: { name: string; value: Branch; depth: number }) => {
  const [open, setOpen] = useState(depth < OPEN_TO_DEPTH)
  const count = entriesOf(value).length
  return (
    <li>
      <button type="button" className="tree-node" aria-expanded={open} onClick={() => setOpen(!open)}>
        <svg className="chevron" viewBox="0 0 12 12" aria-hidden="true">
          <path d="M4 2.5L8 6 4 9.5" />
        </svg>
        <span className="tree-name">{name}</span>
        {!open && <span className="faint">{Array.isArray(value) ? `${count} items` : `${count} fields`}</span>}
      </button>
      {open && (
        <ul>
          <Children value={value} depth={depth + 1} />
        </ul>
      )}
    </li>
  )
}

const Leaf = ({ name, value }: { name: string | null; value: Exclude<Decoded, Branch> }) => (
  <li className="tree-leaf">
    {name !== null && <span className="tree-name">{name}</span>}
    <Value value={value} />
  </li>
)

const Value = ({ value }: { value: Exclude<Decoded, Branch> }) => {
  const [whole, setWhole] = useState(false)
  if (typeof value !== 'string') return <span className="tree-word">{String(value)}</span>
  if (!isHex(value)) return <span className="tree-text">{value === '' ? '“”' : value}</span>
  const bytes = value.length / 2
  const cut = !whole && bytes > BYTES_AT_ONCE
  return (
    <span className="tree-hex">
      {cut ? value.slice(0, (BYTES_AT_ONCE - 8) * 2) : value}
      {bytes > BYTES_AT_ONCE && (
        <button type="button" className="link" onClick={() => setWhole(!whole)}>
          {cut ? `… all ${bytes} bytes` : 'less'}
        </button>
      )}
      {bytes > 4 && bytes <= BYTES_AT_ONCE && <span className="faint"> {bytes} bytes</span>}
    </span>
  )
}

/** A short text of decimal digits is usually a number or an identifier and not bytes. */
const isHex = (text: string): boolean =>
  text.length >= 2 && text.length % 2 === 0 && /^[0-9a-f]+$/i.test(text) && (/[a-f]/i.test(text) || text.length > 32)
