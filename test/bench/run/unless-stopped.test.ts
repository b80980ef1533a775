import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { unlessStopped } from '../../../src/bench/run/unless-stopped.ts'

it('unlessStopped returns the result and removes its listener from the signal', async () => {
  const { signal } = new AbortController()
  expect(await unlessStopped(Promise.resolve(7), signal)).toBe(7)
  await expect(unlessStopped(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

it('unlessStopped ends at the interruption and rejects at once after it', async () => {
  const interrupt = new AbortController()
  const never = new Promise(() => undefined)
  const waiting = unlessStopped(never, interrupt.signal)
  interrupt.abort()
  for (const ended of [waiting, unlessStopped(never, interrupt.signal)])
    await expect(ended).rejects.toMatchObject({
      code: 'interrupted',
      classification: { verdict: 'blocked', cause: 'bench' },
    })
})
