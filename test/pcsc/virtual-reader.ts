import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Card } from '../../src/apdu/channel.ts'
import type { BindingName } from '../../src/pcsc/binding.ts'
import { loadBinding } from '../../src/pcsc/load-binding.ts'
import { toReader } from '../../src/pcsc/readers.ts'
import { untilReady } from './pcscd-ready.ts'

/**
 * Debian's pcscd with the reader of vsmartcard-vpcd, in a mount namespace of its own: its socket is not the machine's,
 * so a pcscd that already runs is neither used nor disturbed. Found through PCSCLITE_CSOCK_NAME, which libpcsclite
 * reads once, at its first call in a process.
 *
 * It has a network of its own too, for the socket of vpcd. That one writes length and payload in two segments, and the
 * second waits for the acknowledgement of the first, 40 ms an APDU, unless the route acknowledges at once.
 */
export interface VirtualReader {
  readonly socket: string
  /** Inserts a card; resolves when vpcd has accepted the connection. */
  insert(card: Card): Promise<InsertedCard>
  stop(): Promise<void>
}
export interface InsertedCard {
  /** Removes the card. */
  pull(): Promise<void>
  /** Removes the card after `exchanges` more responses: it does not receive the next command. */
  pullAfter(exchanges: number): Promise<void>
  /** Number of commands that the card has answered. */
  readonly answered: number
}

const DRIVER = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so'
const DAEMON = '/usr/sbin/pcscd'

/** Why tests through pcscd cannot run here, or undefined. */
export const whyNoReader = (): string | undefined => {
  if (process.platform !== 'linux') return 'pcscd with vpcd is a matter of Linux'
  if (!existsSync(DAEMON)) return 'no pcscd (apt install pcscd)'
  if (!existsSync(DRIVER)) return 'no vpcd (apt install vsmartcard-vpcd)'
  try {
    execFileSync('unshare', ['-m', '-n', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' })
  } catch {
    return 'no namespaces of our own to start pcscd in (needs root, and apt install iproute2)'
  }
  return undefined
}

const PORT = 35963
const SCRIPT = [
  'mkdir -p /run/pcscd && mount -t tmpfs none /run/pcscd && ip link set lo up',
  'ip route replace local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1 quickack 1',
  'exec "$0" -f -i -c "$1"',
].join(' && ')

export const startReader = async (): Promise<VirtualReader> => {
  const folder = mkdtempSync(join(tmpdir(), 'pcscd-'))
  const hex = `0x${PORT.toString(16).toUpperCase()}`
  writeFileSync(
    join(folder, 'vpcd'),
    `FRIENDLYNAME "Virtual Test Reader"\nDEVICENAME /dev/null:${hex}\nLIBPATH ${DRIVER}\nCHANNELID ${hex}\n`,
  )
  const daemon = spawn('unshare', ['-m', '-n', 'sh', '-c', SCRIPT, DAEMON, folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const socket = `/proc/${daemon.pid}/root/run/pcscd/pcscd.comm`
  await untilReady(daemon, socket)
  const plugs = new Set<ChildProcess>()
  return {
    socket,
    insert: async card => {
      const plug = await plugIn(daemon.pid!, card)
      plugs.add(plug.process)
      void plug.gone.then(() => plugs.delete(plug.process))
      return plug
    },
    stop: async () => {
      for (const plug of plugs) plug.kill()
      await new Promise<void>(resolve => {
        daemon.once('exit', () => resolve())
        daemon.kill()
      })
      rmSync(folder, { recursive: true })
    },
  }
}

/**
 * The vpcd protocol: a length of two bytes, then a control byte (0 off, 1 on, 2 reset, 4 ATR) or an APDU. A separate
 * process, because it runs in the network namespace of pcscd and some PC/SC calls block the main thread.
 */
const PLUG = `
const atr = Buffer.from(process.argv[1], 'hex')
const socket = require('node:net').connect(${PORT}, '127.0.0.1')
socket.setNoDelay(true)
const send = bytes => socket.write(Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]))
let waiting = Buffer.alloc(0)
socket.on('data', chunk => {
  waiting = Buffer.concat([waiting, chunk])
  while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
    const message = waiting.subarray(2, 2 + waiting.readUInt16BE(0))
    waiting = waiting.subarray(2 + message.length)
    if (message.length === 1 && message[0] === 4) send(atr)
    else if (message.length !== 1 || message[0] !== 0) process.send(new Uint8Array(message))
  }
})
socket.on('connect', () => process.send('plugged'))
socket.on('error', () => {})
socket.on('close', () => process.exit())
process.on('disconnect', () => process.exit())
process.on('message', message => message === 'pull' ? socket.end() : send(message))
`

interface Emulator extends InsertedCard {
  readonly process: ChildProcess
  readonly gone: Promise<void>
}

const plugIn = async (daemon: number, card: Card): Promise<Emulator> => {
  const plug = spawn(
    'nsenter',
    ['-n', '-t', `${daemon}`, process.execPath, '-e', PLUG, Buffer.from(card.atr).toString('hex')],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' },
  )
  const gone = new Promise<void>(resolve => plug.once('exit', () => resolve()))
  let answered = 0
  let lastAnswer = Number.POSITIVE_INFINITY
  const pull = (): Promise<void> => {
    if (plug.connected) plug.send('pull')
    return gone
  }
  const answer = async (message: Uint8Array): Promise<void> => {
    if (message.length === 1) {
      await card.reset()
      return
    }
    if (answered >= lastAnswer) return void pull()
    const response = await card.exclusive(channel => channel.transmit(message))
    answered++
    if (plug.connected) plug.send(response)
  }
  let last = Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    plug.once('error', reject)
    plug.on('message', message => {
      if (message === 'plugged') return resolve()
      last = last.then(() => answer(message as Uint8Array)).catch(() => void plug.kill())
    })
  })
  return {
    process: plug,
    gone,
    get answered() {
      return answered
    },
    pull,
    pullAfter: exchanges => {
      lastAnswer = answered + exchanges
      return gone
    },
  }
}

/** Waits until pcscd, which polls its readers, has noticed the card or its removal. */
export const untilSeen = async (binding: BindingName, present: boolean): Promise<void> => {
  const bound = await loadBinding(binding)
  while ((await bound.readers()).map(toReader).some(({ hasCard }) => hasCard) !== present)
    await new Promise(resolve => setImmediate(resolve))
  bound.release()
}
