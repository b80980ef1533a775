import { expect, it } from 'vitest'
import { atMost, closeAll } from '../../src/host/close-all.ts'

it('closeAll closes in reverse order and then throws the first failure', async () => {
  const closed: string[] = []
  const open = (name: string, error?: Error) => ({
    close: async () => {
      closed.push(name)
      if (error !== undefined) throw error
    },
  })
  const opened = [open('store', new Error('disk')), open('server', new Error('port')), open('client')]
  await expect(closeAll(opened)).rejects.toThrow('port')
  expect(closed).toEqual(['client', 'server', 'store'])
  // The list stays as it was.
  await expect(closeAll(opened.slice(0, 1))).rejects.toThrow('disk')
})

it('atMost returns the result or the failure of a promise, and stops waiting at its limit', async () => {
  await expect(atMost(60_000, Promise.reject(new Error('gone')))).rejects.toThrow('gone')
  await atMost(60_000, Promise.resolve())
  await atMost(1, new Promise(() => {}))
})
