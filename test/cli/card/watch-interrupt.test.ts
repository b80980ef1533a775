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
    giveUp: async () => {
      closed++
      throw new Error('it does not let go')
    },
    err: () => err,
    closed: () => closed,
  }
}

describe('the first Ctrl-C', () => {
  it('says what is waited for and since when, and gives the card up', () => {
    const at = setUp()
    const watch = watchInterrupt(at.runtime, { giveUp: at.giveUp })
    watch.now('ES10b.GetEUICCChallenge')
    at.pass(30_000)
    watch.now('ES10b.LoadBoundProfilePackage')
    at.pass(12_400)
    expect(at.err()).toBe('')
    at.stop()
    expect(at.err()).toBe(
      'esim-bench: stopping; ES10b.LoadBoundProfilePackage has been under way for 12 s; ' +
        'the card is given up in 10 s at the latest; Ctrl-C again ends at once\n',
    )
    expect(at.closed()).toBe(1)
  })

  it('leaves the card to a shell, which gives it up at the second', () => {
    const at = setUp()
    watchInterrupt(at.runtime, { again: 'gives the card up' })
    at.stop()
    expect(at.err()).toBe(
      'esim-bench: stopping; the way to the card has been under way for 0 s; Ctrl-C again gives the card up\n',
    )
  })

  it('says so while the card is being opened, too', () => {
    const at = setUp()
    watchInterrupt(at.runtime, {})
    at.pass(3_000)
    at.stop()
    expect(at.err()).toMatch(/; the way to the card has been under way for 3 s; Ctrl-C again ends at once\n$/)
  })

  it('says nothing where the output is lpac’s, nor behind the end of the command', () => {
    const at = setUp()
    watchInterrupt(at.runtime, { quiet: true, giveUp: at.giveUp })
    watchInterrupt(at.runtime, { giveUp: at.giveUp }).over()
    at.stop()
    expect([at.err(), at.closed()]).toEqual(['', 1])
  })
})
