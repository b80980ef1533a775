import { rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Card } from '../../../src/apdu/channel.ts'
import { ApduError } from '../../../src/apdu/errors.ts'
import { createBackend } from '../../../src/bench/api/bench-backend.ts'
import { type BenchContext, openContext } from '../../../src/bench/context.ts'
import { type Bench, openBench } from '../../../src/bench/run/bench.ts'
import { readEvidence } from '../../../src/evidence/evidence-file.ts'
import { BenchError } from '../../../src/host/error.ts'
import type { Link } from '../../../src/rigs/links/link.ts'
import { createCliFixture, type Place } from '../../cli/runtime.ts'

let place: Place
let workplace: BenchContext
let interrupt: AbortController
const opened: { close(): unknown }[] = []

beforeEach(() => {
  place = createCliFixture()
  interrupt = new AbortController()
  workplace = openContext(place.runtimeOf(interrupt.signal).runtime, { curve: 'nist' })
})
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close()
  workplace.close()
  place.remove()
})

/** A bench whose software cards pass through `change`. */
const benchWith = async (change: (card: Card) => Partial<Card> | Promise<Partial<Card>>): Promise<Bench> => {
  const { runtime } = place.runtimeOf(interrupt.signal)
  const software: Link = {
    ...workplace.links.software,
    open: async rig => {
      const reached = await workplace.links.software.open(rig)
      return { ...reached, card: { ...reached.card, ...(await change(reached.card)) } }
    },
  }
  const changed = { ...workplace, links: { ...workplace.links, software } }
  const bench = await openBench({ ...runtime, workplace: changed, signal: interrupt.signal })
  opened.push(bench)
  return bench
}
const backendOf = async (bench: Bench) =>
  createBackend(bench, { ...place.runtimeOf(interrupt.signal).runtime, chosen: await bench.choose(), rig: undefined })
const lastEvent = (runId: string) => readEvidence(workplace.home.evidence, runId).at(-1)

describe('end of a run', () => {
  it('The end is recorded although the card cannot be released', async () => {
    const bench = await benchWith(card => ({
      close: async () => {
        await card.close()
        throw new Error('the reader is gone')
      },
    }))
    const { runId, done } = await bench.begin()
    expect(await done).toMatchObject({ verdict: 'pass' })
    expect(lastEvent(runId)).toMatchObject({ kind: 'run-ended', verdict: 'pass' })
    expect(await bench.book.summaries()).toMatchObject([{ runId, state: 'ended', verdict: 'pass' }])
  })

  it('An interruption in the portal ends the run without unhandled rejections', async () => {
    const bench = await benchWith(() => ({}))
    const stop = bench.book.onEvent(event => {
      if (event.kind === 'http' && event.step === 3) interrupt.abort(new Error('interrupted'))
    })
    const { done } = await bench.begin()
    expect(await done).toMatchObject({ verdict: 'blocked', cause: 'bench', summary: expect.stringMatching(/^step 3 /) })
    stop()
  })
})

it('A card that is removed while the portal opens blocks the run with the cause rig', async () => {
  let isOut = false
  const bench = await benchWith(card => ({
    exclusive: procedure =>
      isOut ? Promise.reject(new ApduError('card-removed', 'the card was taken out')) : card.exclusive(procedure),
  }))
  const stop = bench.book.onEvent(event => {
    if (event.kind === 'step-started' && event.step === 2) isOut = true
  })
  const { done } = await bench.begin()
  expect(await done).toMatchObject({
    verdict: 'blocked',
    cause: 'rig',
    summary: expect.stringMatching(/^step 2 .*out$/),
  })
  stop()
})

describe('run that cannot be recorded', () => {
  it('The card is released and the next run starts', async () => {
    let closed = 0
    const bench = await benchWith(card => ({
      close: async () => {
        closed++
        await card.close()
      },
    }))
    const { evidence } = workplace.home
    rmSync(evidence, { recursive: true })
    await expect(bench.begin()).rejects.toMatchObject({ code: 'ENOENT' })
    expect(closed).toBe(1)
    writeFileSync(evidence, '')
    await expect(bench.begin()).rejects.toMatchObject({ code: 'ENOTDIR' })
    expect(closed).toBe(2)
  })
})

describe('end of the bench', () => {
  it('The bench waits for a run whose card is being opened and records its end', async () => {
    let begun: () => void = () => undefined
    const opening = new Promise<void>(resolve => {
      begun = resolve
    })
    let goOn: () => void = () => undefined
    const until = new Promise<void>(resolve => {
      goOn = resolve
    })
    const bench = await benchWith(async () => {
      begun()
      await until
      return {}
    })
    const { backend, close } = await backendOf(bench)
    const refused = expect(backend.device.act({ action: 'open' })).rejects.toMatchObject({ code: 'unavailable-action' })
    await opening
    interrupt.abort(new Error('interrupted'))
    const closed = close()
    goOn()
    await closed
    const [run] = await bench.book.summaries()
    expect(run).toMatchObject({ state: 'ended', verdict: 'blocked', cause: 'bench' })
    await refused
  })

  it('The bench waits for a session that is already ending', async () => {
    let letGo: () => void = () => undefined
    const held = new Promise<void>(resolve => {
      letGo = resolve
    })
    let ending: () => void = () => undefined
    const isEnding = new Promise<void>(resolve => {
      ending = resolve
    })
    const bench = await benchWith(card => ({
      close: async () => {
        ending()
        await held
        await card.close()
      },
    }))
    const { backend, close } = await backendOf(bench)
    const { runId } = await backend.device.act({ action: 'open' })
    await backend.device.act({ action: 'cancel' })
    await isEnding
    let isClosed = false
    const closed = close().then(() => {
      isClosed = true
    })
    await Promise.resolve()
    expect(isClosed).toBe(false)
    letGo()
    await closed
    expect(lastEvent(runId!)).toMatchObject({ kind: 'run-ended' })
  })

  it('The bench starts no run after its end', async () => {
    const bench = await benchWith(() => ({}))
    const closed = bench.close()
    opened.pop()
    await expect(bench.begin()).rejects.toMatchObject({ code: 'busy' })
    await closed
  })
})

describe('rig on the page', () => {
  it('The page shows the current state of the rig', async () => {
    const bench = await benchWith(() => ({}))
    const atFirst = await bench.choose()
    let standing: () => Promise<typeof atFirst> = async () => ({ ...atFirst, why: 'the reader was plugged in' })
    const { backend } = await backendOf({ ...bench, choose: () => standing() })
    expect(await backend.info()).toMatchObject({ why: 'the reader was plugged in' })
    standing = () => Promise.reject(new BenchError('rig-not-attached', 'the rig desk is not attached'))
    expect(await backend.info()).toMatchObject({ why: 'the rig desk is not attached' })
  })
})
