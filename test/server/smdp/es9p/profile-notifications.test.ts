import { describe, expect, it } from 'vitest'
import { fromBase64 } from '../../../../src/asn1/bytes.ts'
import { decode } from '../../../../src/asn1/schema.ts'
import { issueEuicc } from '../../../../src/rsp/certificates/test-pki.ts'
import { ES2p } from '../../../../src/rsp/interfaces/es2p.ts'
import { PendingNotification } from '../../../../src/rsp/notification.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { createSmdpFixture, ICCID, START, testPki } from '../smdp-fixture.ts'
import { createCardRole } from './card-role.ts'

/** An installed profile, and an operator that writes down what it is told, in order. */
const createInstalledFixture = async () => {
  const heard: string[] = []
  const messages: ReturnType<typeof ES2p.HandleNotification.request.fromJson>[] = []
  const identifiers: string[] = []
  const operator = { answer: (): Response => new Response(null, { status: 204 }) }
  const fixture = await createSmdpFixture({
    operatorOf: () => ({
      url: 'https://operator.example.com',
      fetch: async request => {
        const response = operator.answer()
        const json = await request.json()
        identifiers.push(json.header.functionCallIdentifier)
        if (!response.ok) return response
        if (new URL(request.url).pathname !== ES2p.HandleNotification.path)
          heard.push(`point ${ES2p.HandleDownloadProgressInfo.request.fromJson(json).notificationPointId}`)
        else {
          const message = ES2p.HandleNotification.request.fromJson(json)
          messages.push(message)
          heard.push(message.notificationEvent)
        }
        return response
      },
    }),
  })
  await fixture.order()
  const { ok } = await fixture.download(fixture.card)
  await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID))
  await fixture.smdp.settled()
  return { ...fixture, heard, messages, identifiers, operator }
}

describe('ES2+.HandleNotification towards the operator', () => {
  it('The operator is notified once of each profile operation, after the download progress', async () => {
    const { card, notify, smdp, heard, messages } = await createInstalledFixture()
    const enable = card.otherNotification('notificationEnable', ICCID)
    for (const notification of [enable, enable, card.otherNotification('notificationDelete', ICCID)])
      await notify(notification)
    await smdp.settled()
    expect(heard).toEqual(['point 1', 'point 3', 'point 4', 'Enable', 'Delete'])
    expect(messages[0]).toMatchObject({ iccid: `${ICCID}F`, eid: card.eid, profileType: 'Plan S' })
    expect(decode(PendingNotification, fromBase64(messages[0]!.resultData!))).toMatchObject({
      otherSignedNotification: {
        tbsOtherNotification: { value: { profileManagementOperation: ['notificationEnable'] } },
      },
    })
  })

  it.each([503, 'no answer'] as const)(
    'The server stores notifications while the operator is unreachable (%s), and sends them in order',
    async status => {
      const { card, notify, smdp, store, heard, identifiers, operator } = await createInstalledFixture()
      const { answer } = operator
      operator.answer = () => {
        if (status === 503) return new Response(null, { status })
        throw new Error('connection refused')
      }
      heard.length = 0
      identifiers.length = 0
      await notify(card.otherNotification('notificationEnable', ICCID))
      await notify(card.otherNotification('notificationDisable', ICCID))
      await smdp.settled()
      expect(heard).toEqual([])
      expect(await store.listProgress()).toHaveLength(2)
      operator.answer = answer
      await smdp.deliverProgress()
      expect(heard).toEqual(['Enable', 'Disable'])
      expect(await store.listProgress()).toEqual([])
      // The operator knows a report that is made again by its identifier.
      expect(new Set(identifiers).size).toBe(2)
    },
  )

  it('The server forwards no notification of another card or with an invalid signature', async () => {
    const { card, pki, notify, smdp, heard } = await createInstalledFixture()
    const euicc = issueEuicc(pki.eum, {
      random: seededRandom('stranger'),
      now: START,
      eid: '89049032000000000000000000000042',
    })
    heard.length = 0
    await notify(createCardRole(pki, { euicc }).otherNotification('notificationDelete', ICCID))
    await notify(card.otherNotification('notificationDelete', ICCID, { euicc: testPki('P-256').dpAuth }))
    await smdp.settled()
    expect(heard).toEqual([])
  })

  it('The server pauses calls to an unreachable operator, then sends all notifications with the next report', async () => {
    const { card, notify, smdp, heard, identifiers, operator, wait } = await createInstalledFixture()
    const { answer } = operator
    operator.answer = () => new Response(null, { status: 503 })
    heard.length = 0
    identifiers.length = 0
    const tell = async (operation: 'notificationEnable' | 'notificationDisable' | 'notificationDelete') => {
      await notify(card.otherNotification(operation, ICCID))
      await smdp.settled()
    }
    await tell('notificationEnable')
    await tell('notificationDisable')
    expect(identifiers).toHaveLength(1)
    operator.answer = answer
    wait(5_000)
    await tell('notificationDelete')
    expect(heard).toEqual(['Enable', 'Disable', 'Delete'])
  })
})
