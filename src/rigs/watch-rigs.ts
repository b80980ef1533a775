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
  'reader-came': 'was plugged in',
  'reader-left': 'was unplugged',
  'card-came': 'a card was put in',
  'card-left': 'the card was taken out',
  'service-came': 'pcscd answers',
}

export interface RigWatch {
  readonly rigs: readonly Rig[]
  readonly links: Links
  /** For whoever sits before the bench. */
  say(sentence: string): void
  /** For the log: what changes nothing now. */
  note(sentence: string): void
  readonly watch?: typeof watchReaders
}

/**
 * Tells of readers and cards that come and go while the bench runs, and of the rigs that are attached with them. Which
 * rig a run uses is looked up when it begins, so nothing has to be started anew. What is there already is not news.
 */
export const watchRigs = ({ rigs, links, say, note, watch = watchReaders }: RigWatch): (() => void) => {
  let isNews = false
  const onCard = async (reader: string): Promise<void> => {
    for (const rig of rigs)
      if (getLinkKind(rig) === 'pcsc' && (await probeRig(links)(rig)).attached)
        say(`${reader}: the rig ${rig.name} is attached`)
  }
  return watch({
    answers: pcscdAnswers,
    onChange(change) {
      if (change.kind === 'service-left') return note(change.error.message)
      if (change.kind === 'service-came') return note(SENTENCES[change.kind])
      const sentence = `${change.reader}: ${SENTENCES[change.kind]}`
      if (!isNews) return note(sentence)
      say(sentence)
      if (change.kind === 'card-came') onCard(change.reader).catch((error: unknown) => note(String(error)))
    },
    later(look) {
      isNews = true
      return later(look)
    },
  })
}
