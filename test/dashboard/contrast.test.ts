import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../paths.ts'

const css = readFileSync(join(ROOT, 'dashboard', 'src', 'style', 'tokens.css'), 'utf8')
const [light, dark] = css
  .split('@media')
  .map(part => new Map([...part.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(match => [match[1]!, match[2]!]))) as [
  Map<string, string>,
  Map<string, string>,
]

/** Pairs of text and background that the page uses. */
const PAIRS = [
  ...['ground', 'surface', 'raised', 'hover', 'chosen'].flatMap(ground => [
    ['ink', ground],
    ['muted', ground],
  ]),
  ...['pass', 'fail', 'blocked', 'inapplicable'].flatMap(verdict => [
    [verdict, `${verdict}-ground`],
    [verdict, 'surface'],
    [verdict, 'ground'],
  ]),
  ['software', 'software-ground'],
  ['software', 'software-stripe'],
  ['software', 'surface'],
  ['software', 'chosen'],
  ['on-accent', 'accent'],
  ['accent', 'surface'],
  ['accent', 'ground'],
  ['fail', 'chosen'],
  ['apdu', 'surface'],
  ['http', 'surface'],
  ['note', 'surface'],
] as [string, string][]

describe.each([
  ['light', light],
  ['dark', dark],
])('contrast in the %s scheme (WCAG 2.2, 1.4.3)', (_name, colors) => {
  it.each(PAIRS)('text %s on %s has a contrast of at least 4.5', (text, ground) => {
    expect(ratio(colors.get(text)!, colors.get(ground)!)).toBeGreaterThanOrEqual(4.5)
  })
})

/** WCAG 2.2, contrast ratio and relative luminance. */
const ratio = (a: string, b: string): number => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}
const luminance = (color: string): number => {
  const [red, green, blue] = [1, 3, 5].map(at => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
