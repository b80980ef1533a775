import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../paths.ts'
import { untilReady } from '../pcsc/pcscd-ready.ts'

/*
 * Debian's pcscd with vpcd for plugs that come from this process: its socket is its own (a mount namespace), and vpcd
 * listens in the network that everybody here is in.
 */
const DRIVER = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so'
const DAEMON = '/usr/sbin/pcscd'

/** Why the tests through pcscd cannot run here, or undefined. */
export const whyNoVpcd = (): string | undefined => {
  if (process.platform !== 'linux') return 'pcscd with vpcd is a matter of Linux'
  if (!existsSync(DAEMON)) return 'no pcscd (apt install pcscd)'
  if (!existsSync(DRIVER)) return 'no vpcd (apt install vsmartcard-vpcd)'
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' })
  } catch {
    return 'no mount namespace of our own to start pcscd in (needs root)'
  }
  return undefined
}

/** A port that was free a moment ago; vpcd can only be told a number. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

export interface VpcdRoom {
  /** What one PC/SC program, a process of its own, hears from the card: `exchange` says the responses to the commands. */
  exchange(
    ...commands: readonly string[]
  ): Promise<{ readonly reader: string; readonly atr: string; readonly responses: string[] }>
  /** Resolves when pcscd has noticed that the card is out; a card that is put in before that passes for the old one. */
  untilEmpty(): Promise<void>
  stop(): Promise<void>
}

/** Ends when no reader has a card. */
const EMPTY = `
import smartcard from 'smartcard'
import { setTimeout as pause } from 'node:timers/promises'
const context = new smartcard.Context()
while (context.listReaders().some(({ state }) => state & 0x20)) await pause(50)
context.close()
`

/**
 * Waits until a card is in a reader, says its ATR, and transmits. For up to 400 ms pcscd shows a card that was pulled;
 * who takes that one hears of it at its first command and begins anew with the next.
 */
const PROGRAM = `
import smartcard from 'smartcard'
import { setTimeout as pause } from 'node:timers/promises'
const context = new smartcard.Context()
const converse = async reader => {
  const card = await reader.connect(2, 3)
  const responses = []
  for (const command of process.argv.slice(2)) responses.push(Buffer.from(await card.transmit(Buffer.from(command, 'hex'))).toString('hex'))
  const said = { reader: reader.name, atr: Buffer.from(card.atr ?? reader.atr).toString('hex'), responses }
  card.disconnect(0)
  return said
}
for (let tries = 100; ; tries--) {
  try {
    const reader = context.listReaders().find(({ state }) => state & 0x20)
    if (!reader) throw new Error('no card in any reader')
    console.log(JSON.stringify(await converse(reader)))
    break
  } catch (error) {
    if (tries === 0) throw error
    await pause(200)
  }
}
context.close()
`

const run = (program: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let out = ''
    let errors = ''
    program.stdout!.on('data', (chunk: Buffer) => {
      out += chunk
    })
    program.stderr!.on('data', (chunk: Buffer) => {
      errors += chunk
    })
    program.once('error', reject)
    program.once('close', code => {
      if (code === 0) resolve(out)
      else reject(new Error(`the PC/SC program ended with code ${code}: ${errors}`))
    })
  })

export const startVpcd = async (port: number): Promise<VpcdRoom> => {
  const folder = mkdtempSync(join(tmpdir(), 'pcscd-'))
  const hex = `0x${port.toString(16).toUpperCase()}`
  writeFileSync(
    join(folder, 'vpcd'),
    `FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:${hex}\nLIBPATH ${DRIVER}\nCHANNELID ${hex}\n`,
  )
  const script = 'mkdir -p /run/pcscd && mount -t tmpfs none /run/pcscd && exec "$0" -f -i -c "$1"'
  const daemon = spawn('unshare', ['-m', 'sh', '-c', script, DAEMON, folder], { stdio: ['ignore', 'pipe', 'pipe'] })
  const socket = `/proc/${daemon.pid}/root/run/pcscd/pcscd.comm`
  await untilReady(daemon, socket)
  const runProgram = (text: string, ...words: readonly string[]): Promise<string> => {
    const program = spawn(process.execPath, ['--input-type=module', '-', ...words], {
      cwd: ROOT,
      env: { ...process.env, PCSCLITE_CSOCK_NAME: socket },
      stdio: 'pipe',
    })
    program.stdin.end(text)
    return run(program)
  }
  return {
    exchange: async (...commands) => JSON.parse(await runProgram(PROGRAM, ...commands)),
    untilEmpty: async () => {
      await runProgram(EMPTY)
    },
    stop: () =>
      new Promise<void>(resolve => {
        daemon.once('exit', () => {
          rmSync(folder, { recursive: true })
          resolve()
        })
        daemon.kill()
      }),
  }
}
