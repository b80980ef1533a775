import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Channel } from '../../apdu/channel.ts'
import { fromHex, toHex } from '../../asn1/bytes.ts'
import type { SimulatedRegistration } from '../../euicc/emulator/at-modem-network.ts'
import { type NetworkAccess, registerOnNetwork } from '../../modem/radio/registration.ts'
import { type NetworkAnswer, readNetworkAnswer } from './network-socket.ts'

/** A running bench answers in milliseconds. After this time the socket counts as unavailable. */
const ANSWERS_WITHIN_MS = 10_000

const dial = (path: string): Promise<Socket | undefined> =>
  new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })

/** The network of the bench behind an open socket. */
const createNetworkAccess = (socket: Socket): NetworkAccess => {
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const ask = async (question: Readonly<Record<string, string | undefined>>): Promise<NetworkAnswer> => {
    socket.write(`${JSON.stringify(question)}\n`)
    const { value, done } = await lines.next()
    return done ? { refused: 'the bench closed the connection' } : readNetworkAnswer(value)
  }
  return {
    challenge: async imsi => {
      const answer = await ask({ imsi })
      if ('rand' in answer) return { rand: fromHex(answer.rand), autn: fromHex(answer.autn) }
      return { refused: 'refused' in answer ? answer.refused : 'not-understood' }
    },
    answer: async (imsi, proof) => {
      const result = 'res' in proof ? { res: toHex(proof.res) } : { auts: toHex(proof.auts) }
      const answer = await ask({ imsi, ...result })
      if ('rand' in answer) return { challenge: { rand: fromHex(answer.rand), autn: fromHex(answer.autn) } }
      return 'refused' in answer ? answer : { accepted: true, ...answer }
    },
  }
}

/**
 * Registers a card on the network of the bench whose socket is at `path`. Resolves with undefined if no bench runs: the
 * modem then finds no network. Rejects if the network or the card rejects the registration.
 */
export const attachThrough =
  (path: string) =>
  async (channel: Channel): Promise<SimulatedRegistration | undefined> => {
    const socket = await dial(path)
    if (socket === undefined) return undefined
    socket.setTimeout(ANSWERS_WITHIN_MS, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    try {
      const { registration, operator, plmn } = await registerOnNetwork(channel, createNetworkAccess(socket))
      return { registration, operator, plmn }
    } finally {
      socket.destroy()
    }
  }
