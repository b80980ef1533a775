import { describe, expect, it } from 'vitest'
import { watchInterrupt } from '../../../src/cli/card/watch-interrupt.ts'

const setUp = () => {
  const interrupt = new AbortController()
  let now = 0
  let err = ''
  let closed = 0
  const runtime = {
    interrupt: interrupt.signal,
    stopwatch: () => now,
    err: { write: (text: string) => (err += text) },
  }
  return {
    runtime,
    stop: () => interrupt.abort(new Error('interrupted')),
    pass: (ms: number) => {
      now += ms
    },
    closeCard: async () => {
      closed++
      throw new Error('it does not let go')
    },
    err: () => err,
    closed: () => closed,
  }
}

describe('watchInterrupt', () => {
  it('the first Ctrl-C reports the operation with its duration and closes the card', () => {
    const at = setUp()
    const watch = watchInterrupt(at.runtime, { closeCard: at.closeCard })
    watch.setOperation('ES10b.GetEUICCChallenge')
    at.pass(30_000)
    watch.setOperation('ES10b.LoadBoundProfilePackage')
    at.pass(12_400)
    expect(at.err()).toBe('')
    at.stop()
    expect(at.err()).toBe(
      'esim-bench: stopping; ES10b.LoadBoundProfilePackage has been running for 12 s; ' +
        'the card is closed within 10 s; a second Ctrl-C exits immediately\n',
    )
    expect(at.closed()).toBe(1)
  })

  it('the first Ctrl-C in a shell does not close the card', () => {
    const at = setUp()
    watchInterrupt(at.runtime, { secondEffect: 'closes the card' })
    at.stop()
    expect(at.err()).toBe(
      'esim-bench: stopping; opening the card has been running for 0 s; a second Ctrl-C closes the card\n',
    )
  })

  it('a Ctrl-C while the card is opened reports the opening', () => {
    const at = setUp()
    watchInterrupt(at.runtime, {})
    at.pass(3_000)
    at.stop()
    expect(at.err()).toMatch(/; opening the card has been running for 3 s; a second Ctrl-C exits immediately\n$/)
  })

  it('a Ctrl-C prints nothing with --lpac or after the end of the command', () => {
    const at = setUp()
    watchInterrupt(at.runtime, { quiet: true, closeCard: at.closeCard })
    watchInterrupt(at.runtime, { closeCard: at.closeCard }).stop()
    at.stop()
    expect([at.err(), at.closed()]).toEqual(['', 1])
  })
})
