import { describe, expect, it } from 'vitest'
import type { Card } from '../../../src/apdu/channel.ts'
import { BENCH_IMEI, createMobileDevice, imeiOf } from '../../../src/bench/device/mobile-device.ts'
import { createEuicc } from '../../../src/euicc/euicc.ts'
import { createDefaultIdentity } from '../../../src/euicc/state/identity.ts'
import { createMemory } from '../../../src/euicc/state/memory.ts'
import { toAkaAlgorithm } from '../../../src/profile/aka/to-aka-algorithm.ts'
import { buildProfilePackage } from '../../../src/profile/build.ts'
import { installProfile, SUPPORTED_SERVICES } from '../../../src/profile/install.ts'
import { encodeProfilePackage } from '../../../src/profile/package.ts'
import { createNetwork } from '../../../src/server/network/network.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { ADDRESS, createSmdpFixture, ICCID, MATCHING_ID, START, testPki } from '../../server/smdp/smdp-fixture.ts'

/** An activation on a card whose responses `spoil` can change. */
const activateOn = async (spoil: (response: Uint8Array) => Uint8Array) => {
  const random = seededRandom('mobile device')
  const imsi = '001010123456789'
  const pkg = buildProfilePackage({
    iccid: ICCID,
    imsi,
    algorithm: { name: 'milenage', k: random(16), opc: random(16) },
    serviceProviderName: 'Operator A',
    random,
  })
  const { profile } = installProfile(pkg, { services: new Set(SUPPORTED_SERVICES), freeMemory: 1 << 20 })
  const algorithm = toAkaAlgorithm([...profile!.aka.values()][0]!.algorithm)
  const fixture = await createSmdpFixture({ package: encodeProfilePackage(pkg) })
  await fixture.order()
  const euicc = await createEuicc({
    identity: createDefaultIdentity([testPki('P-256')], { rootDsAddress: 'ds.example.com' }),
    memory: createMemory(),
    clock: () => START,
    random,
  })
  const card: Pick<Card, 'exclusive' | 'reset'> = {
    reset: () => euicc.reset(),
    exclusive: work =>
      euicc.exclusive(channel => work({ transmit: async bytes => spoil(await channel.transmit(bytes)) })),
  }
  const failures: unknown[] = []
  const { lpa, registration } = createMobileDevice({
    card,
    isdrOptions: {},
    fetch: fixture.smdp.es9p,
    network: createNetwork({
      here: { plmn: '00101', name: 'Test network' },
      subscribers: asked => ({ imsi: asked, iccid: ICCID, algorithm }),
      clock: () => START,
      random,
    }),
    signal: new AbortController().signal,
    hooks: { note: () => {}, progress: () => {}, onFailure: error => void failures.push(error) },
  })
  const during = { progress: () => {}, consent: async () => ({ accept: true }) as const }
  const download = await lpa.download(`LPA:1$${ADDRESS}$${MATCHING_ID}`, during)
  expect(download).toMatchObject({ status: 'Success', iccid: ICCID })
  expect(await lpa.enable(ICCID)).toEqual({ status: 'Success' })
  return { failures, registered: await registration.register(ICCID, () => {}) }
}

describe('device of a run', () => {
  it.each([
    ['the modem says', '356938035643809', '356938035643809'],
    ['its type and number are, where the check digit is wrong', '356938035643800', '35693803564380'],
    ['the bench has where the modem has none', undefined, BENCH_IMEI],
  ])('The device has the IMEI that %s', (_name, imei, expected) => {
    const identity = { imei, manufacturer: undefined, model: undefined, firmware: undefined, information: undefined }
    expect(imeiOf({ identity } as Parameters<typeof imeiOf>[0])).toBe(expected)
  })

  it('The device is registered after the profile is enabled and the notification is delivered', async () => {
    const { failures, registered } = await activateOn(response => response)
    expect(registered).toMatchObject({ operator: 'Test network' })
    expect(failures).toEqual([])
  })

  it('A notification with a wrong signature fails the registration', async () => {
    // RetrieveNotificationsList (SGP.22 §5.7.10) of one OtherSignedNotification: its signature is the first '5F37'.
    const { failures, registered } = await activateOn(response => {
      const at = Buffer.from(response).indexOf(Buffer.from('5f3740', 'hex'))
      if (response[0] !== 0xbf || response[1] !== 0x2b || at < 0) return response
      return Uint8Array.from(response, (octet, index) => (index === at + 10 ? octet ^ 1 : octet))
    })
    expect(failures).toMatchObject([
      { code: 'card-mismatch', fault: 'card', data: { field: 'euiccNotificationSignature' } },
    ])
    expect(registered.state).toBe('denied')
  })
})
