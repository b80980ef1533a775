import { createMemoryStore } from '../../../../src/server/smdp/memory-store.ts'
import type { SmdpStore } from '../../../../src/server/smdp/store.ts'

const turn = () => new Promise<void>(resolve => void setImmediate(resolve))

/**
 * A store as several servers have it, or connections to one database: steps of calls that go on at once take turns.
 * Reads of orders can be held, so that all have read before any has written.
 */
export const createQueuedStore = () => {
  const memory = createMemoryStore()
  let last = Promise.resolve()
  let held: (() => void)[] | undefined
  const store = new Proxy(memory, {
    get:
      (_, name: keyof SmdpStore) =>
      async (...args: never[]) => {
        last = last.then(turn)
        await last
        const found = await (memory[name] as (...args: never[]) => Promise<unknown>)(...args)
        const waiting = held
        if (name === 'findOrder' && waiting) await new Promise<void>(resolve => void waiting.push(resolve))
        return found
      },
  })
  return {
    store,
    holdOrders() {
      const waiting: (() => void)[] = []
      held = waiting
      return {
        /** Resolves when so many have read. */
        async are(count: number): Promise<void> {
          while (waiting.length < count) await turn()
        },
        go(): void {
          held = undefined
          for (const go of waiting) go()
        },
      }
    },
  }
}
