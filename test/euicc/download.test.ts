import { describe, expect, it } from 'vitest'
import { decodeEuiccResponse } from '../../src/profile/euicc-response.ts'
import { verify } from '../../src/rsp/crypto/ecdsa.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { ES10c } from '../../src/rsp/interfaces/es10c.ts'
import { createTestCard, getTestPki, ICCIDS, testIdentity } from './card.ts'
import { testProfile } from './profile.ts'
import { createDownload, createMetadata, downloadTo } from './smdp-side.ts'

const CURVES = ['P-256', 'brainpoolP256r1'] as const

describe('a download', () => {
  it.each(CURVES)('a download installs a profile and signs the installation result on %s', async curve => {
    const card = await createTestCard({ identity: testIdentity([...CURVES]) })
    const { dpAuth, dpPb, euicc } = getTestPki(curve)
    const result = await downloadTo(card, createDownload({ dpAuth, dpPb, euicc }))
    const { profileInstallationResultData: data, euiccSignPIR } = result!
    expect(verify(euicc.certificate.publicKey, data.bytes, euiccSignPIR)).toBe(true)
    expect(data.value).toMatchObject({
      transactionId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      smdpOid: '2.999.10',
      notificationMetadata: {
        seqNumber: 0,
        profileManagementOperation: ['notificationInstall'],
        notificationAddress: 'smdp.test',
        iccid: ICCIDS[0],
      },
    })
    const { aid, simaResponse } = data.value.finalResult.successResult!
    expect(decodeEuiccResponse(simaResponse)).toEqual({ peStatus: [{ status: 'ok' }] })

    const { profileInfoListOk } = await card.call(ES10c.GetProfilesInfo, {})
    expect(profileInfoListOk).toEqual([
      {
        iccid: ICCIDS[0],
        isdpAid: aid,
        profileState: 'disabled',
        serviceProviderName: 'Test Operator',
        profileName: 'Plan',
        profileClass: 'operational',
      },
    ])
    const { notificationList } = await card.call(ES10b.RetrieveNotificationsList, {})
    expect(notificationList!.map(({ value }) => Object.keys(value)[0])).toEqual([
      'profileInstallationResult',
      'otherSignedNotification',
    ])
  })

  it.each(['t0', 't1'] as const)('a download installs a profile over %s', async protocol => {
    const card = await createTestCard({ protocol })
    expect((await downloadTo(card))?.profileInstallationResultData.value.finalResult.successResult).toBeDefined()
  })

  it('the card installs each profile in a separate ISD-P', async () => {
    const card = await createTestCard()
    for (const [index, iccid] of ICCIDS.entries()) {
      const order = createDownload({ profile: testProfile(index), metadata: createMetadata({ iccid }) })
      expect(
        (await downloadTo(card, order))?.profileInstallationResultData.value.finalResult.errorResult,
      ).toBeUndefined()
    }
    const { profileInfoListOk } = await card.call(ES10c.GetProfilesInfo, {})
    expect(new Set(profileInfoListOk!.map(({ isdpAid }) => isdpAid!.join())).size).toBe(3)
  })
})
