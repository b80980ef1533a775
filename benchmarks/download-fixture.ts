import type { Card, Channel } from '../src/apdu/channel.ts'
import { BENCH_IMEI } from '../src/bench/device/mobile-device.ts'
import { createMemory } from '../src/euicc/state/memory.ts'
import { type CurveOption, curveName, OWN_SMDP_HOST } from '../src/host/pki/card-pki.ts'
import { toDeviceInfo } from '../src/lpa/card/device-info.ts'
import { withIsdr } from '../src/lpa/card/isdr.ts'
import { deleteProfile } from '../src/lpa/card/profiles.ts'
import { type Download, downloadProfile } from '../src/lpa/download.ts'
import { type CardSettings, createSoftwareCard } from '../src/rigs/links/software-card.ts'
import { issueTestPki } from '../src/rsp/certificates/test-pki.ts'
import type { Fetch } from '../src/rsp/fetch.ts'
import { ES2p } from '../src/rsp/interfaces/es2p.ts'
import { callEs2 } from '../src/server/operator/es2p-client.ts'
import { createMemoryStore } from '../src/server/smdp/memory-store.ts'
import { createSmdp } from '../src/server/smdp/smdp.ts'
import { makeSupply } from '../src/services/stock.ts'

export interface BenchmarkRuntime {
  readonly clock: () => Date
  readonly stopwatch: () => number
  readonly random: (length: number) => Uint8Array
}

export interface DownloadFixture {
  readonly card: Card
  readonly es9p: Fetch
  /** Adds the profile to the stock and orders it. Resolves with the matching ID. */
  order(): Promise<string>
  /** Downloads the profile. `onChannel` can add a layer to the channel. */
  download(
    at: {
      readonly card?: Pick<Card, 'exclusive'>
      readonly fetch?: Fetch
      readonly onChannel?: (channel: Channel) => Channel
    },
    matchingId: string,
  ): Promise<Download>
  /** Deletes the downloaded profile. */
  clean(): Promise<void>
}

/** Creates SM-DP+, LPA and software eUICC in one process, without sockets, files and evidence. */
export const createDownloadFixture = async (
  { clock, random }: BenchmarkRuntime,
  curve: CurveOption,
  more: Pick<CardSettings, 'protocol'> = {},
): Promise<DownloadFixture> => {
  const pki = issueTestPki({ curve: curveName(curve), smdpHost: OWN_SMDP_HOST, random, now: clock() })
  const smdp = createSmdp({
    address: OWN_SMDP_HOST,
    credentials: [pki],
    store: createMemoryStore(),
    clock,
    random,
    requesterOf: () => 'bench',
  })
  const card = await createSoftwareCard({ pki, clock, random, ...more }, createMemory())
  const supply = makeSupply(random)
  const { iccid } = supply.subscriber
  const orders = { fetch: smdp.es2p, url: `https://${OWN_SMDP_HOST}`, functionRequesterIdentifier: 'bench', random }
  return {
    card,
    es9p: smdp.es9p,
    async order() {
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
    },
    download: ({ card: reached = card, fetch = smdp.es9p, onChannel = channel => channel }, matchingId) =>
      reached.exclusive(channel =>
        withIsdr(onChannel(channel), {}, isdr =>
          downloadProfile({
            isdr,
            fetch,
            smdpAddress: OWN_SMDP_HOST,
            matchingId,
            deviceInfo: toDeviceInfo(BENCH_IMEI),
            confirm: async () => ({ accepted: true }),
          }),
        ),
      ),
    clean: () => card.exclusive(channel => withIsdr(channel, {}, isdr => deleteProfile(isdr, { iccid }))),
  }
}
