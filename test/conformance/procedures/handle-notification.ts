import { expect } from 'vitest'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import type { CardRole } from '../../server/smdp/es9p/card-role.ts'
import { ICCID, refused, testPki } from '../../server/smdp/smdp-fixture.ts'
import { MAY_TRY_AGAIN, PIR_REASONS } from '../catalogue/es9p.ts'
import { type Conformance, type Procedure, type Procedures, procedures } from '../conformance.ts'
import { change, type Ordered, orderBy } from './orders.ts'

type Notification = Parameters<Ordered['fixture']['notify']>[0]
type Reason = Parameters<CardRole['installationResult']>[2]

const downloaded = async (at: Conformance, curve: CurveName = 'P-256') => {
  const made = await orderBy(at, 'activation code', { curve })
  const { ok } = await made.fixture.download(made.card)
  /** Answered with 204 and no body, whatever it says (SGP.22 §5.6.4). */
  const notify = async (notification: Notification): Promise<void> =>
    expect(await made.fixture.notify(notification)).toEqual({ ok: undefined })
  return { ...made, notify, transactionId: ok.transactionId, metadata: ok.profileMetadata.value }
}
const EVENTS = ['notificationEnable', 'notificationDisable', 'notificationDelete'] as const

const keepsAll =
  (curve: CurveName): Procedure =>
  async at => {
    const { fixture, card, notify, transactionId } = await downloaded(at, curve)
    await notify(card.installationResult(transactionId, ICCID))
    for (const event of EVENTS) await notify(card.otherNotification(event, ICCID))
    expect(await fixture.stateOf()).toBe('Installed')
    const kept = await fixture.store.listNotifications()
    expect(kept.map(({ operation }) => operation)).toEqual(['notificationInstall', ...EVENTS])
    for (const notification of kept) expect(notification).toMatchObject({ eid: card.eid, iccid: ICCID, matched: true })
  }

/** The failure is kept; the order waits for another try, or is in error. */
const takesFailure =
  (reason: Reason): Procedure =>
  async at => {
    const { fixture, card, notify, transactionId, authenticate } = await downloaded(at)
    await notify(card.installationResult(transactionId, ICCID, reason))
    const isOpen = MAY_TRY_AGAIN.includes(`${reason}`)
    expect(await fixture.stateOf()).toBe(isOpen ? 'Downloaded' : 'Error')
    expect(await fixture.store.listNotifications()).toMatchObject([{ operation: 'notificationInstall', matched: true }])
    expect(refused(await authenticate())).toBe(isOpen ? 'accepted' : '8.2.6/3.8')
  }

const passesOver =
  (make: (card: CardRole, transactionId: Uint8Array) => Notification): Procedure =>
  async at => {
    const { fixture, card, notify, transactionId } = await downloaded(at)
    await notify(make(card, transactionId))
    expect(await fixture.stateOf()).toBe('Downloaded')
    expect(await fixture.store.listNotifications()).toEqual([])
    expect(fixture.defects).toEqual([])
  }

export const HANDLE_NOTIFICATION: Procedures = {
  ...procedures('TC_SM-DP+_ES9+_HandleNotificationNIST', {
    '#01': keepsAll('P-256'),
    '#02': async at => {
      const made = await orderBy(at, 'activation code')
      await change(made.fixture, { metadata: { notify: ['notificationEnable'] } })
      const { ok } = await made.fixture.download(made.card)
      const events = ok.profileMetadata.value.notificationConfigurationInfo
      expect(events).toMatchObject([{ profileManagementOperation: ['notificationEnable'] }])
      await made.fixture.notify(made.card.installationResult(ok.transactionId, ICCID))
      await made.fixture.notify(made.card.otherNotification('notificationEnable', ICCID))
      expect(await made.fixture.stateOf()).toBe('Installed')
      expect(await made.fixture.store.listNotifications()).toHaveLength(2)
    },
    '#03': async at => {
      await passesOver(card => card.installationResult(new Uint8Array(16).fill(9), ICCID))(at)
      await takesFailure('invalidTransactionId')(at)
    },
    ...Object.fromEntries(
      PIR_REASONS.map((reason, at) => [`#${String(at + 4).padStart(2, '0')}`, takesFailure(reason)]),
    ),
  }),
  ...procedures('TC_SM-DP+_ES9+_HandleNotificationBRP', { '#01': keepsAll('brainpoolP256r1') }),
  ...procedures('EB_ES9+.HandleNotification', {
    '#01': async at => {
      const { fixture, card, notify, transactionId } = await downloaded(at)
      const result = card.installationResult(transactionId, ICCID)
      const enabled = card.otherNotification('notificationEnable', ICCID)
      for (const notification of [result, result, enabled, enabled]) await notify(notification)
      const kept = await fixture.store.listNotifications()
      expect(kept.map(({ operation }) => operation)).toEqual(['notificationInstall', 'notificationEnable'])
    },
    '#02': async at => {
      const euicc = testPki('P-256').dpAuth
      await passesOver((card, id) => card.installationResult(id, ICCID, undefined, { euicc }))(at)
      await passesOver(card => card.otherNotification('notificationEnable', ICCID, { euicc }))(at)
    },
    '#03': passesOver((card, id) => card.installationResult(id, ICCID, undefined, { smdpOid: '2.999.99' })),
    '#04': async at => {
      const { fixture, card, notify, transactionId } = await downloaded(at)
      fixture.wait(30 * 24 * 3_600_000)
      await notify(card.installationResult(transactionId, ICCID))
      expect(await fixture.stateOf()).toBe('Installed')
    },
  }),
}
