import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRecording } from '../../../src/apdu/recording/recording.ts'
import type { BenchEvent } from '../../../src/evidence/events.ts'
import { createCliFixture } from '../../cli/runtime.ts'

type CardEvent = Extract<BenchEvent, { kind: 'apdu' | 'reset' }>

describe('the evidence of run activate --record', () => {
  const place = createCliFixture()
  let events: BenchEvent[]
  let card: CardEvent[]
  beforeAll(async () => {
    const ran = await place.run('run', 'activate', '--json', '--record', 'run.tape')
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    const lines = readFileSync(ran.json<{ evidence: string }>().evidence, 'utf8').trimEnd().split('\n')
    events = lines.map(line => JSON.parse(line) as BenchEvent)
    card = events.filter((event): event is CardEvent => event.kind === 'apdu' || event.kind === 'reset')
  })
  afterAll(() => place.remove())

  it('The evidence contains exactly the exchanges and resets of the recording, in the same order', () => {
    const { header, exchanges } = readRecording(readFileSync(join(place.folder, 'run.tape'), 'utf8'))
    const recorded = [{ reset: header.atr }, ...exchanges]
    const written = card.map(event =>
      event.kind === 'reset' ? { reset: event.atr } : { command: event.command, response: event.response },
    )
    expect(written).toEqual(recorded)
  })

  it('The evidence starts with the opening of the card at the start time of the run', () => {
    expect(events[0]).toMatchObject({ kind: 'run-started', seq: 1, ms: 0 })
    expect(card[0]).toMatchObject({ kind: 'reset', reason: 'open', label: 'RESET', atr: expect.stringMatching(/^3b/) })
    expect(card[0]).not.toHaveProperty('step')
    const times = events.map(({ ms }) => ms)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })

  it('The evidence contains the reset after EnableProfile with its ATR in step 6', () => {
    const enabled = card.findIndex(({ label }) => label.startsWith('ES10c.EnableProfile'))
    const reset = card.slice(enabled).find(({ kind }) => kind === 'reset')
    expect(reset).toMatchObject({
      step: 6,
      reason: 'request',
      atr: expect.stringMatching(/^3b/),
      took: expect.any(Number),
    })
  })

  it('The evidence contains FETCH between EnableProfile and its reset', () => {
    const labels = card.map(({ label }) => label)
    const enabled = labels.findIndex(label => label.startsWith('ES10c.EnableProfile'))
    const afterwards = labels.slice(enabled)
    expect(afterwards.indexOf('FETCH')).toBeGreaterThan(0)
    expect(afterwards.indexOf('FETCH')).toBeLessThan(afterwards.indexOf('RESET'))
  })
})
