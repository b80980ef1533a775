import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { bindPcsclite } from '../../src/pcsc/pcsclite-binding.ts'

/** A fake of npm `pcsclite` that announces readers; the test sets their events. */
const createNative = () => {
  const readers: EventEmitter[] = []
  const native = () => {
    const monitor = Object.assign(new EventEmitter(), {
      readers: {},
      start(callback: (error: undefined, names: string[]) => void): void {
        callback(undefined, [])
      },
      close(): void {},
    })
    queueMicrotask(() => {
      const reader = Object.assign(new EventEmitter(), { name: 'R' })
      readers.push(reader)
      monitor.emit('reader', reader)
      monitor.start(() => {})
    })
    return monitor
  }
  return { native, readers }
}

describe('npm pcsclite', () => {
  it('readers() rejects when a reader is removed before its first status', async () => {
    const { native, readers } = createNative()
    const binding = bindPcsclite(native)
    const asked = binding.readers()
    asked.catch(() => {})
    await new Promise(resolve => setImmediate(resolve))
    readers[0]!.emit('end')
    await expect(asked).rejects.toMatchObject({ code: 'reader-gone', reader: 'R' })
    expect(await binding.readers()).toEqual([])
  })
})
