import { respond } from '../../src/apdu/status.ts'
import type { Binding, Connection } from '../../src/pcsc/binding.ts'
import { pcscError } from '../../src/pcsc/errors.ts'

const [UNKNOWN_READER, SHARING_VIOLATION, NO_CARD, REMOVED] = [0x80100009, 0x8010000b, 0x8010000c, 0x80100069]

/** A fake card that answers every command with its name, or does not answer. */
export interface DeskCard {
  readonly atr: Uint8Array
  readonly name: number
  /** False: the card does not answer. */
  hangs?: boolean
}

/** A fake binding with one reader: exclusive connections end with their card, and a pending call cannot be canceled. */
export const createDesk = () => {
  let card: DeskCard | undefined
  let held: object | undefined
  const late: (() => void)[] = []
  const calls: string[] = []

  const connectionTo = (mine: DeskCard): Connection => {
    const me = {}
    held = me
    const check = (): void => {
      if (held !== me || card !== mine) throw pcscError(REMOVED, { reader: 'R' })
    }
    return {
      protocol: 2,
      atr: mine.atr,
      transmit: async () => {
        check()
        calls.push('transmit')
        if (mine.hangs) await new Promise<void>(done => late.push(done))
        return respond(0x9000, Uint8Array.of(mine.name))
      },
      reset: async () => {
        check()
        calls.push('reset')
      },
      disconnect: async () => {
        calls.push('disconnect')
        if (held === me) held = undefined
      },
    }
  }
  const binding: Binding = {
    name: 'smartcard',
    readers: async () => {
      calls.push('readers')
      return [{ name: 'R', state: card ? 0x20 : 0, atr: card?.atr ?? new Uint8Array(0) }]
    },
    connect: async reader => {
      calls.push('connect')
      if (reader !== 'R') throw pcscError(UNKNOWN_READER, { reader })
      if (!card) throw pcscError(NO_CARD, { reader })
      if (held) throw pcscError(SHARING_VIOLATION, { reader })
      return connectionTo(card)
    },
    release: () => void calls.push('release'),
  }
  return {
    binding,
    /** The calls to PC/SC, in order. */
    calls,
    insert(next: DeskCard): void {
      card = next
    },
    pull(): void {
      card = undefined
      held = undefined
    },
    /** Completes the pending call. */
    comeBack(): void {
      for (const done of late.splice(0)) done()
    },
  }
}

/** A timer that the test advances. */
export const createTime = () => {
  const waiting = new Set<{ readonly ms: number; readonly run: () => void }>()
  return {
    after: (ms: number, run: () => void) => {
      const entry = { ms, run }
      waiting.add(entry)
      return () => void waiting.delete(entry)
    },
    /** Deadlines that are not canceled. */
    waiting,
    pass(): void {
      for (const entry of [...waiting]) {
        waiting.delete(entry)
        entry.run()
      }
    },
  }
}

/** Resolves when all pending microtasks have run. */
export const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
