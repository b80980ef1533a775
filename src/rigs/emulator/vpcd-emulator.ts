import { connect, type Socket } from 'node:net'
import { createMutex } from '../../apdu/mutex.ts'
import { answerVpcd, createVpcdFraming } from '../../euicc/emulator/vpcd.ts'
import type { Address } from '../../host/net/address-book.ts'
import type { Emulator, EmulatorSettings } from './emulator.ts'

/** The delay between two attempts to connect to vpcd, which listens while pcscd runs. */
const RETRY_MS = 500

/** Inserts the card into a reader of vpcd, and again each time pcscd restarts. */
export const plugIntoVpcd = ({ host, port }: Address, { card, print, report, after }: EmulatorSettings): Emulator => {
  const runExclusive = createMutex()
  let socket: Socket | undefined
  let cancelRetry = (): void => {}
  let isPulled = false
  let isReported = false

  const insert = (): void => {
    const now = connect({ host, port })
    socket = now
    now.setNoDelay(true)
    const read = createVpcdFraming()
    let wasConnected = false
    now.once('connect', () => {
      wasConnected = true
      isReported = false
      print(`the card is in the reader of vpcd at ${host}:${port}`)
    })
    now.on('data', chunk => {
      for (const message of read(chunk))
        void runExclusive(async () => {
          const answer = await answerVpcd(card, message)
          if (answer !== undefined && !now.destroyed) now.write(answer)
        }).catch(error => {
          // Without an answer of the card the connection ends, as if the card were removed.
          report(error)
          now.destroy()
        })
    })
    now.on('error', () => undefined)
    now.once('close', () => {
      if (isPulled) return
      if (wasConnected) print('vpcd closed the connection because pcscd ended; waiting for vpcd')
      else if (!isReported) print(`no vpcd listens at ${host}:${port}; waiting for it (is pcscd running?)`)
      isReported = true
      cancelRetry = after(RETRY_MS, insert)
    })
  }
  insert()

  return {
    over: new Promise(() => {}),
    async pull() {
      isPulled = true
      cancelRetry()
      // A socket that is still connecting has no data to send before its end.
      if (socket?.connecting) socket.destroy()
      else socket?.destroySoon()
      await runExclusive(async () => {})
    },
  }
}
