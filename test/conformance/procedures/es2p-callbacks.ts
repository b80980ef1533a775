import { expect } from 'vitest'
import { ES2p } from '../../../src/rsp/interfaces/es2p.ts'
import type { CardRole } from '../../server/smdp/es9p/card-role.ts'
import { ADDRESS, accepted, ICCID, refused, testPki } from '../../server/smdp/smdp-fixture.ts'
import { type Conformance, type Procedures, procedures, type SmdpFixture } from '../conformance.ts'
import { OPERATOR_A } from '../sockets.ts'
import { CODE, change, hashed, orderBy } from './orders.ts'

type Progress = ReturnType<(typeof ES2p)['HandleDownloadProgressInfo']['request']['fromJson']>
type Notification = ReturnType<(typeof ES2p)['HandleNotification']['request']['fromJson']>

/** The operator's end of ES2+, which takes calls over mutual TLS and writes down what it is told. */
const openOperator = (at: Conformance) => {
  const told = { progress: [] as Progress[], notifications: [] as Notification[], callers: new Set<string>() }
  const state = { isAway: false }
  at.sockets.ends.operator.answer = async request => {
    if (state.isAway) return new Response('busy', { status: 503 })
    told.callers.add(at.sockets.requesterOf(request)!)
    const json = await request.json()
    const { pathname } = new URL(request.url)
    if (pathname === ES2p.HandleNotification.path)
      told.notifications.push(ES2p.HandleNotification.request.fromJson(json))
    else {
      expect(pathname).toBe(ES2p.HandleDownloadProgressInfo.path)
      told.progress.push(ES2p.HandleDownloadProgressInfo.request.fromJson(json))
    }
    return new Response(null, { status: 204 })
  }
  const operatorOf = (name: string) =>
    name === OPERATOR_A
      ? { url: `https://${OPERATOR_A}`, fetch: at.sockets.caller(ADDRESS, 'operator', OPERATOR_A) }
      : undefined
  return { told, state, operatorOf }
}

const ordered = async (at: Conformance, confirmationCode?: string) => {
  const operator = openOperator(at)
  const code = confirmationCode === undefined ? {} : { confirmationCode }
  const made = await orderBy(at, 'activation code', { operatorOf: operator.operatorOf, ...code })
  return { ...made, ...operator }
}
const pairs = (progress: readonly Progress[]): string[] =>
  progress.map(({ notificationPointId, notificationPointStatus: { status, statusCodeData } }) =>
    statusCodeData === undefined
      ? `${notificationPointId} ${status}`
      : `${notificationPointId} ${statusCodeData.subjectCode}/${statusCodeData.reasonCode}`,
  )
/** The second time when the operator has been told of the first. */
const notifyTwice = async ({ notify, smdp }: SmdpFixture, notification: Parameters<SmdpFixture['notify']>[0]) => {
  for (const _ of [1, 2]) {
    await notify(notification)
    await smdp.settled()
  }
}
const install = async (
  { fixture, card }: Awaited<ReturnType<typeof ordered>>,
  outcome?: Parameters<CardRole['installationResult']>[2],
) => {
  const { ok } = await fixture.download(card)
  const result = card.installationResult(ok.transactionId, ICCID, outcome)
  await notifyTwice(fixture, result)
}
const DONE = 'Executed-Success'

export const ES2P_CALLBACKS: Procedures = {
  ...procedures('EB_ES2+.HandleDownloadProgressInfo', {
    '#01': async at => {
      const made = await ordered(at)
      await install(made)
      await made.fixture.smdp.settled()
      expect(pairs(made.told.progress)).toEqual([`1 ${DONE}`, `3 ${DONE}`, `4 ${DONE}`])
      for (const progress of made.told.progress)
        expect(progress).toMatchObject({ eid: made.card.eid, iccid: `${ICCID}F`, profileType: 'Plan S' })
      expect([...made.told.callers]).toEqual([ADDRESS])
    },
    '#02': async at => {
      const { fixture, authenticate, told } = await ordered(at)
      await change(fixture, { metadata: { profileClass: 'test' } })
      expect(refused(await authenticate())).toBe(at.row.pair)
      await fixture.smdp.settled()
      expect(pairs(told.progress)).toEqual([`1 ${at.row.pair}`])
    },
    '#03': async at => {
      const { fixture, card, authenticate, told } = await ordered(at)
      const { transactionId } = accepted(await authenticate())
      accepted(await fixture.cancel(transactionId, card.cancelSession(transactionId, 'endUserRejection')))
      await fixture.smdp.settled()
      expect(pairs(told.progress)).toEqual([`1 ${DONE}`, `2 ${at.row.pair}`])
    },
    '#04': async at => {
      const { fixture, card, authenticate, told } = await ordered(at, CODE)
      const ok = accepted(await authenticate())
      expect(refused(await fixture.getPackage(card, ok, hashed('4321', ok)))).toBe(at.row.pair)
      await fixture.smdp.settled()
      expect(pairs(told.progress)).toEqual([`1 ${DONE}`, `2 ${at.row.pair}`])
      expect(JSON.stringify(told.progress)).not.toContain('4321')
    },
    '#05': async at => {
      const made = await ordered(at)
      await install(made, 'installFailedDueToPEProcessingError')
      await made.fixture.smdp.settled()
      expect(pairs(made.told.progress)).toEqual([`1 ${DONE}`, `3 ${DONE}`, `4 ${at.row.pair}`])
      expect(made.told.progress.at(-1)?.resultData).toBeDefined()
    },
    '#06': async at => {
      const made = await ordered(at)
      made.state.isAway = true
      await install(made)
      await made.fixture.smdp.settled()
      expect(await made.fixture.stateOf()).toBe('Installed')
      expect(made.told.progress).toEqual([])
      made.state.isAway = false
      await made.fixture.smdp.deliverProgress()
      expect(pairs(made.told.progress)).toEqual([`1 ${DONE}`, `3 ${DONE}`, `4 ${DONE}`])
    },
  }),
  ...procedures('EB_ES2+.HandleNotification', {
    '#01': async at => {
      const made = await ordered(at)
      const { fixture, card, told } = made
      await install(made)
      for (const event of ['notificationEnable', 'notificationDisable', 'notificationDelete'] as const) {
        await notifyTwice(fixture, card.otherNotification(event, ICCID))
      }
      expect(told.notifications.map(({ notificationEvent }) => notificationEvent)).toEqual([
        'Enable',
        'Disable',
        'Delete',
      ])
      for (const notification of told.notifications)
        expect(notification).toMatchObject({ eid: card.eid, iccid: `${ICCID}F` })
    },
    '#02': async at => {
      const made = await ordered(at)
      await install(made)
      const { fixture, card, told } = made
      const euicc = testPki('P-256').dpAuth
      await fixture.notify(card.otherNotification('notificationEnable', ICCID, { euicc }))
      await fixture.smdp.settled()
      expect(told.notifications).toEqual([])
    },
  }),
}
