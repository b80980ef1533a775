import type { Channel } from '../../apdu/channel.ts'
import { createMemory } from '../../euicc/memory.ts'
import { deviceInfoOf } from '../../lpa/device-info.ts'
import { downloadProfile } from '../../lpa/download.ts'
import { withIsdr } from '../../lpa/isdr.ts'
import { deleteProfile } from '../../lpa/profiles.ts'
import { issueTestPki } from '../../rsp/certificates/test-pki.ts'
import { ES2p } from '../../rsp/es2p.ts'
import type { Fetch } from '../../rsp/fetch.ts'
import { callEs2 } from '../../server/operator/es2p-client.ts'
import { createMemoryStore } from '../../server/smdp/memory-store.ts'
import { createSmdp } from '../../server/smdp/smdp.ts'
import { type CurveOption, curveName, OWN_SMDP_HOST } from '../pki/card-pki.ts'
import { createSoftwareCard } from '../rigs/software-card.ts'
import { BENCH_IMEI } from '../run/mobile-device.ts'
import { makeSupply } from '../services/stock.ts'
import { type CryptoTape, recordCrypto } from './crypto-tape.ts'

export interface Measurement {
  readonly curve: CurveOption
  readonly downloads: number
  readonly apdus: number
  /** Bytes of commands and responses of one download. */
  readonly apduBytes: number
  readonly packageBytes: number
  /** Milliseconds of one download: the mean, because a median would leave out the garbage that the stack makes. */
  readonly ms: { readonly whole: number; readonly card: number; readonly lpa: number; readonly server: number }
  readonly downloadsPerSecond: number
  /** The same operations of node:crypto alone, measured between the downloads. */
  readonly bareCryptoMs: number
  /** How many times its bare crypto the whole stack takes. */
  readonly ratio: number
  readonly operations: Readonly<Record<string, number>>
  readonly cipherBytes: number
}

interface World {
  readonly clock: () => Date
  readonly stopwatch: () => number
  readonly random: (length: number) => Uint8Array
}

/** Before the clocks count: compilers and caches come up to speed. Fewer, and the compilers still work while they do. */
const WARM_UP = 200

/** SM-DP+, LPA and software eUICC in one process with nothing between them: no sockets, no disk, no evidence. */
export const measureDownloads = async (
  { clock, stopwatch, random }: World,
  curve: CurveOption,
  downloads: number,
  progress: (done: number) => void,
): Promise<Measurement> => {
  const pki = issueTestPki({ curve: curveName(curve), smdpHost: OWN_SMDP_HOST, random, now: clock() })
  const smdp = createSmdp({
    address: OWN_SMDP_HOST,
    credentials: [pki],
    store: createMemoryStore(),
    clock,
    random,
    requesterOf: () => 'bench',
  })
  const card = await createSoftwareCard({ pki, clock, random }, createMemory())
  const supply = makeSupply(random)
  const { iccid } = supply.subscriber
  const orders = { fetch: smdp.es2p, url: `https://${OWN_SMDP_HOST}`, functionRequesterIdentifier: 'bench', random }

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
      return await smdp.es9p(request)
    } finally {
      spent.server += stopwatch() - began
    }
  }

  const order = async (): Promise<string> => {
    await smdp.addProfile({
      iccid,
      profileType: 'bench',
      package: supply.package,
      metadata: { serviceProviderName: 'Bench Mobile', profileName: supply.profileName, notify: [] },
      replace: true,
    })
    await callEs2(orders, ES2p.DownloadOrder, { iccid })
    const { matchingId } = await callEs2(orders, ES2p.ConfirmOrder, { iccid, releaseFlag: true })
    return matchingId
  }
  const download = (matchingId: string) =>
    card.exclusive(channel =>
      withIsdr(timed(channel), {}, isdr =>
        downloadProfile({
          isdr,
          fetch,
          smdpAddress: OWN_SMDP_HOST,
          matchingId,
          deviceInfo: deviceInfoOf(BENCH_IMEI),
          confirm: async () => ({ accepted: true }),
        }),
      ),
    )
  const clean = (): Promise<void> =>
    card.exclusive(channel => withIsdr(channel, {}, isdr => deleteProfile(isdr, { iccid })))

  for (let round = 0; round < WARM_UP; round++) {
    await download(await order())
    await clean()
  }
  const matchingId = await order()
  const tape: CryptoTape = await recordCrypto(() => download(matchingId))
  await clean()
  for (let round = 0; round < WARM_UP; round++) tape.replay()

  for (const name of Object.keys(spent) as (keyof typeof spent)[]) spent[name] = 0
  let packageBytes = 0
  for (let round = 0; round < downloads; round++) {
    const ordered = await order()
    const began = stopwatch()
    packageBytes = (await download(ordered)).packageLength
    spent.whole += stopwatch() - began
    await clean()
    // Beside each download, so that whatever else the machine does meets both alike.
    const replayed = stopwatch()
    tape.replay()
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
    operations: Object.fromEntries(tape.counts),
    cipherBytes: tape.cipherBytes,
  }
}
