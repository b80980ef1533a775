import type { Part } from '../../../src/evidence/events.ts'
import { BOX, LINES, lineBetween, PART_POSITIONS, PICTURE, type Point, pairKey, pointOn } from './picture-layout.ts'
import { plannedSteps, type RunState, type StepView } from './run-state.ts'
import { StateShape } from './state-mark.tsx'
import { PART_NAMES, STATE_WORDS } from './wording.ts'

/** The parts of the architecture. The line of the running step is highlighted; each step number shows the step's state. */
export const ArchitecturePicture = ({
  run,
  live,
  selectedStep,
  onSelect,
}: {
  run: RunState | null
  live: boolean
  selectedStep: number | null
  onSelect: (step: number) => void
}) => {
  const steps = run === null ? [] : plannedSteps(run)
  const running = steps.find(view => view.step === run?.running)
  const shown = running ?? steps.find(view => view.step === selectedStep)
  const lit = shown?.from && shown.to && shown.from !== shown.to ? lineBetween(shown.from, shown.to) : null
  return (
    <svg
      className={`picture${running && live ? ' picture-live' : ''}`}
      viewBox={`0 0 ${PICTURE.width} ${PICTURE.height}`}
      role="img"
      aria-label={describe(running, steps)}
    >
      <defs>
        <marker id="arrow-head" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 1L9 5 0 9z" className="arrow-head" />
        </marker>
      </defs>
      <Zone x={18} y={14} width={148} height={222} label="Device" labelY={29} />
      <Zone x={262} y={70} width={404} height={166} label="Mobile operator" labelY={227} />
      {linesOf(steps).map(([from, to]) => {
        const { start, end } = lineBetween(from, to)
        return <path key={pairKey(from, to)} className="line" d={`M${start.x} ${start.y}L${end.x} ${end.y}`} />
      })}
      {lit && (
        <path
          className={`line lit${running ? ' lit-running' : ''}`}
          d={`M${lit.start.x} ${lit.start.y}L${lit.end.x} ${lit.end.y}`}
          markerEnd="url(#arrow-head)"
          data-lit-step={shown?.step}
        />
      )}
      {(Object.keys(PART_POSITIONS) as Part[]).map(part => (
        <PartBox key={part} part={part} active={part === shown?.from || part === shown?.to} />
      ))}
      {positionNumbers(steps).map(({ view, at }) => (
        // The outline has the same function for keyboard users.
        // biome-ignore lint/a11y/noStaticElementInteractions: an additional control for the mouse
        <g
          key={view.step}
          className={`number number-${view.state}${view === shown ? ' number-shown' : ''}`}
          transform={`translate(${at.x - 10} ${at.y - 10})`}
          onClick={() => onSelect(view.step)}
          data-step={view.step}
        >
          <title>{`${view.step}. ${view.name}: ${STATE_WORDS[view.state]}`}</title>
          <circle cx="10" cy="10" r="13" className="number-touch" />
          <circle cx="10" cy="10" r="10" className="number-disc" />
          <text x="10" y="14" textAnchor="middle">
            {view.step}
          </text>
          {view.state !== 'pending' && (
            <g transform="translate(13 -5) scale(0.68)">
              <StateShape state={view.state} />
            </g>
          )}
        </g>
      ))}
    </svg>
  )
}

const PartBox = ({ part, active }: { part: Part; active: boolean }) => {
  const { x, y } = PART_POSITIONS[part]
  return (
    <g className={`part${active ? ' part-active' : ''}`} data-part={part}>
      <rect x={x - BOX.width / 2} y={y - BOX.height / 2} width={BOX.width} height={BOX.height} rx="6" />
      <text x={x} y={y + 4.5} textAnchor="middle">
        {PART_NAMES[part]}
      </text>
    </g>
  )
}

const Zone = ({ label, labelY, ...box }: Box & { label: string; labelY: number }) => (
  <g className="zone">
    <rect {...box} rx="10" />
    <text x={box.x + box.width - 10} y={labelY} textAnchor="end">
      {label}
    </text>
  </g>
)

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const linesOf = (steps: readonly StepView[]): readonly (readonly [Part, Part])[] => {
  const lines = new Map(LINES.map(line => [pairKey(...line), line]))
  for (const { from, to } of steps)
    if (from && to && from !== to && !lines.has(pairKey(from, to))) lines.set(pairKey(from, to), [from, to])
  return [...lines.values()]
}

/** Distributes the step numbers of one line evenly. A step within one part is at the corner of its box. */
const positionNumbers = (steps: readonly StepView[]): readonly { view: StepView; at: Point }[] => {
  const byPair = new Map<string, StepView[]>()
  for (const view of steps)
    if (view.from && view.to) {
      const key = pairKey(view.from, view.to)
      byPair.set(key, [...(byPair.get(key) ?? []), view])
    }
  return [...byPair.values()].flatMap(sharing =>
    sharing.map((view, index) => {
      const { from, to } = sharing[0]! as { from: Part; to: Part }
      if (from === to) {
        const { x, y } = PART_POSITIONS[from]
        return { view, at: { x: x + BOX.width / 2 - index * 24, y: y + BOX.height / 2 } }
      }
      const spread = sharing.length === 1 ? 0.5 : 0.5 + (index - (sharing.length - 1) / 2) * 0.3
      const line = lineBetween(from, to)
      const at = pointOn(line, spread)
      // On a short line the number would cover the arrow, so it is placed next to the line.
      return {
        view,
        at:
          Math.abs(line.end.y - line.start.y) + Math.abs(line.end.x - line.start.x) < 60
            ? { x: at.x + 24 + index * 26, y: line.start.y + (line.end.y - line.start.y) / 2 }
            : at,
      }
    }),
  )
}

const describe = (running: StepView | undefined, steps: readonly StepView[]): string => {
  const names =
    'Architecture: plans app, LPA and eUICC on the device; plans service; portal, operator API, SM-DP+, network'
  if (running?.from && running.to)
    return `${names}. Step ${running.step} is running, from ${PART_NAMES[running.from]} to ${PART_NAMES[running.to]}.`
  return `${names}. ${steps.filter(view => view.state === 'pass').length} of ${steps.length} steps have passed.`
}
