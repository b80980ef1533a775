import { describe, expect, it } from 'vitest'
import { compileFilter, type EntryFilter, NO_FILTER } from '../../dashboard/src/outline/entry-filter.ts'
import { createOutline } from '../../dashboard/src/outline/outline.ts'
import { emptyRun, foldEvents, getStartMs } from '../../dashboard/src/run/run-state.ts'
import { HARDWARE_RIG, sampleRun } from './sample-run.ts'

const run = foldEvents(emptyRun('run-1'), sampleRun())
const failed = foldEvents(emptyRun('run-1'), sampleRun({ rig: HARDWARE_RIG, verdict: 'fail', cause: 'card' }))
const labels = (filter: Partial<EntryFilter>, of = run): string[] =>
  createOutline(of, { ...NO_FILTER, ...filter }, new Set()).rows.flatMap(row =>
    row.type === 'step' ? [] : [row.entry.kind === 'note' ? row.entry.text : row.entry.label],
  )

describe('createOutline', () => {
  it('createOutline returns step 0 and the eight steps, collapsed', () => {
    expect(createOutline(run, NO_FILTER, new Set()).rows.map(row => row.id)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map(step => `step-${step}`),
    )
  })

  it('createOutline lists the entries of an open step in order of time', () => {
    const { rows } = createOutline(run, NO_FILTER, new Set([5]))
    const start = rows.findIndex(row => row.id === 'step-5')
    const entries = rows.slice(
      start + 1,
      rows.findIndex(row => row.id === 'step-6'),
    )
    expect(entries).toHaveLength(12)
    const times = entries.map(row => (row.type === 'entry' ? getStartMs(row.entry) : Number.NaN))
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(entries[0]).toMatchObject({ position: 1, of: 12 })
  })

  it('createOutline nests the requests that a receiver sent to answer a request', () => {
    const { rows } = createOutline(run, NO_FILTER, new Set([3]))
    expect(
      rows.flatMap(row => (row.type === 'entry' && row.entry.kind === 'http' ? [[row.depth, row.entry.label]] : [])),
    ).toEqual([
      [0, 'portal POST /checkout'],
      [1, 'order'],
      [2, 'ES2+.DownloadOrder'],
      [2, 'ES2+.ConfirmOrder'],
    ])
  })

  it('createOutline with a filter opens the steps with matches and hides the others', () => {
    const { rows, matches, total } = createOutline(run, { ...NO_FILTER, text: 'ES9+' }, new Set())
    expect(rows.filter(row => row.type === 'step').map(row => row.id)).toEqual(['step-5', 'step-6'])
    expect(matches).toBe(3)
    expect(total).toBeGreaterThan(40)
  })
})

describe('compileFilter', () => {
  it('the filter selects entries by kind and step', () => {
    expect(labels({ kind: 'note' })).toContain('Balance shown: 5.0 GB left')
    expect(labels({ kind: 'http', step: 8 })).toEqual(['GetBalance'])
    expect(labels({ kind: 'apdu', step: 8 })).toEqual([])
    expect(labels({ kind: 'reset' })).toEqual(['RESET', 'RESET'])
  })

  it('the filter selects failed entries', () => {
    expect(labels({ kind: 'failed' })).toEqual([])
    expect(labels({ kind: 'failed' }, failed)).toEqual(['STORE DATA 24/24'])
  })

  it('the filter requires all words, ignores case and excludes -word', () => {
    expect(labels({ text: 'es10b challenge' })).toEqual(['ES10b.GetEUICCChallenge', 'ES10b.AuthenticateServer'])
    expect(labels({ text: 'es10b challenge -server' })).toEqual(['ES10b.GetEUICCChallenge'])
  })

  it('the filter finds bytes, URLs and decoded values', () => {
    expect(labels({ text: '01a40400' })).toEqual(['SELECT ISD-R'])
    expect(labels({ text: '3b9f9680 request' })).toEqual(['RESET'])
    expect(labels({ text: 'es2plus/confirmorder' })).toEqual(['ES2+.ConfirmOrder'])
    expect(labels({ text: 'A-1042-7F' })).toEqual(['ES10b.AuthenticateServer'])
  })

  it('an empty filter passes all entries', () => {
    const passes = compileFilter({ ...NO_FILTER, text: '   ' })
    expect(run.steps.every(view => view.entries.every(passes))).toBe(true)
  })
})
