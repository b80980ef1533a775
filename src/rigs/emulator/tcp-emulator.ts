import { type AddressInfo, createServer, type Socket } from 'node:net'
import { encodeAnswer, LONGEST_LINE } from '../../apdu/json/apdu-json.ts'
import { createJsonAnswerer } from '../../apdu/json/json-answerer.ts'
import { createLineFraming } from '../../apdu/json/lines.ts'
import { createMutex } from '../../apdu/mutex.ts'
import type { Address } from '../../host/net/address-book.ts'
import { listen } from '../../host/net/listen.ts'
import type { Emulator, EmulatorSettings } from './emulator.ts'

/** How long a client waits for the card: the work of the previous client may still be ending. */
const GRACE_MS = 2_000
const REFUSAL = encodeAnswer({ ecode: -1, data: new Uint8Array(0) })

export interface TcpEmulator extends Emulator {
  readonly address: Address
}

/** Serves the card over APDU JSON to one client at a time. The card is reset for each client. */
export const plugIntoTcp = async (
  at: Address,
  { card, print, report, after }: EmulatorSettings,
): Promise<TcpEmulator> => {
  const clients = new Map<Socket, Promise<void>>()
  const channel = { transmit: (command: Uint8Array) => card.exclusive(inside => inside.transmit(command)) }
  let isInUse = false
  const waiting: (() => void)[] = []

  const free = (): void => {
    isInUse = false
    waiting.shift()?.()
  }

  /** Reserves the card for a client. Resolves with false if it is still in use after the waiting time. */
  const reserve = (): Promise<boolean> =>
    new Promise(resolve => {
      const settle = (isReserved: boolean): void => {
        cancel()
        const index = waiting.indexOf(grant)
        if (index >= 0) waiting.splice(index, 1)
        resolve(isReserved)
      }
      const grant = (): void => {
        isInUse = true
        settle(true)
      }
      const cancel = after(GRACE_MS, () => settle(false))
      if (isInUse) waiting.push(grant)
      else grant()
    })

  const serve = async (client: Socket): Promise<void> => {
    const read = createLineFraming(LONGEST_LINE)
    const runExclusive = createMutex()
    const answerer = createJsonAnswerer(channel, { onConnect: () => card.reset(), onFailure: report })
    const reserved = reserve()
    const gone = new Promise<void>(resolve => client.once('close', () => resolve()))
    client.on('data', chunk => {
      for (const line of read(chunk))
        void runExclusive(async () => {
          if (line.kind === 'overlong') return void client.destroy()
          if (await reserved) return void client.write(`${await answerer.answer(line.text)}\n`)
          client.end(`${REFUSAL}\n`)
        }).catch(error => {
          report(error)
          client.destroy()
        })
    })
    if (!(await reserved)) {
      print(`${describeClient(client)} was rejected: another client uses the card`)
      return gone
    }
    print(`${describeClient(client)} uses the card`)
    await gone
    // Open commands end before the next client begins.
    await runExclusive(() => answerer.end()).catch(report)
    print('the card is available')
    free()
  }

  const server = createServer(client => {
    client.setNoDelay(true)
    client.on('error', () => undefined)
    clients.set(
      client,
      serve(client)
        .catch(report)
        .finally(() => clients.delete(client)),
    )
  })
  await listen(server, { ...at, option: '--tcp', hostOption: '--tcp' })
  const { port } = server.address() as AddressInfo

  return {
    address: { host: at.host, port },
    over: new Promise(() => {}),
    async pull() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      const served = [...clients.values()]
      for (const client of clients.keys()) client.destroy()
      await Promise.all([closed, ...served])
    },
  }
}

const describeClient = ({ remoteAddress, remotePort }: Socket): string =>
  `${remoteAddress ?? 'a client'}:${remotePort ?? '?'}`
