import type { Channel } from '../src/apdu/channel.ts'
import type { CurveOption } from '../src/host/pki/card-pki.ts'
import type { Fetch } from '../src/rsp/fetch.ts'
import { type CryptoRecording, recordCrypto } from './crypto-recording.ts'
import { type BenchmarkRuntime, createDownloadFixture } from './download-fixture.ts'

export interface Measurement {
  readonly curve: CurveOption
  readonly downloads: number
  readonly apdus: number
  /** Bytes of commands and responses of one download. */
  readonly apduBytes: number
  readonly packageBytes: number
  /** Milliseconds of one download: the mean, because a median would omit the cost of garbage collection. */
  readonly ms: { readonly whole: number; readonly card: number; readonly lpa: number; readonly server: number }
  readonly downloadsPerSecond: number
  /** Milliseconds of the same node:crypto operations alone, measured between the downloads. */
  readonly bareCryptoMs: number
  /** Duration of a download divided by the duration of its bare crypto. */
  readonly ratio: number
  readonly operations: Readonly<Record<string, number>>
  readonly cipherBytes: number
}

/** Downloads before the measurement. With fewer, the JIT compiler still runs during the measurement. */
const WARM_UP = 200

export const measureDownloads = async (
  runtime: BenchmarkRuntime,
  curve: CurveOption,
  downloads: number,
  progress: (done: number) => void,
): Promise<Measurement> => {
  const { stopwatch } = runtime
  const { es9p, order, clean, ...fixture } = await createDownloadFixture(runtime, curve)
  const spent = { card: 0, server: 0, apdus: 0, bytes: 0, whole: 0, bare: 0 }
  const timed = (channel: Channel): Channel => ({
    async transmit(command) {
      const began = stopwatch()
      const response = await channel.transmit(command)
      spent.card += stopwatch() - began
      spent.apdus++
      spent.bytes += command.length + response.length
      return response
    },
  })
  const fetch: Fetch = async request => {
    const began = stopwatch()
    try {
      return await es9p(request)
    } finally {
      spent.server += stopwatch() - began
    }
  }

  const download = (matchingId: string) => fixture.download({ fetch, onChannel: timed }, matchingId)

  for (let round = 0; round < WARM_UP; round++) {
    await download(await order())
    await clean()
  }
  const matchingId = await order()
  const recording: CryptoRecording = await recordCrypto(() => download(matchingId))
  await clean()
  for (let round = 0; round < WARM_UP; round++) recording.replay()

  for (const name of Object.keys(spent) as (keyof typeof spent)[]) spent[name] = 0
  let packageBytes = 0
  for (let round = 0; round < downloads; round++) {
    const ordered = await order()
    const began = stopwatch()
    packageBytes = (await download(ordered)).packageLength
    spent.whole += stopwatch() - began
    await clean()
    // Replay after each download, so that other load on the machine affects both durations.
    const replayed = stopwatch()
    recording.replay()
    spent.bare += stopwatch() - replayed
    progress(round + 1)
  }
  const each = (sum: number): number => Math.round((sum / downloads) * 1000) / 1000
  return {
    curve,
    downloads,
    apdus: Math.round(spent.apdus / downloads),
    apduBytes: Math.round(spent.bytes / downloads),
    packageBytes,
    ms: {
      whole: each(spent.whole),
      card: each(spent.card),
      lpa: each(spent.whole - spent.card - spent.server),
      server: each(spent.server),
    },
    downloadsPerSecond: Math.round((downloads / spent.whole) * 10_000) / 10,
    bareCryptoMs: each(spent.bare),
    ratio: Math.round((spent.whole / spent.bare) * 100) / 100,
    operations: Object.fromEntries(recording.counts),
    cipherBytes: recording.cipherBytes,
  }
}
