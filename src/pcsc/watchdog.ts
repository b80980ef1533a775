import type { After } from '../apdu/json/json-asker.ts'
import type { Binding, Connection } from './binding.ts'
import { PcscError } from './errors.ts'

/**
 * Milliseconds. PC/SC has no deadline, and a card may request more time without limit. Installing a profile may take a
 * minute; a longer call does not return.
 */
const DEADLINES = { connect: 60_000, transmit: 300_000 }

/** Number of PC/SC calls that have not returned. Each blocks a thread, which cannot be stopped. */
let activeCalls = 0
/** Readers with an expired call that has not returned. Global, like the threads. */
const stuck = new Map<string, PcscError>()

/** Releases that wait until `pcscd` answers. The end of the process releases everything. */
const pendingReleases = new Set<() => void>()
export const deferRelease = (release: () => void): void => {
  pendingReleases.add(release)
}
/** Runs the pending releases, as `pcscd` answers again. */
export const runPendingReleases = (): void => {
  for (const release of pendingReleases) {
    pendingReleases.delete(release)
    release()
  }
}

/** Releases in progress, which may become pending. */
const activeReleases = new Set<Promise<void>>()
export const trackRelease = (work: Promise<void>): void => {
  activeReleases.add(work)
  void work.finally(() => activeReleases.delete(work))
}
/** Resolves when each release has finished or is pending. */
export const allReleased = async (): Promise<void> => {
  while (activeReleases.size > 0) await Promise.all(activeReleases)
}

/** A process with such a call must be killed: `process.exit` waits for its threads. */
export const hasPendingCall = (): boolean => activeCalls > 0 || pendingReleases.size > 0 || activeReleases.size > 0

export interface BoundedBinding extends Binding {
  /** Rejects all waiting calls now. */
  giveUp(): void
}

/**
 * A binding with a deadline for each call. An expired call rejects with `reader-timeout`, and the binding accepts no
 * more calls: the card may have received the command, and libpcsclite would block the process on its lock. When the
 * call returns, the card is disconnected without a reset.
 */
export const withDeadlines = (binding: Binding, after: After): BoundedBinding => {
  let gone: PcscError | undefined
  let isReleasePending = false
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
      activeCalls++
      const settle = async (finish: () => void, value?: T): Promise<void> => {
        activeCalls--
        cancel()
        waiting.delete(giveUp)
        if (!isLate) return finish()
        await onLate(value).catch(() => {})
        stuck.delete(reader)
        if (isReleasePending) binding.release()
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
      if (gone) isReleasePending = true
      else binding.release()
    },
    giveUp: () => {
      for (const giveUp of waiting) giveUp('canceled before the reader answered', MAY_BE_BUSY)
    },
  }
}

/** An early end is no error of the card. Removing its power could damage an operation. */
const MAY_BE_BUSY = 'the card may still be processing the command, so leave it inserted for some minutes; if it hangs, '

const stuckError = (reader: string, why: string, first: string): PcscError =>
  new PcscError(
    'reader-timeout',
    `${reader}: ${why}, and PC/SC cannot cancel the call; ${first}disconnect the reader and connect it again, ` +
      'then restart pcscd: systemctl restart pcscd',
    { reader },
  )
