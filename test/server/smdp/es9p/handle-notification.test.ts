import { describe, expect, it } from 'vitest'
import { encode, keep } from '../../../../src/asn1/schema.ts'
import { completeEid, issueEuicc, TEST_EID_PREFIX } from '../../../../src/rsp/certificates/test-pki.ts'
import { ES9p } from '../../../../src/rsp/interfaces/es9p.ts'
import {
  ASN1_CONTENT_TYPE,
  ASN1_PATH,
  ES9pAsn1,
  remoteProfileProvisioning,
} from '../../../../src/rsp/interfaces/es9p-asn1.ts'
import { PendingNotification } from '../../../../src/rsp/notification.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { createSmdpFixture, ICCID, post, START, testPki } from '../smdp-fixture.ts'
import { createCardRole } from './card-role.ts'

const downloaded = async (settings: Parameters<typeof createSmdpFixture>[0] = {}) => {
  const fixture = await createSmdpFixture(settings)
  await fixture.order()
  return { fixture, ...(await fixture.download(fixture.card)) }
}
const temporary = ['installFailedDueToInsufficientMemoryForProfile', 'installFailedDueToInterruption'] as const
const final = [
  'incorrectInputValues',
  'invalidSignature',
  'invalidTransactionId',
  'unsupportedCrtValues',
  'unsupportedRemoteOperationType',
  'unsupportedProfileClass',
  'scp03tStructureError',
  'scp03tSecurityError',
  'installFailedDueToIccidAlreadyExistsOnEuicc',
  'installFailedDueToPEProcessingError',
  'installFailedDueToDataMismatch',
  'testProfileInstallFailedDueToInvalidNaaKey',
  'pprNotAllowed',
  'installFailedDueToUnknownError',
  77,
] as const

describe('ES9+.HandleNotification (SGP.22 §5.6.4): ProfileInstallationResult', () => {
  it.each([['P-256'], ['brainpoolP256r1']] as const)('installed: the order has reached its end, on %s', async curve => {
    const { fixture, ok } = await downloaded({ curve })
    await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID))
    expect(await fixture.stateOf()).toBe('Installed')
    expect(await fixture.store.listNotifications()).toMatchObject([
      { eid: fixture.card.eid, iccid: ICCID, operation: 'notificationInstall', seqNumber: 1, matched: true },
    ])
    expect(await fixture.store.findBoundCopy(ICCID)).toBeUndefined()
  })

  it('is answered with 204 and no body', async () => {
    const { fixture, ok } = await downloaded()
    const pendingNotification = keep(PendingNotification, fixture.card.installationResult(ok.transactionId, ICCID))
    const body = JSON.stringify(ES9p.HandleNotification.request.toJson({ pendingNotification }))
    const response = await fixture.smdp.es9p(post(ES9p.HandleNotification.path, body))
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(response.headers.get('X-Admin-Protocol')).toBe('gsma/rsp/v2.2.2')
  })

  it.each(['JSON', 'ASN.1'])('is answered with 503 in %s while it cannot be kept: the card keeps it', async binding => {
    const { fixture, ok } = await downloaded()
    const pendingNotification = keep(PendingNotification, fixture.card.installationResult(ok.transactionId, ICCID))
    const asked = remoteProfileProvisioning(ES9pAsn1.HandleNotification.request)
    const send = async () => {
      const request =
        binding === 'JSON'
          ? post(
              ES9p.HandleNotification.path,
              JSON.stringify(ES9p.HandleNotification.request.toJson({ pendingNotification })),
            )
          : post(ASN1_PATH, new Uint8Array(encode(asked, { pendingNotification })), {
              'Content-Type': ASN1_CONTENT_TYPE,
            })
      return (await fixture.smdp.es9p(request)).status
    }
    const { addNotification } = fixture.store
    fixture.store.addNotification = () => Promise.reject(new Error('the disk is full'))
    expect(await send()).toBe(503)
    fixture.store.addNotification = addNotification
    expect(await send()).toBe(204)
    expect(await fixture.store.listNotifications()).toHaveLength(1)
    expect(fixture.defects).toHaveLength(1)
  })

  it.each(temporary)('%s: the order waits for another try', async reason => {
    const { fixture, ok } = await downloaded()
    await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID, reason))
    expect(await fixture.stateOf()).toBe('Downloaded')
    expect(await fixture.store.listNotifications()).toHaveLength(1)
    const { ok: retry } = await fixture.download(fixture.card)
    await fixture.notify(fixture.card.installationResult(retry.transactionId, ICCID))
    expect(await fixture.stateOf()).toBe('Installed')
  })

  it.each(final)('%s: the order is in error', async reason => {
    const { fixture, ok } = await downloaded()
    await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID, reason))
    expect(await fixture.stateOf()).toBe('Error')
    expect((await fixture.store.findOrder(ICCID))?.history.at(-1)?.cause).toContain(`${reason}`)
  })

  it('is taken after the session has expired', async () => {
    const { fixture, ok } = await downloaded()
    fixture.wait(30 * 24 * 3_600_000)
    await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID))
    expect(await fixture.stateOf()).toBe('Installed')
  })

  it('is kept once when it is sent twice', async () => {
    const { fixture, ok } = await downloaded()
    const result = fixture.card.installationResult(ok.transactionId, ICCID)
    await fixture.notify(result)
    const rows = (await fixture.store.findOrder(ICCID))?.history
    await fixture.notify(result)
    expect(await fixture.store.listNotifications()).toHaveLength(1)
    expect((await fixture.store.findOrder(ICCID))?.history).toEqual(rows)
  })

  it('A result of an earlier attempt does not change the current attempt', async () => {
    const { fixture, ok } = await downloaded()
    await fixture.download(fixture.card)
    await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID, 'scp03tSecurityError'))
    expect(await fixture.stateOf()).toBe('Downloaded')
  })

  it.each([
    ['signed by another key', { euicc: testPki('P-256').dpAuth }],
    ['for another server', { smdpOid: '2.999.11' }],
  ])('%s is passed over', async (_, change) => {
    const { fixture, ok } = await downloaded()
    const answer = await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID, undefined, change))
    expect(answer).toEqual({ ok: undefined })
    expect(await fixture.stateOf()).toBe('Downloaded')
    expect(await fixture.store.listNotifications()).toEqual([])
  })

  it('of another profile, or of a session that never was, is passed over', async () => {
    const { fixture, ok } = await downloaded()
    await fixture.notify(fixture.card.installationResult(ok.transactionId, '8988247000102003051'))
    await fixture.notify(fixture.card.installationResult(new Uint8Array(16), ICCID))
    expect(await fixture.stateOf()).toBe('Downloaded')
    expect(await fixture.store.listNotifications()).toEqual([])
  })

  it('with any byte of the signed part changed is passed over', async () => {
    const { fixture, ok } = await downloaded()
    const right = fixture.card.installationResult(ok.transactionId, ICCID).profileInstallationResult!
    for (let at = 0; at < right.profileInstallationResultData.bytes.length; at++) {
      const bytes = right.profileInstallationResultData.bytes.slice()
      bytes[at]! ^= 0x01
      const data = { ...right.profileInstallationResultData, bytes }
      await fixture.notify({ profileInstallationResult: { ...right, profileInstallationResultData: data } })
      expect(await fixture.stateOf(), `byte ${at}`).toBe('Downloaded')
    }
    expect(await fixture.store.listNotifications()).toEqual([])
    expect(fixture.defects).toEqual([])
  })
})

describe('HandleNotification: the other notifications', () => {
  it.each(['notificationEnable', 'notificationDisable', 'notificationDelete'] as const)(
    '%s is kept with its order',
    async operation => {
      const { fixture } = await downloaded()
      await fixture.notify(fixture.card.otherNotification(operation, ICCID))
      await fixture.notify(fixture.card.otherNotification(operation, '8988247000102003051'))
      expect(await fixture.store.listNotifications()).toMatchObject([
        { eid: fixture.card.eid, iccid: ICCID, operation, matched: true },
        { eid: fixture.card.eid, operation, matched: false },
      ])
    },
  )

  it('of another card than the order is for is kept, and not matched', async () => {
    const { fixture } = await downloaded()
    const eid = completeEid(`${TEST_EID_PREFIX}0000000000000000000007`)
    const euicc = issueEuicc(fixture.pki.eum, { random: seededRandom('second card'), now: START, eid })
    await fixture.notify(createCardRole(fixture.pki, { euicc }).otherNotification('notificationEnable', ICCID))
    expect(await fixture.store.listNotifications()).toMatchObject([{ eid, matched: false }])
  })

  it('signed by another key, or under another CI, is passed over', async () => {
    const { fixture } = await downloaded()
    await fixture.notify(
      fixture.card.otherNotification('notificationEnable', ICCID, { euicc: testPki('P-256').dpAuth }),
    )
    await fixture.notify(createCardRole(testPki('P-256', 'another')).otherNotification('notificationEnable', ICCID))
    expect(await fixture.store.listNotifications()).toEqual([])
    expect(fixture.defects).toEqual([])
  })
})
