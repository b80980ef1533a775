import { describe, expect, it } from 'vitest'
import { formatRoute, parseRoute, type Route } from '../../dashboard/src/route.ts'
import { formatDuration } from '../../dashboard/src/run/wording.ts'

describe('route', () => {
  it.each<[string, Route]>([
    ['#/', { view: 'run', runId: null, selected: null }],
    ['#/device', { view: 'device' }],
    ['#/run/2026-11-22T20%3A15', { view: 'run', runId: '2026-11-22T20:15', selected: null }],
    ['#/run/r-1/step-6', { view: 'run', runId: 'r-1', selected: { type: 'step', step: 6 } }],
    ['#/run/r-1/42', { view: 'run', runId: 'r-1', selected: { type: 'entry', seq: 42 } }],
    ['#/run/newest/42', { view: 'run', runId: null, selected: { type: 'entry', seq: 42 } }],
  ])('parseRoute and formatRoute convert %s', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route)
    expect(formatRoute(route)).toBe(hash)
  })

  it.each(['', '#', '#/nowhere', '#/run/', '#/run'])('parseRoute(%j) returns the newest run', hash =>
    expect(parseRoute(hash)).toEqual({ view: 'run', runId: null, selected: null }),
  )

  it('parseRoute accepts an address with an incomplete escape', () => {
    expect(parseRoute('#/run/r%2/x')).toEqual({ view: 'run', runId: 'r%2', selected: null })
  })
})

describe('formatDuration', () => {
  it.each([
    [0, '0.00 ms'],
    [0.42, '0.42 ms'],
    [8.34, '8.3 ms'],
    [9.99, '10 ms'],
    [99.7, '100 ms'],
    [412.4, '412 ms'],
    [999.7, '1.00 s'],
    [1843, '1.84 s'],
    [12_340, '12.3 s'],
    [125_000, '2 min 05 s'],
  ])('formatDuration(%d) returns %s', (ms, text) => expect(formatDuration(ms)).toBe(text))
})
