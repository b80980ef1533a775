import type { Binding, BindingName } from './binding.ts'
import { PcscError } from './errors.ts'
import { loadBinding } from './load-binding.ts'
import { type Reader, sortReaders, toReader } from './readers.ts'
import { type ServiceProbe, withPcscdTimeout } from './service.ts'

/** What came or went. */
export type ReaderChange =
  | { readonly kind: 'reader-came' | 'reader-left' | 'card-came' | 'card-left'; readonly reader: string }
  /** PC/SC itself: pcscd stopped, was started, or there is no package for it. `error` says what to do. */
  | { readonly kind: 'service-came' }
  | { readonly kind: 'service-left'; readonly error: PcscError }

/** What happened between two looks. A card that was changed for another one left and came. */
export const changesBetween = (before: readonly Reader[], now: readonly Reader[]): readonly ReaderChange[] => {
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
  /** Calls `look` after a while, and gives a way to call it off: a watch has no clock of its own. */
  later(look: () => void): () => void
  /** With it a pcscd that hangs is not asked ({@link withPcscdTimeout}). */
  readonly answers?: ServiceProbe | undefined
  /** For tests. */
  readonly load?: (asked?: BindingName) => Promise<Binding>
}

/**
 * Looks at the readers again and again, which disturbs nobody: no card is touched. What is there at the first look is
 * told as come, so that pcscd or a reader that is late is told of in the same words. Ends with the function it gives.
 */
export const watchReaders = ({ binding, onChange, later, answers, load = loadBinding }: WatchOptions): (() => void) => {
  let bound: Binding | undefined
  let before: readonly Reader[] | undefined
  let isOver = false
  let callOff = (): void => {}
  let wasTold: string | undefined

  const look = async (): Promise<void> => {
    let now: readonly Reader[]
    try {
      if (bound === undefined) {
        const native = await load(binding)
        bound = answers ? withPcscdTimeout(native, answers) : native
      }
      now = (await bound.readers()).map(toReader)
    } catch (error) {
      // A context does not outlive its pcscd.
      bound?.release()
      bound = undefined
      if (!isOver)
        tellGone(error instanceof PcscError ? error : new PcscError('failed', String(error), { cause: error }))
      return
    }
    if (isOver) return
    if (before === undefined) onChange({ kind: 'service-came' })
    wasTold = undefined
    for (const change of changesBetween(before ?? [], now)) onChange(change)
    before = now
  }
  const tellGone = (error: PcscError): void => {
    for (const change of changesBetween(before ?? [], [])) onChange(change)
    before = undefined
    if (wasTold !== error.code) onChange({ kind: 'service-left', error })
    wasTold = error.code
  }
  const turn = (): void => {
    void look().finally(() => {
      if (isOver) bound?.release()
      else callOff = later(turn)
    })
  }
  turn()
  return () => {
    isOver = true
    callOff()
    bound?.release()
    bound = undefined
  }
}
