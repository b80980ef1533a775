import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/asn1/bytes.ts'
import { createEuicc } from '../../src/euicc/euicc.ts'
import { createDefaultIdentity } from '../../src/euicc/state/identity.ts'
import { createMemory } from '../../src/euicc/state/memory.ts'
import { toDeviceInfo } from '../../src/lpa/card/device-info.ts'
import { type Isdr, withIsdr } from '../../src/lpa/card/isdr.ts'
import { deleteProfile, disableProfile, enableProfile, listProfiles } from '../../src/lpa/card/profiles.ts'
import { type Consent, downloadProfile } from '../../src/lpa/download.ts'
import { listNotifications, sendNotifications } from '../../src/lpa/notifications.ts'
import type { LpaEvent } from '../../src/lpa/report.ts'
import { registerOnNetwork } from '../../src/modem/radio/registration.ts'
import { toAkaAlgorithm } from '../../src/profile/aka/to-aka-algorithm.ts'
import { installProfile, SUPPORTED_SERVICES } from '../../src/profile/install.ts'
import { decodeProfilePackage } from '../../src/profile/package.ts'
import { createNetwork } from '../../src/server/network/network.ts'
import { readTs48, TS48_NAMES, ts48Missing, ts48Reason } from '../profile/ts48.ts'
import { seededRandom } from '../rsp/seeded-random.ts'
import { ADDRESS, createSmdpFixture, MATCHING_ID, START, testPki } from '../server/smdp/smdp-fixture.ts'

/** The fixture of docs/tour.md with nothing faked: our SM-DP+, our LPA, the software eUICC, the network. */
const createDownloadFixture = async (curve: 'P-256' | 'brainpoolP256r1', upp: Uint8Array) => {
  const outcome = installProfile(decodeProfilePackage(upp), {
    services: new Set(SUPPORTED_SERVICES),
    freeMemory: 1 << 20,
  })
  const { profile } = outcome
  if (profile === undefined) throw new Error(outcome.reason)
  const iccid = toHex(profile.iccid).replace(/f+$/, '')
  const fixture = await createSmdpFixture({ curve, package: upp })
  await fixture.stock(iccid)
  const random = seededRandom(`fixture ${curve}`)
  const card = await createEuicc({
    identity: createDefaultIdentity([testPki(curve)], { rootDsAddress: 'ds.example.com', defaultDpAddress: ADDRESS }),
    memory: createMemory(),
    clock: () => START,
    random,
  })
  const events: LpaEvent[] = []
  const isdrOptions = { report: (event: LpaEvent) => void events.push(event) }
  const onIsdr = <T>(work: (isdr: Isdr) => Promise<T>): Promise<T> =>
    card.exclusive(channel => withIsdr(channel, isdrOptions, work))
  const algorithm = toAkaAlgorithm([...profile.aka.values()][0]!.algorithm)
  return {
    ...fixture,
    iccid,
    card,
    events,
    isdrOptions,
    onIsdr,
    network: createNetwork({
      here: { plmn: '00101', name: 'Test network' },
      subscribers: imsi => ({ imsi, iccid, algorithm }),
      clock: () => START,
      random,
    }),
    download: (consent: Consent = { accepted: true }) =>
      onIsdr(isdr =>
        downloadProfile({
          isdr,
          fetch: fixture.smdp.es9p,
          activationCode: `LPA:1$${ADDRESS}$${MATCHING_ID}`,
          deviceInfo: toDeviceInfo('490154203237518'),
          confirm: async () => consent,
        }),
      ),
  }
}

describe.skipIf(ts48Missing).each(['P-256', 'brainpoolP256r1'] as const)(
  `the true fixture on %s${ts48Reason}`,
  curve => {
    it.each(TS48_NAMES)('%s can be downloaded, enabled, registered and deleted', async name => {
      const fixture = await createDownloadFixture(curve, readTs48(name))
      const { iccid, card, isdrOptions, onIsdr, network } = fixture
      const profile = { iccid }
      await fixture.order({ iccid })

      const download = await fixture.download()
      expect(download).toMatchObject({ iccid, notificationSent: true, profile: { profileState: 'disabled' } })
      expect(fixture.defects).toEqual([])

      await enableProfile({ card, profile, isdrOptions })
      const registration = await card.exclusive(channel => registerOnNetwork(channel, network))
      expect(registration).toMatchObject({ iccid, operator: 'Test network' })
      expect(network.registered()).toMatchObject([{ imsi: registration.imsi }])

      await disableProfile({ card, profile, isdrOptions })
      await onIsdr(async isdr => {
        await deleteProfile(isdr, profile)
        expect(await listProfiles(isdr)).toEqual([])
        const { sent, kept } = await sendNotifications({ isdr, fetch: fixture.smdp.es9p })
        expect(kept).toEqual([])
        expect(sent.map(({ profileManagementOperation }) => profileManagementOperation[0])).toEqual([
          'notificationEnable',
          'notificationDisable',
          'notificationDelete',
        ])
        expect(await listNotifications(isdr)).toEqual([])
      })
    })
  },
)

describe.skipIf(ts48Missing)(`download with exceptions${ts48Reason}`, () => {
  const start = () => createDownloadFixture('P-256', readTs48(TS48_NAMES[0]))

  it('A correct confirmation code starts the download, and a wrong one does not', async () => {
    const fixture = await start()
    await fixture.order({ iccid: fixture.iccid, confirmationCode: '2468' })
    await expect(fixture.download({ accepted: true, confirmationCode: '1357' })).rejects.toMatchObject({
      code: 'server-refused',
      data: { subjectCode: '8.2.7', reasonCode: '3.8' },
    })
    expect(await fixture.download({ accepted: true, confirmationCode: '2468' })).toMatchObject({ iccid: fixture.iccid })
  })

  it('An order allows one download', async () => {
    const fixture = await start()
    await fixture.order({ iccid: fixture.iccid })
    await fixture.download()
    await expect(fixture.download()).rejects.toMatchObject({ code: 'server-refused', fault: 'server' })
  })

  it('The reason postponed keeps the order, and a rejection ends it', async () => {
    const fixture = await start()
    await fixture.order({ iccid: fixture.iccid })
    await expect(fixture.download({ accepted: false, reason: 'postponed' })).rejects.toMatchObject({ code: 'rejected' })
    expect(await fixture.stateOf(fixture.iccid)).not.toBe('Error')
    await expect(fixture.download({ accepted: false, reason: 'endUserRejection' })).rejects.toMatchObject({
      code: 'rejected',
    })
    await expect(fixture.download()).rejects.toMatchObject({ code: 'server-refused' })
    expect(fixture.events.filter(event => event.kind === 'noted')).toEqual([])
  })

  it('A profile with an existing ICCID is not installed again, and the card reports the reason', async () => {
    const fixture = await start()
    await fixture.order({ iccid: fixture.iccid })
    await fixture.download()
    await fixture.stock(fixture.iccid)
    await fixture.order({ iccid: fixture.iccid })
    await expect(fixture.download()).rejects.toMatchObject({
      code: 'install-failed',
      fault: 'user',
      data: { bppCommandId: 'storeMetadata', errorReason: 'installFailedDueToIccidAlreadyExistsOnEuicc' },
    })
    expect(await fixture.onIsdr(isdr => listProfiles(isdr))).toHaveLength(1)
  })
})
