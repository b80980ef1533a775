/** Positions of the parts in the architecture picture and the lines between them, in units of the 680 x 246 view box. */
import type { Part } from '../../../src/evidence/events.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export const PICTURE = { width: 680, height: 246 } as const
export const BOX = { width: 118, height: 38 } as const

export const PART_POSITIONS: Readonly<Record<Part, Point>> = {
  app: { x: 92, y: 54 },
  lpa: { x: 92, y: 130 },
  euicc: { x: 92, y: 206 },
  service: { x: 340, y: 30 },
  portal: { x: 340, y: 106 },
  network: { x: 340, y: 212 },
  operator: { x: 588, y: 106 },
  smdp: { x: 588, y: 182 },
}

/** The connections of the reference architecture. The picture shows them for every run. */
export const LINES: readonly (readonly [Part, Part])[] = [
  ['app', 'service'],
  ['app', 'portal'],
  ['app', 'lpa'],
  ['service', 'operator'],
  ['portal', 'operator'],
  ['operator', 'smdp'],
  ['lpa', 'smdp'],
  ['lpa', 'euicc'],
  ['euicc', 'network'],
]

export const pairKey = (a: Part, b: Part): string => [a, b].sort().join('~')

/** A straight line from the edge of one box to the edge of the other. */
export const lineBetween = (from: Part, to: Part): { start: Point; end: Point } => {
  const a = PART_POSITIONS[from]
  const b = PART_POSITIONS[to]
  return { start: edgeOf(a, b), end: edgeOf(b, a) }
}

export const pointOn = (line: { start: Point; end: Point }, share: number): Point => ({
  x: line.start.x + (line.end.x - line.start.x) * share,
  y: line.start.y + (line.end.y - line.start.y) * share,
})

const GAP = 4

/** The point where the line to `target` leaves a box: at its left or right side if the target is beside it, else at the top or bottom. */
const edgeOf = (box: Point, target: Point): Point => {
  const dx = target.x - box.x
  const dy = target.y - box.y
  if (Math.abs(dx) > BOX.width) {
    const slope = Math.max(-BOX.height / 4, Math.min(BOX.height / 4, (dy / Math.abs(dx)) * 40))
    return { x: box.x + Math.sign(dx) * (BOX.width / 2 + GAP), y: box.y + slope }
  }
  return { x: box.x, y: box.y + Math.sign(dy) * (BOX.height / 2 + GAP) }
}
