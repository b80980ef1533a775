import { type AddressInfo, createServer, type Socket } from 'node:net'
import { encodeAnswer, LONGEST_LINE } from '../../apdu/json/apdu-json.ts'
import { createJsonAnswerer } from '../../apdu/json/json-answerer.ts'
import { createLineFraming } from '../../apdu/json/lines.ts'
import { createMutex } from '../../apdu/mutex.ts'
import type { Address } from '../../host/net/address-book.ts'
import { listen } from '../../host/net/listen.ts'
import type { Emulator, EmulatorSettings } from './emulator.ts'

/** Somebody who has just hung up may still be leaving; so the next one waits a moment before being sent away. */
const GRACE_MS = 2_000
const REFUSAL = encodeAnswer({ ecode: -1, data: new Uint8Array(0) })

export interface TcpEmulator extends Emulator {
  readonly address: Address
}

/** Lets one client at a time have the card, over APDU JSON. Each finds it freshly reset. */
export const plugIntoTcp = async (
  at: Address,
  { card, say, report, after }: EmulatorSettings,
): Promise<TcpEmulator> => {
  const clients = new Map<Socket, Promise<void>>()
  const channel = { transmit: (command: Uint8Array) => card.exclusive(inside => inside.transmit(command)) }
  let isTaken = false
  const waiting: (() => void)[] = []

  const free = (): void => {
    isTaken = false
    waiting.shift()?.()
  }

  /** The card for this client: now, or soon, or not. */
  const take = (): Promise<boolean> =>
    new Promise(resolve => {
      const settle = (isMine: boolean): void => {
        cancel()
        const place = waiting.indexOf(try_)
        if (place >= 0) waiting.splice(place, 1)
        resolve(isMine)
      }
      const try_ = (): void => {
        isTaken = true
        settle(true)
      }
      const cancel = after(GRACE_MS, () => settle(false))
      if (isTaken) waiting.push(try_)
      else try_()
    })

  const serve = async (client: Socket): Promise<void> => {
    const read = createLineFraming(LONGEST_LINE)
    const runExclusive = createMutex()
    const answerer = createJsonAnswerer(channel, { onConnect: () => card.reset(), onFailure: report })
    const mine = take()
    const gone = new Promise<void>(resolve => client.once('close', () => resolve()))
    client.on('data', chunk => {
      for (const line of read(chunk))
        void runExclusive(async () => {
          if (line.kind === 'overlong') return void client.destroy()
          if (await mine) return void client.write(`${await answerer.answer(line.text)}\n`)
          client.end(`${REFUSAL}\n`)
        }).catch(error => {
          report(error)
          client.destroy()
        })
    })
    if (!(await mine)) {
      say(`${nameOf(client)} was refused: somebody else has the card`)
      return gone
    }
    say(`${nameOf(client)} has the card`)
    await gone
    // Whatever is still being answered comes to its end before the next client begins.
    await runExclusive(() => answerer.end()).catch(report)
    say('the card is free')
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

const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress ?? 'a client'}:${remotePort ?? '?'}`
