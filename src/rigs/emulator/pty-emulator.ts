import { lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import type { Card } from '../../apdu/channel.ts'
import type { After } from '../../apdu/json/json-asker.ts'
import { BenchError } from '../../host/error.ts'
import type { Emulator, EmulatorSettings } from './emulator.ts'

/** Creates a modem that contains the card. The modem receives and sends bytes of its AT interface. */
export type MakeModem = (at: {
  readonly card: Card
  readonly send: (bytes: Uint8Array) => void
  readonly after: After
}) => {
  receive(bytes: Uint8Array): void
  /** Sets the listener, which is notified when the USB device disconnects (`false`) and returns (`true`) with its tty. */
  onPresence(listener: (isPresent: boolean) => void): void
}

export interface PtyEmulator extends Emulator {
  /** The path of the tty for other programs. */
  readonly path: string
}

/** The used part of npm `node-pty`: it opens a pty pair without a program. */
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
      'A tty needs the optional npm package node-pty, which is not installed or does not load. Run npm install node-pty.',
      { cause },
    )
  }
  const native = loaded.default?.native ?? loaded.native
  if (!native)
    throw new BenchError(
      'no-program',
      'The npm package node-pty cannot create a tty on this platform. Use --tcp or --vpcd.',
    )
  return native
}

/** Creates the symbolic link to the tty. Replaces only a link to a tty, which an earlier emulator left. */
const createLink = (link: string, path: string): void => {
  const there = lstatSync(link, { throwIfNoEntry: false })
  if (there?.isSymbolicLink() && /^\/dev\/(pts\/|ttys)\d+$/.test(readlinkSync(link))) rmSync(link)
  else if (there)
    throw new BenchError(
      'usage',
      `Cannot create ${link}: it already exists and is not a link to a tty. Give another --link.`,
    )
  try {
    symlinkSync(path, link)
  } catch (cause) {
    throw new BenchError('usage', `Cannot create the link ${link}: ${(cause as Error).message}. Give another --link.`, {
      cause,
    })
  }
}

/** Opens a tty. This process holds the slave open, so the tty remains when other programs close it. */
const openTty = (native: NonNullable<PtyModule['native']>) => {
  const { master, slave, pty } = native.open(80, 24)
  const line = new ReadStream(slave)
  // Without raw mode the tty echoes the output of the modem to the modem.
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

/** Timers that can all be canceled, because a timer of a stopped modem must not keep the process running. */
const createStoppableTimers = (after: After) => {
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

/** Opens a tty with an emulated modem that contains the card. The tty closes and opens again with the USB device of the modem. */
export const plugIntoPty = async (
  { link, makeModem }: { readonly link?: string | undefined; readonly makeModem: MakeModem },
  { card, after, print }: EmulatorSettings,
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
      if (link !== undefined) createLink(link, opened.path)
    } catch (error) {
      opened.close()
      throw error
    }
    tty = opened
    opened.modem.on('error', cause =>
      broken(
        new BenchError('no-program', `The tty ${opened.path} failed: ${cause.message}. Start the emulator again.`, {
          cause,
        }),
      ),
    )
    opened.modem.on('data', bytes => receive(bytes))
    return opened.path
  }
  const time = createStoppableTimers(after)
  const { receive, onPresence } = makeModem({ card, after: time.after, send: bytes => void tty?.modem.write(bytes) })
  const path = open()
  onPresence(isPresent => {
    if (!isPresent) {
      print('the modem disconnected; its tty is closed')
      tty?.close()
      tty = undefined
    } else print(`the modem is connected again at ${open()}`)
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
