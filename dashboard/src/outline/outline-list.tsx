import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useCallback, useEffect, useRef } from 'react'
import type { Selection } from '../route.ts'
import { type Outline, type OutlineRow, stepRowId } from './outline.ts'
import { EntryRow, StepRow } from './outline-rows.tsx'

const STEP_HEIGHT = 42
const ENTRY_HEIGHT = 26
/** The row of the events outside the steps is less important, so it is smaller. */
const OUTSIDE_HEIGHT = 28

const heightOf = (row: OutlineRow | undefined): number => {
  if (row?.type !== 'step') return ENTRY_HEIGHT
  return row.view.step === 0 ? OUTSIDE_HEIGHT : STEP_HEIGHT
}

/** Steps and their entries as a virtualized tree. The tree keeps the focus; `aria-activedescendant` names the active row. */
export const OutlineList = ({
  outline,
  selectedId,
  tailId,
  canTail,
  onTail,
  onHold,
  onSelect,
  onToggle,
}: {
  outline: Outline
  selectedId: string | null
  /** The running step. The list scrolls to its last entry. */
  tailId: number | null
  canTail: boolean
  onTail: () => void
  onHold: () => void
  onSelect: (selected: Selection | null) => void
  onToggle: (step: number, open?: boolean) => void
}) => {
  const scroller = useRef<HTMLDivElement>(null)
  const { rows } = outline
  // The step of the first visible row stays at the top, so that the user sees the step of the exchanges.
  const stuck = useRef(0)
  const rangeExtractor = useCallback(
    (range: Range) => {
      stuck.current = Math.max(
        0,
        rows.slice(0, range.startIndex + 1).findLastIndex(row => row.type === 'step'),
      )
      return [...new Set([stuck.current, ...defaultRangeExtractor(range)])]
    },
    [rows],
  )
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: index => heightOf(rows[index]),
    getItemKey: index => rows[index]?.id ?? index,
    overscan: 12,
    scrollPaddingStart: STEP_HEIGHT,
    rangeExtractor,
  })
  // The height of a row depends only on its type. Rows are inserted and removed at any position.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows must be measured again when their number changes
  useEffect(() => virtualizer.measure(), [rows.length, virtualizer])

  const activeIndex = selectedId === null ? -1 : rows.findIndex(row => row.id === selectedId)
  const active = rows[activeIndex]

  useEffect(() => {
    if (activeIndex >= 0) virtualizer.scrollToIndex(activeIndex, { align: 'auto' })
  }, [activeIndex, virtualizer])

  useEffect(() => {
    if (tailId === null) return
    const start = rows.findIndex(row => row.id === stepRowId(tailId))
    if (start < 0) return
    let end = start
    while (rows[end + 1]?.type === 'entry') end += 1
    virtualizer.scrollToIndex(end, { align: 'auto' })
  }, [rows, tailId, virtualizer])

  const choose = (row: OutlineRow | undefined): void => {
    if (row === undefined) return
    onSelect(row.type === 'step' ? { type: 'step', step: row.view.step } : { type: 'entry', seq: row.entry.seq })
  }
  const page = (): number => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 300) / ENTRY_HEIGHT) - 1)
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = MOVES[event.key]
    if (move !== undefined) {
      const from = activeIndex < 0 ? -1 : activeIndex
      choose(rows[Math.max(0, Math.min(rows.length - 1, move(from, rows.length, page())))])
    } else if (event.key === 'ArrowRight' && active?.type === 'step') {
      if (active.open) choose(rows[activeIndex + 1])
      else onToggle(active.view.step, true)
    } else if (event.key === 'ArrowLeft' && active) {
      if (active.type === 'step') onToggle(active.view.step, false)
      else choose(rows.slice(0, activeIndex).findLast(row => row.type === 'step'))
    } else if ((event.key === 'Enter' || event.key === ' ') && active?.type === 'step') onToggle(active.view.step)
    else return
    event.preventDefault()
    onHold()
  }

  return (
    <div className="outline-wrap">
      <div
        id="outline"
        ref={scroller}
        className="outline"
        role="tree"
        tabIndex={0}
        aria-label="Steps of the run, each with its exchanges in order of time"
        aria-activedescendant={active?.id}
        onKeyDown={onKeyDown}
        onWheel={onHold}
      >
        <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }} role="none">
          {virtualizer.getVirtualItems().map(({ index, key, start, size }) => {
            const row = rows[index]
            if (row === undefined) return null
            return (
              <div
                key={key}
                role="none"
                style={
                  index === stuck.current && row.type === 'step' && row.open
                    ? { position: 'sticky', top: 0, zIndex: 1, height: size }
                    : {
                        position: 'absolute',
                        insetInline: 0,
                        top: 0,
                        height: size,
                        transform: `translateY(${start}px)`,
                      }
                }
              >
                {row.type === 'step' ? (
                  <StepRow
                    row={row}
                    selected={row.id === selectedId}
                    onClick={() => {
                      choose(row)
                      onToggle(row.view.step)
                    }}
                  />
                ) : (
                  <EntryRow row={row} selected={row.id === selectedId} onClick={() => choose(row)} />
                )}
              </div>
            )
          })}
        </div>
        {rows.length === 0 && <p className="outline-empty">No exchange or note matches the filter.</p>}
      </div>
      {canTail && (
        <button type="button" className="tail" onClick={onTail}>
          Follow the running step
        </button>
      )}
    </div>
  )
}

const MOVES: Readonly<Record<string, (from: number, count: number, page: number) => number>> = {
  ArrowDown: from => from + 1,
  ArrowUp: from => from - 1,
  j: from => from + 1,
  k: from => from - 1,
  PageDown: (from, _count, page) => from + page,
  PageUp: (from, _count, page) => from - page,
  Home: () => 0,
  End: (_from, count) => count - 1,
}
