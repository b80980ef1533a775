import { spawn, spawnSync } from 'node:child_process'
import type { FakeModem } from './fake-modem.ts'

/** Makes a tty and prints its path; then what is written to the tty comes out, and what comes in is read from it. */
const PTY = `
import os, pty, select, sys, tty
master, slave = pty.openpty()
tty.setraw(slave)
sys.stdout.write(os.ttyname(slave) + "\\n")
sys.stdout.flush()
while True:
    ready, _, _ = select.select([master, 0], [], [])
    if master in ready:
        os.write(1, os.read(master, 4096))
    if 0 in ready:
        data = os.read(0, 4096)
        if not data:
            break
        os.write(master, data)
`

/** Why no tty can be had here, or undefined. */
export const whyNoTty = (): string | undefined => {
  if (process.platform !== 'linux') return 'ttys of Linux'
  if (spawnSync('python3', ['-c', 'import pty']).status !== 0) return 'no python3 to make a pty with'
  return undefined
}

/** A real tty with the modem at its other end. */
export const startTty = async (
  modem: Pick<FakeModem, 'hear'>,
): Promise<{ readonly path: string; stop(): Promise<void> }> => {
  const made = spawn('python3', ['-c', PTY], { stdio: ['pipe', 'pipe', 'inherit'] })
  let heard = ''
  const path = await new Promise<string>(resolve => {
    made.stdout.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
      for (let end = heard.search(/[\r\n]/); end >= 0; end = heard.search(/[\r\n]/)) {
        const line = heard.slice(0, end)
        heard = heard.slice(end + 1)
        if (line.startsWith('/dev/')) resolve(line)
        else void modem.hear(line).then(answer => made.stdin.write(answer, 'latin1'))
      }
    })
  })
  return {
    path,
    stop: async () => {
      if (made.exitCode !== null || made.signalCode !== null) return
      const gone = new Promise(resolve => made.once('exit', resolve))
      made.kill()
      await gone
    },
  }
}
