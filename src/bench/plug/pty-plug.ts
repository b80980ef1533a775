import { lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import type { Card } from '../../apdu/channel.ts'
import type { After } from '../../apdu/json-asker.ts'
import { BenchError } from '../error.ts'
import type { Plug, PlugSettings } from './plug.ts'

/** A modem with the card in it: bytes in, bytes out. */
export type MakeModem = (at: {
  readonly card: Card
  readonly send: (bytes: Uint8Array) => void
  readonly after: After
}) => {
  hear(bytes: Uint8Array): void
}

export interface PtyPlug extends Plug {
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
    throw new BenchError('wrong-use', `${link} is there already, and is no link to a tty; give another --link`)
  try {
    symlinkSync(path, link)
  } catch (cause) {
    throw new BenchError('wrong-use', `cannot make the link ${link}: ${(cause as Error).message}`, { cause })
  }
}

/** A tty with a modem at its other end, in which the card is. */
export const plugIntoPty = async (
  { link, makeModem }: { readonly link?: string | undefined; readonly makeModem: MakeModem },
  { card, after }: PlugSettings,
  load: () => Promise<unknown> = () => import('node-pty' as string),
): Promise<PtyPlug> => {
  const { master, slave, pty } = (await loadPty(load)).open(80, 24)
  // Our end stays open, so that the tty outlives the programs that open and close theirs; and it echoes nothing.
  const line = new ReadStream(slave)
  line.setRawMode(true)
  const modem = new ReadStream(master)
  const close = (): void => {
    modem.destroy()
    line.destroy()
  }
  try {
    if (link !== undefined) pointTo(link, pty)
  } catch (error) {
    close()
    throw error
  }
  const { hear } = makeModem({ card, after, send: bytes => void modem.write(bytes) })
  const over = new Promise<void>((_, reject) => {
    modem.on('error', cause =>
      reject(new BenchError('no-program', `the tty ${pty} broke: ${cause.message}`, { cause })),
    )
  })
  over.catch(() => undefined)
  modem.on('data', hear)
  return {
    path: pty,
    over,
    async pull() {
      if (link !== undefined) rmSync(link, { force: true })
      close()
      await card.exclusive(async () => {})
    },
  }
}
