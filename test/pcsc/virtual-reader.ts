import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Card } from '../../src/apdu/channel.ts'
import type { BindingName } from '../../src/pcsc/binding.ts'
import { loadBinding } from '../../src/pcsc/load-binding.ts'
import { toReader } from '../../src/pcsc/readers.ts'

/**
 * Debian's pcscd with the reader of vsmartcard-vpcd, in a mount namespace of its own: its socket is not the machine's,
 * so a pcscd that already runs is neither used nor disturbed. Found through PCSCLITE_CSOCK_NAME, which libpcsclite
 * reads once, at its first call in a process.
 */
export interface VirtualReader {
  readonly socket: string
  /** Puts a card into the reader; resolves when pcscd has taken the plug. */
  insert(card: Card): Promise<InsertedCard>
  stop(): Promise<void>
}
export interface InsertedCard {
  /** Pulls the card. */
  pull(): Promise<void>
}

const DRIVER = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so'
const DAEMON = '/usr/sbin/pcscd'

/** Why the tests through pcscd cannot run here, or undefined. */
export const whyNoReader = (): string | undefined => {
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
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve((address as { port: number }).port))
    })
  })

export const startReader = async (): Promise<VirtualReader> => {
  const folder = mkdtempSync(join(tmpdir(), 'pcscd-'))
  const port = await freePort()
  const hex = `0x${port.toString(16).toUpperCase()}`
  writeFileSync(
    join(folder, 'vpcd'),
    `FRIENDLYNAME "Virtual Test Reader"\nDEVICENAME /dev/null:${hex}\nLIBPATH ${DRIVER}\nCHANNELID ${hex}\n`,
  )
  const script = 'mkdir -p /run/pcscd && mount -t tmpfs none /run/pcscd && exec "$0" -f -i -c "$1"'
  const daemon = spawn('unshare', ['-m', 'sh', '-c', script, DAEMON, folder], { stdio: ['ignore', 'pipe', 'pipe'] })
  const socket = `/proc/${daemon.pid}/root/run/pcscd/pcscd.comm`
  await ready(daemon)
  const plugs = new Set<Worker>()
  return {
    socket,
    insert: async card => {
      const plug = await plugIn(port, card)
      plugs.add(plug)
      return {
        pull: () =>
          new Promise<void>(resolve => {
            plugs.delete(plug)
            plug.once('exit', () => resolve()).postMessage('pull')
          }),
      }
    },
    stop: async () => {
      for (const plug of plugs) await plug.terminate()
      await new Promise<void>(resolve => {
        daemon.once('exit', () => resolve())
        daemon.kill()
      })
      rmSync(folder, { recursive: true })
    },
  }
}

/** pcscd says on its log that it listens. */
const ready = (daemon: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let log = ''
    const read = (chunk: Buffer) => {
      log += chunk
      if (/daemon ready/.test(log)) resolve()
    }
    daemon.stdout!.on('data', read)
    daemon.stderr!.on('data', read)
    daemon.once('error', reject)
    daemon.once('exit', code => reject(new Error(`pcscd ended with ${code}: ${log}`)))
  })

/**
 * vpcd's protocol: two bytes of length, then one byte of control (0 off, 1 on, 2 reset, 4 ATR) or an APDU. It runs in a
 * thread because some calls of PC/SC block the main one, in which the card is, until pcscd has asked for the ATR.
 */
const PLUG = `
const { parentPort, workerData: { port, atr } } = require('node:worker_threads')
const socket = require('node:net').connect(port, '127.0.0.1')
socket.setNoDelay(true)
const send = bytes => socket.write(Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]))
let waiting = Buffer.alloc(0)
socket.on('data', chunk => {
  waiting = Buffer.concat([waiting, chunk])
  while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
    const message = waiting.subarray(2, 2 + waiting.readUInt16BE(0))
    waiting = waiting.subarray(2 + message.length)
    if (message.length === 1 && message[0] === 4) send(atr)
    else if (message.length !== 1 || message[0] !== 0) parentPort.postMessage(new Uint8Array(message))
  }
})
socket.on('connect', () => parentPort.postMessage('plugged'))
socket.on('error', () => {})
socket.on('close', () => process.exit())
parentPort.on('message', message => message === 'pull' ? socket.end() : send(message))
`

const plugIn = async (port: number, card: Card): Promise<Worker> => {
  const plug = new Worker(PLUG, { eval: true, workerData: { port, atr: card.atr } })
  const answer = async (message: Uint8Array): Promise<void> => {
    if (message.length === 1) await card.reset()
    else plug.postMessage(await card.exclusive(channel => channel.transmit(message)))
  }
  let last = Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    plug.once('error', reject)
    plug.on('message', (message: Uint8Array | 'plugged') => {
      if (message === 'plugged') return resolve()
      last = last.then(() => answer(message)).catch(() => void plug.terminate())
    })
  })
  return plug
}

/** Until pcscd, which looks at its readers a few times a second, has seen the card come or go. */
export const untilSeen = async (binding: BindingName, present: boolean): Promise<void> => {
  const bound = await loadBinding(binding)
  while ((await bound.readers()).map(toReader).some(({ hasCard }) => hasCard) !== present)
    await new Promise(resolve => setImmediate(resolve))
  bound.release()
}
