import type { Binding, Connection } from './binding.ts'
import { PcscError } from './errors.ts'
import { giving, owe, payOwed } from './watchdog.ts'

/** Whether pcscd answers; false only where it runs and says nothing. What else may be wrong with it, its own calls tell. */
export type ServiceProbe = () => Promise<boolean>

/**
 * The same binding, which asks nothing of a pcscd that hangs. Both npm packages begin and end on the main thread with
 * calls that wait for its answer without a deadline: a process that makes one stands still with everything in it, its
 * signal handlers too. (What hangs in between, in threads, is the matter of `withDeadlines`.) A pcscd that stops in the
 * instant between the probe and the call is not met.
 */
export const withPcscdTimeout = (binding: Binding, answers: ServiceProbe): Binding => {
  let isOpen = false
  const check = async (): Promise<void> => {
    if (await answers()) {
      isOpen = true
      return payOwed()
    }
    throw new PcscError('no-service', 'pcscd runs and does not answer; restart it: systemctl restart pcscd')
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
    // Which lets go of the cards, too.
    release: () => {
      if (!isOpen) return
      const release = (): void => binding.release()
      giving(check().then(release, () => owe(release)))
    },
  }
}
