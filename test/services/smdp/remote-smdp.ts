import { join } from 'node:path'
import { openContext } from '../../../src/bench/context.ts'
import { openBench } from '../../../src/bench/run/bench.ts'
import { openFetch } from '../../../src/host/net/open-fetch.ts'
import { checkWebServer, openWebPki, serverIdentity } from '../../../src/host/pki/web-pki.ts'
import { ES2p } from '../../../src/rsp/interfaces/es2p.ts'
import { callEs2 } from '../../../src/server/operator/es2p-client.ts'
import { HOSTS } from '../../../src/services/hosts.ts'
import { makeSupply, stockProfile } from '../../../src/services/stock.ts'
import { createCliFixture } from '../../cli/runtime.ts'

/** The SM-DP+ of a bench in another place, over its real sockets, with an operator who orders there. */
export const openFarSmdp = async (curve: 'nist' | 'brainpool' = 'nist') => {
  const place = createCliFixture()
  const { runtime } = place.runtimeOf(new AbortController().signal)
  const workplace = openContext(runtime, { curve })
  const bench = await openBench({ ...runtime, workplace, signal: runtime.interrupt })
  const { services } = bench
  const web = openWebPki(workplace.home.pki, { random: runtime.random, now: runtime.clock() })
  const operator = openFetch({
    addresses: services.addresses,
    check: checkWebServer(web.ca, runtime.clock),
    identity: serverIdentity(web.issue(HOSTS.operator)),
  })
  const smdp = {
    fetch: operator.fetch,
    url: `https://${HOSTS.smdpOrders}`,
    functionRequesterIdentifier: 'test',
    random: runtime.random,
  }
  const placeOf = (host: string): string => `127.0.0.1:${services.addresses.find(host)!.port}`
  return {
    host: services.smdpHost,
    connectTo: placeOf(services.smdpHost),
    placeOf,
    workplace,
    /** Its certificates: a card of the same CI can download here. */
    certs: join(place.home, 'pki', curve),
    /** Orders a profile over ES2+ as the operator does. */
    async order(
      confirmationCode?: string,
      more: { readonly eid?: string; readonly smdsAddress?: string } = {},
    ): Promise<{ iccid: string; matchingId: string }> {
      const { iccid } = await stockProfile({ ...services, clock: runtime.clock }, makeSupply(runtime.random))
      await callEs2(smdp, ES2p.DownloadOrder, { iccid: `${iccid}F`, ...(more.eid && { eid: more.eid }) })
      const code = confirmationCode === undefined ? {} : { confirmationCode }
      const { matchingId } = await callEs2(smdp, ES2p.ConfirmOrder, {
        iccid: `${iccid}F`,
        releaseFlag: true,
        ...code,
        ...(more.smdsAddress && { smdsAddress: more.smdsAddress }),
      })
      return { iccid, matchingId }
    },
    async close() {
      await operator.close()
      await bench.close()
      workplace.close()
      place.remove()
    },
  }
}
export type FarSmdp = Awaited<ReturnType<typeof openFarSmdp>>
