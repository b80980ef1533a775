import type { After } from '../apdu/json/json-asker.ts'
import type { Binding, Connection } from './binding.ts'
import { PcscError } from './errors.ts'

/**
 * PC/SC has no deadline of its own: SCardTransmit comes back when the driver does, and a card may ask for more time as
 * often as it likes. The installation of a profile may take a minute; what takes longer than this will not end.
 */
const DEADLINES = { connect: 60_000, transmit: 300_000 }

/** Calls of PC/SC that have not come back, each in a thread that nothing can stop. */
let underWay = 0
/** Readers that let a deadline pass and have not come back since. All of the process: so are the threads. */
const stuck = new Map<string, PcscError>()

/** What could not be given back to a pcscd that did not answer; at the end of a process all of it would be. */
const owed = new Set<() => void>()
export const owe = (giveBack: () => void): void => {
  owed.add(giveBack)
}
/** pcscd answers again. */
export const payOwed = (): void => {
  for (const giveBack of owed) {
    owed.delete(giveBack)
    giveBack()
  }
}

/** What is being given back, and may yet turn out to be owed. */
const underGiving = new Set<Promise<void>>()
export const giving = (work: Promise<void>): void => {
  underGiving.add(work)
  void work.finally(() => underGiving.delete(work))
}
/** Resolves when it is known of all that was to be given back whether it is. */
export const allReleased = async (): Promise<void> => {
  while (underGiving.size > 0) await Promise.all(underGiving)
}

/** A process with such a call cannot end by `process.exit`, which waits for its threads: it has to be killed. */
export const hasPendingCall = (): boolean => underWay > 0 || owed.size > 0 || underGiving.size > 0

export interface BoundedBinding extends Binding {
  /** What waits now has waited long enough. */
  giveUp(): void
}

/**
 * The same binding, no wait of which is without end. A call that lets its deadline pass rejects as `reader-stuck`, and
 * nothing more is asked of this binding: whether the card heard the command nobody knows, so it is neither repeated nor
 * followed, and libpcsclite would block the whole process on its lock. The reader stays marked until the call comes
 * back; then the card is let go as it is.
 */
export const withDeadlines = (binding: Binding, after: After): BoundedBinding => {
  let gone: PcscError | undefined
  let isReleaseOwed = false
  const waiting = new Set<(why: string, first: string) => void>()

  const bounded = <T>(reader: string, ms: number, call: () => Promise<T>, onLate: (value?: T) => Promise<void>) =>
    new Promise<T>((resolve, reject) => {
      const known = gone ?? stuck.get(reader)
      if (known) return reject(known)
      let isLate = false
      const giveUp = (why: string, first = ''): void => {
        cancel()
        waiting.delete(giveUp)
        isLate = true
        gone = stuckError(reader, why, first)
        stuck.set(reader, gone)
        reject(gone)
      }
      waiting.add(giveUp)
      const cancel = after(ms, () => giveUp(`no answer in ${ms / 1000} s`))
      underWay++
      const settle = async (tell: () => void, value?: T): Promise<void> => {
        underWay--
        cancel()
        waiting.delete(giveUp)
        if (!isLate) return tell()
        await onLate(value).catch(() => {})
        stuck.delete(reader)
        if (isReleaseOwed) binding.release()
      }
      call().then(
        value => settle(() => resolve(value), value),
        error => settle(() => reject(error)),
      )
    })

  const guarded = (reader: string, connection: Connection): Connection => {
    const disconnect = () => connection.disconnect()
    return {
      get protocol() {
        return connection.protocol
      },
      get atr() {
        return connection.atr
      },
      transmit: bytes => bounded(reader, DEADLINES.transmit, () => connection.transmit(bytes), disconnect),
      reset: () => bounded(reader, DEADLINES.connect, () => connection.reset(), disconnect),
      disconnect: () => (gone ? Promise.reject(gone) : connection.disconnect()),
    }
  }
  return {
    ...binding,
    readers: () => (gone ? Promise.reject(gone) : binding.readers()),
    connect: async reader =>
      guarded(
        reader,
        await bounded(
          reader,
          DEADLINES.connect,
          () => binding.connect(reader),
          async late => late?.disconnect(),
        ),
      ),
    release: () => {
      if (gone) isReleaseOwed = true
      else binding.release()
    },
    giveUp: () => {
      for (const giveUp of waiting) giveUp('given up before it answered', STILL_AT_WORK)
    },
  }
}

/** Who leaves early has learnt nothing against the card: to take its power away now might cost it. */
const STILL_AT_WORK = 'the card may still be at work, so leave it in for some minutes; if it hangs, '

const stuckError = (reader: string, why: string, first: string): PcscError =>
  new PcscError(
    'reader-timeout',
    `${reader}: ${why}, and PC/SC cannot call it back; ${first}unplug the reader and plug it in again, ` +
      'then restart pcscd: systemctl restart pcscd',
    { reader },
  )
