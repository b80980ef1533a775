import { useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import { useMedia } from '../bench/use-bench.ts'
import { plannedSteps, type RunState, type StepView } from '../run/run-state.ts'
import { formatDuration } from '../run/wording.ts'

type Split = 'apdu' | 'http' | 'rest'

const SPLITS: readonly (readonly [Split, string])[] = [
  ['apdu', 'APDU'],
  ['http', 'HTTP'],
  ['rest', 'Rest'],
]

/** One bar with three layers for each step. The run summary contains the same values as a table. */
export const TimePlot = ({ run, onSelect }: { run: RunState; onSelect: (step: number) => void }) => {
  const steps = plannedSteps(run)
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const [hovered, setHovered] = useState<number | null>(null)
  const dark = useMedia('(prefers-color-scheme: dark)')
  const data = useMemo(() => layersOf(steps), [steps])
  const totals = useMemo(() => totalsOf(steps), [steps])
  const latest = useRef({ data, steps, onSelect })
  latest.current = { data, steps, onSelect }

  // uPlot reads the colors once, so a change of the color scheme requires a new plot.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `dark` is read through the style sheet
  useEffect(() => {
    const element = host.current
    if (element === null) return
    const made = new uPlot(optionsFor(element, setHovered), latest.current.data, element)
    plot.current = made
    const onClick = (): void => {
      const step = latest.current.steps[made.cursor.idx ?? -1]
      if (step) latest.current.onSelect(step.step)
    }
    made.over.addEventListener('click', onClick)
    const observer = new ResizeObserver(() => made.setSize(sizeOf(element)))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [dark])
  useEffect(() => plot.current?.setData(data), [data])

  const shown = hovered === null ? undefined : steps[hovered]
  return (
    <figure className="plot" aria-label={describe(totals)}>
      <figcaption>
        <span className="plot-title">{shown ? `${shown.step}. ${shown.name}` : 'Time per step'}</span>
        <span className="legend">
          {SPLITS.map(([split, word]) => (
            <span key={split} className={`legend-${split}`}>
              <span className="swatch" aria-hidden="true" />
              {word} <b>{formatDuration(shown ? shown[`${split}Ms`] : totals[split])}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div className="plot-host" ref={host} aria-hidden="true" />
    </figure>
  )
}

/** uPlot draws the series in order, so the total comes first and the layers in front of it follow. */
const layersOf = (steps: readonly StepView[]): uPlot.AlignedData => [
  steps.map((_view, index) => index),
  steps.map(view => view.apduMs + view.httpMs + view.restMs),
  steps.map(view => view.apduMs + view.httpMs),
  steps.map(view => view.apduMs),
]

const totalsOf = (steps: readonly StepView[]): Readonly<Record<Split, number>> => ({
  apdu: steps.reduce((sum, view) => sum + view.apduMs, 0),
  http: steps.reduce((sum, view) => sum + view.httpMs, 0),
  rest: steps.reduce((sum, view) => sum + view.restMs, 0),
})

const describe = (totals: Readonly<Record<Split, number>>): string =>
  `Time of the run: ${SPLITS.map(([split, word]) => `${word} ${formatDuration(totals[split])}`).join(', ')}`

const sizeOf = (element: HTMLElement): { width: number; height: number } => ({
  width: Math.max(120, element.clientWidth),
  height: Math.max(80, element.clientHeight),
})

const optionsFor = (element: HTMLElement, onHover: (index: number | null) => void): uPlot.Options => {
  const style = getComputedStyle(element)
  const getColor = (name: string): string => style.getPropertyValue(name).trim()
  const font = `11px ${style.fontFamily}`
  const bars = uPlot.paths.bars?.({ size: [0.62, 46], radius: 0.08 })
  const layer = (name: string): uPlot.Series => ({
    fill: getColor(name),
    stroke: getColor(name),
    width: 0,
    points: { show: false },
    ...(bars && { paths: bars }),
  })
  const axis = { stroke: getColor('--muted'), font, ticks: { show: false } }
  return {
    ...sizeOf(element),
    padding: [8, 6, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: (_plot, _min, max) => [-0.6, Math.max(max ?? 0, 0) + 0.6] },
      y: { range: (_plot, _min, max) => [0, Math.max(max ?? 0, 1) * 1.05] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 4,
        grid: { show: false },
        splits: plot => [...(plot.data[0] ?? [])],
        values: (_plot, splits) => splits.map(index => String(index + 1)),
      },
      {
        ...axis,
        size: 52,
        gap: 4,
        space: 34,
        grid: { stroke: getColor('--line'), width: 1 },
        values: (_plot, splits) => splits.map(ms => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`)),
      },
    ],
    series: [{}, layer('--plot-rest'), layer('--plot-http'), layer('--plot-apdu')],
    hooks: {
      setCursor: [plot => onHover(plot.cursor.idx === undefined ? null : plot.cursor.idx)],
    },
  }
}
