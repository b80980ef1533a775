import type { Card, Channel } from '../src/apdu/channel.ts'
import type { After } from '../src/apdu/json/json-asker.ts'
import { createAtModem } from '../src/euicc/emulator/at-modem.ts'
import { afterTimeout as after } from '../src/host/after-timeout.ts'
import type { CurveOption } from '../src/host/pki/card-pki.ts'
import type { ApduPath } from '../src/modem/at/at-channels.ts'
import type { BytePort } from '../src/modem/at/at-port.ts'
import { openModemCard } from '../src/modem/at-card.ts'
import { type BenchmarkRuntime, createDownloadFixture, type DownloadFixture } from './download-fixture.ts'

/** The cost of one download on one path to a card. */
export interface PathCost {
  readonly path: string
  /** Commands to the card or the modem, each with its response. */
  readonly exchanges: number
  /** Bytes in both directions: APDUs with their status words, or lines of AT commands. */
  readonly bytes: number
  /** Bytes that each path must transfer: the data of STORE DATA and of its responses. */
  readonly mustCross: number
  /** Minimum number of exchanges for these bytes, at 255 bytes each. */
  readonly floor: number
}

interface Counted {
  exchanges: number
  bytes: number
  data: number
}

/** Counts APDUs, their bytes, and the data of STORE DATA and GET RESPONSE. */
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

/** Connects to the simulated modem without delay and counts the bytes. */
const cableTo = (card: Card, into: Counted, after: After): BytePort => {
  const modem = createAtModem({ card, schedule: after })
  return {
    write: async bytes => {
      into.exchanges++
      into.bytes += bytes.length
      modem.receive(bytes)
    },
    listen: ({ data }) =>
      modem.onSend(bytes => {
        into.bytes += bytes.length
        data(bytes)
      }),
    close: async () => {},
  }
}

const measureModem = async (fixture: DownloadFixture, apdu: ApduPath): Promise<Counted> => {
  const counted: Counted = { exchanges: 0, bytes: 0, data: 0 }
  const card = await openModemCard({ port: cableTo(fixture.card, counted, after), apdu, after })
  try {
    // The commands that identify the modem are not part of a download.
    Object.assign(counted, { exchanges: 0, bytes: 0 })
    await fixture.download({ card }, await fixture.order())
    return { ...counted }
  } finally {
    await card.close()
  }
}

/** Measures the same download on each path to a card. T=1 gives the bytes that each path must transfer. */
export const measurePaths = async (runtime: BenchmarkRuntime, curve: CurveOption): Promise<PathCost[]> => {
  const direct = async (protocol: 't0' | 't1'): Promise<[DownloadFixture, Counted]> => {
    const fixture = await createDownloadFixture(runtime, curve, { protocol })
    const counted: Counted = { exchanges: 0, bytes: 0, data: 0 }
    await fixture.download({ onChannel: counting(counted) }, await fixture.order())
    await fixture.clean()
    return [fixture, counted]
  }
  const [fixture, t1] = await direct('t1')
  const [, t0] = await direct('t0')
  const costs = [
    costOf('software eUICC, PC/SC with T=1', t1, t1.data),
    // T=0 needs two exchanges for a command with response data.
    costOf('PC/SC with T=0', t0, t1.data),
  ]
  for (const [name, apdu] of [
    ['modem, AT+CGLA', 'ccho-cgla'],
    ['modem, AT+CSIM', 'csim'],
  ] as const) {
    costs.push(costOf(name, await measureModem(fixture, apdu), t1.data))
    await fixture.clean()
  }
  return costs
}
