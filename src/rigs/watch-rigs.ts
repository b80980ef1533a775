import { type ReaderChange, type WatchOptions, watchReaders } from '../pcsc/watch.ts'
import { type Links, probeRig } from './attach.ts'
import { pcscdAnswers } from './links/pcscd-probe.ts'
import { getLinkKind, type Rig } from './rig.ts'

const later: WatchOptions['later'] = look => {
  const timer = setTimeout(look, 1000)
  timer.unref()
  return () => clearTimeout(timer)
}

const SENTENCES: Readonly<Record<Exclude<ReaderChange['kind'], 'service-left'>, string>> = {
  'reader-came': 'the reader was connected',
  'reader-left': 'the reader was disconnected',
  'card-came': 'a card was inserted',
  'card-left': 'the card was removed',
  'service-came': 'pcscd answers',
}

export interface RigWatch {
  readonly rigs: readonly Rig[]
  readonly links: Links
  /** For the user at the terminal. */
  print(sentence: string): void
  /** For the log: changes without an effect now. */
  note(sentence: string): void
  readonly watch?: typeof watchReaders
}

/**
 * Reports readers and cards that are connected or removed while the bench runs, and the rigs that become available.
 * A run chooses its rig when it begins, so the bench needs no restart. The state at the start is only logged.
 */
export const watchRigs = ({ rigs, links, print, note, watch = watchReaders }: RigWatch): (() => void) => {
  let isNews = false
  const onCard = async (reader: string): Promise<void> => {
    for (const rig of rigs)
      if (getLinkKind(rig) === 'pcsc' && (await probeRig(links)(rig)).attached)
        print(`${reader}: the rig ${rig.name} is attached`)
  }
  return watch({
    answers: pcscdAnswers,
    onChange(change) {
      if (change.kind === 'service-left') return note(change.error.message)
      if (change.kind === 'service-came') return note(SENTENCES[change.kind])
      const sentence = `${change.reader}: ${SENTENCES[change.kind]}`
      if (!isNews) return note(sentence)
      print(sentence)
      if (change.kind === 'card-came') onCard(change.reader).catch((error: unknown) => note(String(error)))
    },
    later(look) {
      isNews = true
      return later(look)
    },
  })
}
