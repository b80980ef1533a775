import { expect, it } from 'vitest'
import { createEuicc } from '../../../src/euicc/euicc.ts'
import { createDefaultIdentity } from '../../../src/euicc/state/identity.ts'
import { createMemory } from '../../../src/euicc/state/memory.ts'
import { toDeviceInfo } from '../../../src/lpa/card/device-info.ts'
import { withIsdr } from '../../../src/lpa/card/isdr.ts'
import { deleteProfile, disableProfile, enableProfile, listProfiles } from '../../../src/lpa/card/profiles.ts'
import { downloadProfile } from '../../../src/lpa/download.ts'
import { sendNotifications } from '../../../src/lpa/notifications.ts'
import { buildProfilePackage } from '../../../src/profile/build.ts'
import { encodeProfilePackage } from '../../../src/profile/package.ts'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { ADDRESS, createSmdpFixture, ICCID, MATCHING_ID, START } from './smdp-fixture.ts'

const profile = encodeProfilePackage(
  buildProfilePackage({
    iccid: ICCID,
    imsi: '001010123456789',
    algorithm: { name: 'milenage', k: seededRandom('k')(16), opc: seededRandom('opc')(16) },
    serviceProviderName: 'Operator A',
    random: seededRandom('profile'),
  }),
)

/** The real card, the real LPA and this server, with nothing between them. */
const createWhole = async (curve: CurveName) => {
  const fixture = await createSmdpFixture({ curve })
  await fixture.stock(ICCID, { package: profile })
  const card = await createEuicc({
    identity: createDefaultIdentity([fixture.pki], { rootDsAddress: 'ds.example.com' }),
    memory: createMemory(),
    clock: () => START,
    random: seededRandom('card'),
    onFault: fault => {
      throw fault
    },
  })
  const fetch = fixture.smdp.es9p
  const download = (confirmationCode?: string, activationCode = `LPA:1$${ADDRESS}$${MATCHING_ID}`) =>
    card.exclusive(channel =>
      withIsdr(channel, {}, isdr =>
        downloadProfile({
          isdr,
          fetch,
          activationCode,
          deviceInfo: toDeviceInfo('35290611'),
          confirm: async () => ({ accepted: true, confirmationCode }),
        }),
      ),
    )
  return { ...fixture, realCard: card, fetchProfile: download, fetch }
}

it.each([['P-256'], ['brainpoolP256r1']] as const)(
  'takes a profile from the order to its deletion, on %s',
  async curve => {
    const whole = await createWhole(curve)
    await whole.order({ iccid: ICCID, confirmationCode: '1234' })
    expect(await whole.fetchProfile('1234')).toMatchObject({ iccid: ICCID, notificationSent: true })
    expect(await whole.stateOf(ICCID)).toBe('Installed')

    const { realCard: card, fetch } = whole
    await enableProfile({ card, profile: { iccid: ICCID } })
    await disableProfile({ card, profile: { iccid: ICCID } })
    const left = await card.exclusive(channel =>
      withIsdr(channel, {}, async isdr => {
        await deleteProfile(isdr, { iccid: ICCID })
        expect((await sendNotifications({ isdr, fetch })).kept).toEqual([])
        return listProfiles(isdr)
      }),
    )
    expect(left).toEqual([])
    expect((await whole.store.listNotifications()).map(({ operation, matched }) => [operation, matched])).toEqual([
      ['notificationInstall', true],
      ['notificationEnable', true],
      ['notificationDisable', true],
      ['notificationDelete', true],
    ])
    expect(whole.defects).toEqual([])
  },
)

it('refuses a wrong confirmation code, and takes the right one in another session', async () => {
  const whole = await createWhole('P-256')
  await whole.order({ iccid: ICCID, confirmationCode: '1234' })
  await expect(whole.fetchProfile('1111')).rejects.toThrow()
  expect(await whole.stateOf(ICCID)).not.toBe('Installed')
  const order = await whole.store.findOrder(ICCID)
  expect(order).toMatchObject({ state: 'Released', confirmationFailures: 1 })
  expect(await whole.fetchProfile('1234')).toMatchObject({ iccid: ICCID })
})

it('gives a profile once', async () => {
  const whole = await createWhole('P-256')
  await whole.order({ iccid: ICCID })
  await whole.fetchProfile()
  await expect(whole.fetchProfile()).rejects.toMatchObject({ data: { subjectCode: '8.2.6', reasonCode: '3.8' } })
})
