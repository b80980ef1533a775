import type { Card, Channel } from '../src/apdu/channel.ts'
import type { After } from '../src/apdu/json/json-asker.ts'
import { createAtModem } from '../src/euicc/emulator/at-modem.ts'
import { afterTimeout as after } from '../src/host/after-timeout.ts'
import type { CurveOption } from '../src/host/pki/card-pki.ts'
import type { ApduPath } from '../src/modem/at/at-channels.ts'
import type { BytePort } from '../src/modem/at/at-port.ts'
import { openModemCard } from '../src/modem/at-card.ts'
import { type BenchmarkRuntime, createDownloadFixture, type DownloadFixture } from './download-fixture.ts'

/** What one download costs on one way to a card. */
export interface PathCost {
  readonly path: string
  /** Commands that went to the card or the modem, each with its answer. */
  readonly exchanges: number
  /** Bytes on that way in both directions: APDUs with their status words, or lines of AT commands. */
  readonly bytes: number
  /** Bytes that no way can spare: what the LPA and the card have to tell one another (data of STORE DATA and answers). */
  readonly mustCross: number
  /** The fewest exchanges in which these can cross: 255 bytes each. */
  readonly floor: number
}

interface Counted {
  exchanges: number
  bytes: number
  data: number
}

/** Counts APDUs, and of STORE DATA and GET RESPONSE the data. */
const counting =
  (into: Counted) =>
  (channel: Channel): Channel => ({
    async transmit(command) {
      const response = await channel.transmit(command)
      into.exchanges++
      into.bytes += command.length + response.length
      const isStoreData = command[1] === 0xe2
      if (isStoreData) into.data += command[4] ?? 0
      if (isStoreData || command[1] === 0xc0) into.data += response.length - 2
      return response
    },
  })

const costOf = (path: string, { exchanges, bytes }: Counted, mustCross: number): PathCost => ({
  path,
  exchanges,
  bytes,
  mustCross,
  floor: Math.ceil(mustCross / 255),
})

/** The emulated modem on a cable without delay, with what crosses it counted. */
const cableTo = (card: Card, into: Counted, after: After): BytePort => {
  const modem = createAtModem({ card, schedule: after })
  return {
    write: async bytes => {
      into.exchanges++
      into.bytes += bytes.length
      modem.hear(bytes)
    },
    listen: ({ data }) =>
      modem.onSay(bytes => {
        into.bytes += bytes.length
        data(bytes)
      }),
    close: async () => {},
  }
}

const measureModem = async (scene: DownloadFixture, apdu: ApduPath): Promise<Counted> => {
  const counted: Counted = { exchanges: 0, bytes: 0, data: 0 }
  const card = await openModemCard({ port: cableTo(scene.card, counted, after), apdu, after })
  try {
    // What it takes to know the modem is no part of a download.
    Object.assign(counted, { exchanges: 0, bytes: 0 })
    await scene.download({ card }, await scene.order())
    return { ...counted }
  } finally {
    await card.close()
  }
}

/** One and the same download on each way to a card. The T=1 way shows what must cross. */
export const measurePaths = async (runtime: BenchmarkRuntime, curve: CurveOption): Promise<PathCost[]> => {
  const direct = async (protocol: 't0' | 't1'): Promise<[DownloadFixture, Counted]> => {
    const scene = await createDownloadFixture(runtime, curve, { protocol })
    const counted: Counted = { exchanges: 0, bytes: 0, data: 0 }
    await scene.download({ onChannel: counting(counted) }, await scene.order())
    await scene.clean()
    return [scene, counted]
  }
  const [scene, t1] = await direct('t1')
  const [, t0] = await direct('t0')
  const costs = [
    costOf('software eUICC, PC/SC with T=1', t1, t1.data),
    // On T=0 a command and what it answers are two exchanges.
    costOf('PC/SC with T=0', t0, t1.data),
  ]
  for (const [name, apdu] of [
    ['modem, AT+CGLA', 'ccho-cgla'],
    ['modem, AT+CSIM', 'csim'],
  ] as const) {
    costs.push(costOf(name, await measureModem(scene, apdu), t1.data))
    await scene.clean()
  }
  return costs
}
