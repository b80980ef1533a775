import { describe, expect, it } from 'vitest'
import { createEuicc } from '../../../src/euicc/euicc.ts'
import { createDefaultIdentity } from '../../../src/euicc/state/identity.ts'
import { createMemory } from '../../../src/euicc/state/memory.ts'
import { toDeviceInfo } from '../../../src/lpa/card/device-info.ts'
import { type Isdr, withIsdr } from '../../../src/lpa/card/isdr.ts'
import { listProfiles } from '../../../src/lpa/card/profiles.ts'
import { discoverEvents, downloadEvent } from '../../../src/lpa/discovery.ts'
import { buildProfilePackage } from '../../../src/profile/build.ts'
import { encodeProfilePackage } from '../../../src/profile/package.ts'
import type { Fetch } from '../../../src/rsp/fetch.ts'
import { iccidToDigits } from '../../../src/rsp/identifiers.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { ADDRESS, accepted, createSmdpFixture, ICCID, START, testPki } from '../smdp/smdp-fixture.ts'
import { as, createSmdsFixture } from './smds-fixture.ts'

const ROOT = 'root.example.com'
const ALTERNATIVE = 'alternative.example.com'
const EID = '89049032123451234512345678901235'

/** A card with nothing but the address of its root SM-DS, and all the servers behind it. */
const createDownloadFixture = async (curve: 'P-256' | 'brainpoolP256r1') => {
  const random = seededRandom(`discovery ${curve}`)
  const root = createSmdsFixture({ curve, address: ROOT })
  const alternative = createSmdsFixture({
    curve,
    address: ALTERNATIVE,
    kind: 'alternative',
    root: { url: `https://${ROOT}`, fetch: as(ALTERNATIVE, root.smds.es15) },
  })
  const es12: Record<string, Fetch> = { [ROOT]: root.smds.es12, [ALTERNATIVE]: alternative.smds.es12 }
  const smdp = await createSmdpFixture({
    curve,
    package: encodeProfilePackage(
      buildProfilePackage({
        iccid: ICCID,
        imsi: '001010123456789',
        algorithm: { name: 'milenage', k: random(16), opc: random(16) },
        serviceProviderName: 'Operator A',
        random,
      }),
    ),
    smdsOf: address => es12[address] && { url: `https://${address}`, fetch: as(ADDRESS, es12[address]) },
  })
  const card = await createEuicc({
    identity: createDefaultIdentity([testPki(curve)], { rootDsAddress: ROOT, defaultDpAddress: ADDRESS }),
    memory: createMemory(),
    clock: () => START,
    random,
  })
  const hosts: Record<string, Fetch> = {
    [ROOT]: root.smds.es11,
    [ALTERNATIVE]: alternative.smds.es11,
    [ADDRESS]: smdp.smdp.es9p,
  }
  const asked: string[] = []
  const fetch: Fetch = request => {
    const { host, pathname } = new URL(request.url)
    asked.push(`${host} ${pathname.split('/').at(-1)}`)
    return hosts[host]!(request)
  }
  const deviceInfo = toDeviceInfo('490154203237518')
  const onIsdr = <T>(work: (isdr: Isdr) => Promise<T>): Promise<T> =>
    card.exclusive(channel => withIsdr(channel, { report: () => {} }, work))
  return {
    root,
    alternative,
    smdp,
    asked,
    onIsdr,
    discover: () => onIsdr(isdr => discoverEvents({ isdr, fetch, deviceInfo })),
    download: (event: { eventId: string; rspServerAddress: string }) =>
      onIsdr(isdr => downloadEvent(event, { isdr, fetch, deviceInfo, confirm: async () => ({ accepted: true }) })),
  }
}

describe.each(['P-256', 'brainpoolP256r1'] as const)('a profile that is found through an SM-DS, on %s', curve => {
  it.each([
    ['the root', ROOT, [`${ADDRESS} initiateAuthentication`]],
    [
      'an alternative, where the root leads',
      ALTERNATIVE,
      [
        `${ALTERNATIVE} initiateAuthentication`,
        `${ALTERNATIVE} authenticateClient`,
        `${ADDRESS} initiateAuthentication`,
      ],
    ],
  ])('is ordered, announced at %s, found, downloaded, and announced no more', async (_, smdsAddress, way) => {
    const fixture = await createDownloadFixture(curve)
    const { smdp } = fixture
    expect(await fixture.discover()).toEqual([])
    accepted(await smdp.operate('DownloadOrder', { iccid: ICCID, eid: EID }))
    accepted(await smdp.operate('ConfirmOrder', { iccid: ICCID, smdsAddress, releaseFlag: true }))

    const [event, ...more] = await fixture.discover()
    expect(more).toEqual([])
    fixture.asked.length = 0
    expect(await fixture.download(event!)).toMatchObject({ iccid: ICCID, notificationSent: true })
    expect(fixture.asked).toEqual(expect.arrayContaining(way))
    const profiles = await fixture.onIsdr(isdr => listProfiles(isdr))
    expect(profiles.map(({ iccid }) => iccid && iccidToDigits(iccid))).toContain(ICCID)

    await smdp.smdp.settled()
    expect(await smdp.stateOf()).toBe('Installed')
    expect(await fixture.discover()).toEqual([])
    expect(await fixture.root.store.listEvents(EID)).toEqual([])
    expect(await fixture.alternative.store.listEvents(EID)).toEqual([])
    expect([...smdp.defects, ...fixture.root.defects, ...fixture.alternative.defects]).toEqual([])
  })
})
