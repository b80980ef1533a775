import { closeSync, constants, openSync, writeSync } from 'node:fs'
import type { AtModem } from '../../../src/euicc/emulator/at-modem.ts'

interface Stream {
  on(event: 'data', listener: (bytes: Buffer) => void): void
  on(event: 'error', listener: () => void): void
  write(bytes: Uint8Array): void
  destroy(): void
}
interface Pair {
  readonly master: Stream
  readonly slave: Stream
  readonly ptsName: string
}
/** The used part of npm `node-pty`, an optional dependency; its types omit the pair of `open`. */
interface NodePty {
  open(options: { encoding: null }): Pair
  readonly native: { open(columns: number, rows: number): { master: number; slave: number; pty: string } }
}

const loadPty = async (): Promise<NodePty> => {
  const loaded = (await import('node-pty')) as unknown as NodePty & { default?: NodePty }
  return loaded.default ?? loaded
}

/** Why no tty is available here, or undefined. */
export const whyNoTty = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux') return 'ttys of Linux'
  return loadPty().then(
    () => undefined,
    () => 'npm node-pty is not installed or does not load',
  )
}

export interface Tty {
  readonly path: string
  stop(): Promise<void>
}

/** A tty pair with the modem at the other end; it closes when the modem leaves the bus. */
export const startTty = async (modem: Pick<AtModem, 'receive' | 'onSend' | 'onPresence'>): Promise<Tty> => {
  const { open } = await loadPty()
  const { master, slave, ptsName } = open({ encoding: null })
  // node-pty reads the slave side. Another open file on it prevents a hang-up between two openings.
  const keptOpen = openSync(ptsName, constants.O_RDWR | constants.O_NOCTTY)
  slave.destroy()
  let isStopped = false
  const stop = async (): Promise<void> => {
    if (isStopped) return
    isStopped = true
    closeSync(keptOpen)
    master.destroy()
  }
  master.on('error', () => {})
  slave.on('error', () => {})
  master.on('data', bytes => modem.receive(new Uint8Array(bytes)))
  modem.onSend(bytes => master.write(bytes))
  modem.onPresence(isPresent => {
    if (!isPresent) void stop()
  })
  return { path: ptsName, stop }
}

/** A tty pair whose device sends one response and disconnects at once. */
export const openFickleTty = async () => {
  const { master, slave, pty } = (await loadPty()).native.open(80, 24)
  return {
    path: pty,
    say: (text: string): void => void writeSync(master, text),
    leave: (): void => {
      closeSync(slave)
      closeSync(master)
    },
  }
}
