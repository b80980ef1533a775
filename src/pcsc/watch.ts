import type { Binding, BindingName } from './binding.ts'
import { PcscError } from './errors.ts'
import { loadBinding } from './load-binding.ts'
import { type Reader, sortReaders, toReader } from './readers.ts'
import { type ServiceProbe, withPcscdTimeout } from './service.ts'

/** A change of readers, cards or service. */
export type ReaderChange =
  | { readonly kind: 'reader-came' | 'reader-left' | 'card-came' | 'card-left'; readonly reader: string }
  /** PC/SC itself: `pcscd` started or stopped, or no npm package loads. `error` contains the advice. */
  | { readonly kind: 'service-came' }
  | { readonly kind: 'service-left'; readonly error: PcscError }

/** Compares two reader lists. A replaced card is reported as left and came. */
export const getReaderChanges = (before: readonly Reader[], now: readonly Reader[]): readonly ReaderChange[] => {
  const earlier = new Map(before.map(reader => [reader.name, reader]))
  const changes: ReaderChange[] = []
  for (const reader of sortReaders(now)) {
    const was = earlier.get(reader.name)
    earlier.delete(reader.name)
    if (was === undefined) changes.push({ kind: 'reader-came', reader: reader.name })
    const changed = was?.hasCard && reader.hasCard && !Buffer.from(was.atr).equals(reader.atr) && was.atr.length > 0
    if (was?.hasCard && (!reader.hasCard || changed)) changes.push({ kind: 'card-left', reader: reader.name })
    if (reader.hasCard && (!was?.hasCard || changed)) changes.push({ kind: 'card-came', reader: reader.name })
  }
  for (const name of earlier.keys()) changes.push({ kind: 'reader-left', reader: name })
  return changes
}

export interface WatchOptions {
  readonly binding?: BindingName | undefined
  onChange(change: ReaderChange): void
  /** Calls `look` after a pause; returns a function that cancels it. A watch has no timer. */
  later(look: () => void): () => void
  /** If it is set, a `pcscd` that does not answer is not called ({@link withPcscdTimeout}). */
  readonly answers?: ServiceProbe | undefined
  /** For tests. */
  readonly load?: (asked?: BindingName) => Promise<Binding>
}

/**
 * Polls the readers without using a card. Reports all present readers and cards first as came. Returns a function that
 * stops the watch.
 */
export const watchReaders = ({ binding, onChange, later, answers, load = loadBinding }: WatchOptions): (() => void) => {
  let bound: Binding | undefined
  let before: readonly Reader[] | undefined
  let isOver = false
  let cancelLook = (): void => {}
  let lastErrorCode: string | undefined

  const look = async (): Promise<void> => {
    let now: readonly Reader[]
    try {
      if (bound === undefined) {
        const native = await load(binding)
        bound = answers ? withPcscdTimeout(native, answers) : native
      }
      now = (await bound.readers()).map(toReader)
    } catch (error) {
      // A context is invalid after `pcscd` stopped.
      bound?.release()
      bound = undefined
      if (!isOver)
        reportLoss(error instanceof PcscError ? error : new PcscError('failed', String(error), { cause: error }))
      return
    }
    if (isOver) return
    if (before === undefined) onChange({ kind: 'service-came' })
    lastErrorCode = undefined
    for (const change of getReaderChanges(before ?? [], now)) onChange(change)
    before = now
  }
  const reportLoss = (error: PcscError): void => {
    for (const change of getReaderChanges(before ?? [], [])) onChange(change)
    before = undefined
    if (lastErrorCode !== error.code) onChange({ kind: 'service-left', error })
    lastErrorCode = error.code
  }
  const turn = (): void => {
    void look().finally(() => {
      if (isOver) bound?.release()
      else cancelLook = later(turn)
    })
  }
  turn()
  return () => {
    isOver = true
    cancelLook()
    bound?.release()
    bound = undefined
  }
}
