import { connect, type Socket } from 'node:net'
import { createMutex } from '../../apdu/mutex.ts'
import { answerVpcd, createVpcdFraming } from '../../euicc/emulator/vpcd.ts'
import type { Address } from '../../host/net/address-book.ts'
import type { Emulator, EmulatorSettings } from './emulator.ts'

/** Between two tries to find vpcd, which is there while pcscd runs. */
const TRY_AGAIN_MS = 500

/** Puts the card into a reader of vpcd, and again whenever pcscd comes back. */
export const plugIntoVpcd = ({ host, port }: Address, { card, say, report, after }: EmulatorSettings): Emulator => {
  const runExclusive = createMutex()
  let socket: Socket | undefined
  let cancelRetry = (): void => {}
  let isPulled = false
  let isTold = false

  const plugIn = (): void => {
    const now = connect({ host, port })
    socket = now
    now.setNoDelay(true)
    const read = createVpcdFraming()
    let wasIn = false
    now.once('connect', () => {
      wasIn = true
      isTold = false
      say(`in the reader of vpcd at ${host}:${port}`)
    })
    now.on('data', chunk => {
      for (const message of read(chunk))
        void runExclusive(async () => {
          const answer = await answerVpcd(card, message)
          if (answer !== undefined && !now.destroyed) now.write(answer)
        }).catch(error => {
          // A card that cannot answer is one that has been pulled.
          report(error)
          now.destroy()
        })
    })
    now.on('error', () => undefined)
    now.once('close', () => {
      if (isPulled) return
      if (wasIn) say('vpcd is gone (pcscd ended); waiting for it')
      else if (!isTold) say(`nobody listens at ${host}:${port} yet; waiting for vpcd (is pcscd running?)`)
      isTold = true
      cancelRetry = after(TRY_AGAIN_MS, plugIn)
    })
  }
  plugIn()

  return {
    over: new Promise(() => {}),
    async pull() {
      isPulled = true
      cancelRetry()
      // What is still being connected has nothing to say to the end of.
      if (socket?.connecting) socket.destroy()
      else socket?.destroySoon()
      await runExclusive(async () => {})
    },
  }
}
