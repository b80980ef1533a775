import { connect } from 'node:net'
import { endianness } from 'node:os'
import type { After } from '../../apdu/json/json-asker.ts'
import { afterTimeout } from '../../host/after-timeout.ts'
import type { ServiceProbe } from '../../pcsc/service.ts'

/** The default socket of pcscd. */
const SOCKET = '/run/pcscd/pcscd.comm'
/** systemd may start pcscd with the first connection. */
const PROBE_DEADLINE_MS = 10_000

/** The first message of a pcsc-lite client: length and number of the command, protocol version, result. */
const GREETING = [12, 0x11, 4, 4, 0]
const greeting = (): Uint8Array => {
  const bytes = Buffer.alloc(4 * GREETING.length)
  for (const [at, word] of GREETING.entries())
    if (endianness() === 'LE') bytes.writeUInt32LE(word, 4 * at)
    else bytes.writeUInt32BE(word, 4 * at)
  return bytes
}

/**
 * Sends a greeting to pcscd. False only if it accepts the connection and does not answer, as a stopped process does. A
 * missing service counts as true, because the error of the PC/SC library is more precise.
 */
export const probePcscd = (socket: string, after: After): Promise<boolean> =>
  new Promise(resolve => {
    const client = connect({ path: socket })
    const end = (answers: boolean): void => {
      cancel()
      client.destroy()
      resolve(answers)
    }
    const cancel = after(PROBE_DEADLINE_MS, () => end(false))
    client.once('connect', () => void client.write(greeting()))
    client.once('data', () => end(true))
    client.once('close', () => end(true))
    client.on('error', () => end(true))
  })

export const pcscdAnswers: ServiceProbe = async () => {
  const socket = process.env.PCSCLITE_CSOCK_NAME ?? SOCKET
  // An empty name means that there is no pcscd.
  return socket === '' || probePcscd(socket, afterTimeout)
}
