import { describe, expect, it } from 'vitest'
import { createEuicc } from '../../src/euicc/euicc.ts'
import { createDefaultIdentity } from '../../src/euicc/state/identity.ts'
import { createMemory } from '../../src/euicc/state/memory.ts'
import { toDeviceInfo } from '../../src/lpa/card/device-info.ts'
import { type Isdr, withIsdr } from '../../src/lpa/card/isdr.ts'
import { discoverEvents, downloadEvent } from '../../src/lpa/discovery.ts'
import type { Fetch } from '../../src/rsp/fetch.ts'
import { seededRandom } from '../rsp/seeded-random.ts'
import { START, testPki } from '../server/smdp/smdp-fixture.ts'
import { createSmdsFixture } from '../server/smds/smds-fixture.ts'

// That a profile is found and downloaded through root and alternative: test/server/smds/whole-discovery.test.ts.
const A = 'a.example.com'
const B = 'b.example.com'

const createDownloadFixture = async (rootDsAddress = A) => {
  const servers = { [A]: createSmdsFixture({ address: A }), [B]: createSmdsFixture({ address: B }) }
  const card = await createEuicc({
    identity: createDefaultIdentity([testPki('P-256')], { rootDsAddress, defaultDpAddress: undefined }),
    memory: createMemory(),
    clock: () => START,
    random: seededRandom('discovery'),
  })
  const asked: string[] = []
  const fetch: Fetch = request => {
    const { host, pathname } = new URL(request.url)
    asked.push(`${host} ${pathname.split('/').at(-1)}`)
    return servers[host as typeof A]!.smds.es11(request)
  }
  const onIsdr = <T>(work: (isdr: Isdr) => Promise<T>): Promise<T> =>
    card.exclusive(channel => withIsdr(channel, {}, work))
  const deviceInfo = toDeviceInfo('490154203237518')
  return {
    servers,
    asked,
    discover: () => onIsdr(isdr => discoverEvents({ isdr, fetch, deviceInfo })),
    download: (eventId: string, rspServerAddress: string) =>
      onIsdr(isdr =>
        downloadEvent(
          { eventId, rspServerAddress },
          { isdr, fetch, deviceInfo, confirm: async () => ({ accepted: true }) },
        ),
      ),
  }
}

describe('discovery without a result', () => {
  it('A circle of SM-DS events ends after the maximum number of steps', async () => {
    const { servers, asked, download } = await createDownloadFixture()
    await servers[A].register({ eventId: 'E', rspServerAddress: B })
    await servers[B].register({ eventId: 'E', rspServerAddress: A })
    await expect(download('E', B)).rejects.toMatchObject({ code: 'not-an-smdp', fault: 'server' })
    expect(asked.filter(step => step.endsWith('authenticateClient')).length).toBeLessThanOrEqual(3)
  })

  it('An event that the SM-DS does not have ends with the status codes of the SM-DS', async () => {
    const { download } = await createDownloadFixture()
    await expect(download('E', B)).rejects.toMatchObject({
      code: 'server-refused',
      data: { step: 'ES11.AuthenticateClient' },
    })
  })

  it('A card without a root SM-DS address needs an address from the user', async () => {
    const { discover, asked } = await createDownloadFixture('')
    await expect(discover()).rejects.toMatchObject({ code: 'no-address', fault: 'user' })
    expect(asked).toEqual([])
  })
})
