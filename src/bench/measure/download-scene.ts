import type { Card, Channel } from '../../apdu/channel.ts'
import { createMemory } from '../../euicc/memory.ts'
import { deviceInfoOf } from '../../lpa/device-info.ts'
import { type Download, downloadProfile } from '../../lpa/download.ts'
import { withIsdr } from '../../lpa/isdr.ts'
import { deleteProfile } from '../../lpa/profiles.ts'
import { issueTestPki } from '../../rsp/certificates/test-pki.ts'
import { ES2p } from '../../rsp/es2p.ts'
import type { Fetch } from '../../rsp/fetch.ts'
import { callEs2 } from '../../server/operator/es2p-client.ts'
import { createMemoryStore } from '../../server/smdp/memory-store.ts'
import { createSmdp } from '../../server/smdp/smdp.ts'
import { type CurveOption, curveName, OWN_SMDP_HOST } from '../pki/card-pki.ts'
import { type CardSettings, createSoftwareCard } from '../rigs/software-card.ts'
import { BENCH_IMEI } from '../run/mobile-device.ts'
import { makeSupply } from '../services/stock.ts'

export interface MeasuredWorld {
  readonly clock: () => Date
  readonly stopwatch: () => number
  readonly random: (length: number) => Uint8Array
}

export interface DownloadScene {
  readonly card: Card
  readonly es9p: Fetch
  /** Puts the profile in stock and orders it; resolves with the matching id. */
  order(): Promise<string>
  /** Downloads over a way to the card; `onChannel` may stand in between. */
  download(
    at: {
      readonly card?: Pick<Card, 'exclusive'>
      readonly fetch?: Fetch
      readonly onChannel?: (channel: Channel) => Channel
    },
    matchingId: string,
  ): Promise<Download>
  /** Deletes the profile again. */
  clean(): Promise<void>
}

/** SM-DP+, LPA and software eUICC in one process with nothing between them: no sockets, no disk, no evidence. */
export const createDownloadScene = async (
  { clock, random }: MeasuredWorld,
  curve: CurveOption,
  more: Pick<CardSettings, 'protocol'> = {},
): Promise<DownloadScene> => {
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
            deviceInfo: deviceInfoOf(BENCH_IMEI),
            confirm: async () => ({ accepted: true }),
          }),
        ),
      ),
    clean: () => card.exclusive(channel => withIsdr(channel, {}, isdr => deleteProfile(isdr, { iccid }))),
  }
}
