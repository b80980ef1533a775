import type { Binding, Connection } from './binding.ts'
import { PcscError } from './errors.ts'
import { deferRelease, runPendingReleases, trackRelease } from './watchdog.ts'

/** Resolves with false only if `pcscd` runs but does not answer. The calls themselves report other errors. */
export type ServiceProbe = () => Promise<boolean>

/**
 * A binding that fails when `pcscd` does not answer. Both npm packages make synchronous calls without a deadline at
 * start and end, which would block the process. `withDeadlines` covers the calls in threads. A `pcscd` that stops
 * between probe and call is not detected.
 */
export const withPcscdTimeout = (binding: Binding, answers: ServiceProbe): Binding => {
  let isOpen = false
  const check = async (): Promise<void> => {
    if (await answers()) {
      isOpen = true
      return runPendingReleases()
    }
    throw new PcscError('no-service', 'pcscd runs but does not answer; restart it: systemctl restart pcscd')
  }
  const guarded = (connection: Connection): Connection => ({
    get protocol() {
      return connection.protocol
    },
    get atr() {
      return connection.atr
    },
    transmit: bytes => connection.transmit(bytes),
    reset: () => connection.reset(),
    disconnect: () => check().then(() => connection.disconnect()),
  })
  return {
    ...binding,
    readers: () => check().then(() => binding.readers()),
    connect: reader => check().then(async () => guarded(await binding.connect(reader))),
    // This disconnects the cards, too.
    release: () => {
      if (!isOpen) return
      const release = (): void => binding.release()
      trackRelease(check().then(release, () => deferRelease(release)))
    },
  }
}
