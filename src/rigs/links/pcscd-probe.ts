import { connect } from 'node:net'
import { endianness } from 'node:os'
import type { After } from '../../apdu/json/json-asker.ts'
import { afterTimeout } from '../../host/after-timeout.ts'
import type { ServiceProbe } from '../../pcsc/service.ts'

/** Where pcscd listens, unless libpcsclite is told otherwise. */
const SOCKET = '/run/pcscd/pcscd.comm'
/** A machine under load, or a pcscd that systemd starts with the first call, takes its time. */
const PATIENCE_MS = 10_000

/** What a client of pcsc-lite says first: length and number of the command, its version of the protocol, a result. */
const GREETING = [12, 0x11, 4, 4, 0]
const greeting = (): Uint8Array => {
  const bytes = Buffer.alloc(4 * GREETING.length)
  for (const [at, word] of GREETING.entries())
    if (endianness() === 'LE') bytes.writeUInt32LE(word, 4 * at)
    else bytes.writeUInt32BE(word, 4 * at)
  return bytes
}

/**
 * Greets pcscd. Whatever it says, and if it only hangs up, it is alive; where nothing listens, PC/SC's own error is the
 * better one. The kernel takes the call for a process that is stopped, so only the answer tells.
 */
export const probePcscd = (socket: string, after: After): Promise<boolean> =>
  new Promise(resolve => {
    const call = connect({ path: socket })
    const end = (answers: boolean): void => {
      cancel()
      call.destroy()
      resolve(answers)
    }
    const cancel = after(PATIENCE_MS, () => end(false))
    call.once('connect', () => void call.write(greeting()))
    call.once('data', () => end(true))
    call.once('close', () => end(true))
    call.on('error', () => end(true))
  })

export const pcscdAnswers: ServiceProbe = async () => {
  const socket = process.env.PCSCLITE_CSOCK_NAME ?? SOCKET
  // Without a name nothing listens.
  return socket === '' || probePcscd(socket, afterTimeout)
}
