import { lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import type { Card } from '../../apdu/channel.ts'
import type { After } from '../../apdu/json/json-asker.ts'
import { BenchError } from '../../host/error.ts'
import type { Emulator, EmulatorSettings } from './emulator.ts'

/** A modem with the card in it: bytes in, bytes out. */
export type MakeModem = (at: {
  readonly card: Card
  readonly send: (bytes: Uint8Array) => void
  readonly after: After
}) => {
  receive(bytes: Uint8Array): void
  /** One listener: the USB device leaves (`false`) and is back (`true`), and with it the tty. */
  onPresence(listener: (isPresent: boolean) => void): void
}

export interface PtyEmulator extends Emulator {
  /** The tty that a program opens. */
  readonly path: string
}

/** What of npm `node-pty` is used: a pty pair without a program in it. */
interface PtyModule {
  readonly native?: { open(columns: number, rows: number): { master: number; slave: number; pty: string } } | null
}

const loadPty = async (load: () => Promise<unknown>): Promise<NonNullable<PtyModule['native']>> => {
  let loaded: { default?: PtyModule } & PtyModule
  try {
    loaded = (await load()) as never
  } catch (cause) {
    throw new BenchError(
      'no-program',
      'a tty needs the optional npm package node-pty, which is not installed or does not load: npm install node-pty',
      { cause },
    )
  }
  const native = loaded.default?.native ?? loaded.native
  if (!native) throw new BenchError('no-program', 'npm node-pty makes no ttys on this platform')
  return native
}

/** Makes `link` point to the tty; a link that an earlier plug left is replaced, anything else is not. */
const pointTo = (link: string, path: string): void => {
  const there = lstatSync(link, { throwIfNoEntry: false })
  if (there?.isSymbolicLink() && /^\/dev\/(pts\/|ttys)\d+$/.test(readlinkSync(link))) rmSync(link)
  else if (there)
    throw new BenchError('usage', `${link} is there already, and is no link to a tty; give another --link`)
  try {
    symlinkSync(path, link)
  } catch (cause) {
    throw new BenchError('usage', `cannot make the link ${link}: ${(cause as Error).message}`, { cause })
  }
}

/** Our ends of a new tty. The inner one stays open, so that the tty outlives the programs that open and close theirs. */
const openTty = (native: NonNullable<PtyModule['native']>) => {
  const { master, slave, pty } = native.open(80, 24)
  const line = new ReadStream(slave)
  // What a modem says is not echoed back to it.
  line.setRawMode(true)
  const modem = new ReadStream(master)
  return {
    path: pty,
    modem,
    close(): void {
      modem.destroy()
      line.destroy()
    },
  }
}

/** A modem without a tty does nothing any more: what it waits for must not keep the process. */
const createStoppableTime = (after: After) => {
  const waiting = new Set<() => void>()
  let isStopped = false
  return {
    after: (ms: number, run: () => void): (() => void) => {
      if (isStopped) return () => {}
      const stop = (): void => {
        waiting.delete(stop)
        cancel()
      }
      const cancel = after(ms, () => {
        waiting.delete(stop)
        run()
      })
      waiting.add(stop)
      return stop
    },
    stop: (): void => {
      isStopped = true
      for (const stop of [...waiting]) stop()
    },
  }
}

/** A tty with a modem at its other end, in which the card is. Where the modem leaves and comes back, so does the tty. */
export const plugIntoPty = async (
  { link, makeModem }: { readonly link?: string | undefined; readonly makeModem: MakeModem },
  { card, after, say }: EmulatorSettings,
  load: () => Promise<unknown> = () => import('node-pty'),
): Promise<PtyEmulator> => {
  const native = await loadPty(load)
  let tty: ReturnType<typeof openTty> | undefined
  let broken: (error: BenchError) => void = () => {}
  const over = new Promise<void>((_, reject) => {
    broken = reject
  })
  over.catch(() => undefined)

  const open = (): string => {
    const opened = openTty(native)
    try {
      if (link !== undefined) pointTo(link, opened.path)
    } catch (error) {
      opened.close()
      throw error
    }
    tty = opened
    opened.modem.on('error', cause =>
      broken(new BenchError('no-program', `the tty ${opened.path} broke: ${cause.message}`, { cause })),
    )
    opened.modem.on('data', bytes => receive(bytes))
    return opened.path
  }
  const time = createStoppableTime(after)
  const { receive, onPresence } = makeModem({ card, after: time.after, send: bytes => void tty?.modem.write(bytes) })
  const path = open()
  onPresence(isPresent => {
    if (!isPresent) {
      say('the modem left, and its tty with it')
      tty?.close()
      tty = undefined
    } else say(`the modem is back at ${open()}`)
  })
  return {
    path,
    over,
    async pull() {
      if (link !== undefined) rmSync(link, { force: true })
      onPresence(() => {})
      time.stop()
      tty?.close()
      tty = undefined
      await card.exclusive(async () => {})
    },
  }
}
