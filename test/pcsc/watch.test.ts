import { describe, expect, it } from 'vitest'
import { type Binding, type ReaderState, STATE_PRESENT } from '../../src/pcsc/binding.ts'
import { PcscError } from '../../src/pcsc/errors.ts'
import { type ReaderChange, watchReaders } from '../../src/pcsc/watch.ts'
import { bytes } from '../apdu/scripted-channel.ts'

const slot = (name: string, atr?: string): ReaderState => ({
  name,
  state: atr === undefined ? 0 : STATE_PRESENT,
  atr: bytes(atr ?? ''),
})
type Sight = readonly ReaderState[] | PcscError

/** Passes one reader list after the other, and collects the reported changes. */
const watch = async (...sights: readonly Sight[]) => {
  const said: string[][] = []
  let released = 0
  let now: string[] = []
  let at = 0
  const binding: Binding = {
    name: 'smartcard',
    readers: async () => {
      const sight = sights[at++]!
      if (sight instanceof PcscError) throw sight
      return sight
    },
    connect: () => Promise.reject(new Error('a watch takes no card')),
    release: () => {
      released++
    },
  }
  await new Promise<void>(resolve => {
    const stop = watchReaders({
      load: async () => binding,
      onChange: (change: ReaderChange) => {
        now.push('reader' in change ? `${change.kind} ${change.reader}` : change.kind)
      },
      later: look => {
        said.push(now)
        now = []
        if (at < sights.length) queueMicrotask(look)
        else
          queueMicrotask(() => {
            stop()
            resolve()
          })
        return () => {}
      },
    })
  })
  return { said, released: () => released }
}

describe('watchReaders', () => {
  it('watchReaders reports each change once', async () => {
    const { said, released } = await watch(
      [slot('A')],
      [slot('A')],
      [slot('A', '3b00'), slot('B')],
      [slot('A', '3b01'), slot('B')],
      [slot('B')],
      [],
    )
    expect(said).toEqual([
      ['service-came', 'reader-came A'],
      [],
      ['card-came A', 'reader-came B'],
      ['card-left A', 'card-came A'],
      ['reader-left A'],
      ['reader-left B'],
    ])
    expect(released()).toBe(1)
  })

  it('watchReaders continues after pcscd stopped, and reports the advice once', async () => {
    const stopped = new PcscError('no-service', 'pcscd was stopped')
    const { said, released } = await watch([slot('A', '3b00')], stopped, stopped, [slot('A', '3b00')])
    expect(said).toEqual([
      ['service-came', 'reader-came A', 'card-came A'],
      ['reader-left A', 'service-left'],
      [],
      ['service-came', 'reader-came A', 'card-came A'],
    ])
    // A context ends with its pcscd: each poll opens a new one, and the last one is released at the end.
    expect(released()).toBe(3)
  })
})
