import { describe, expect, it } from 'vitest'
import { keep } from '../../src/asn1/schema.ts'
import { withIsdr } from '../../src/lpa/card/isdr.ts'
import { findMissing, sendNotifications } from '../../src/lpa/notifications.ts'
import { sign } from '../../src/rsp/crypto/ecdsa.ts'
import { iccidFromDigits } from '../../src/rsp/identifiers.ts'
import { ES9p } from '../../src/rsp/interfaces/es9p.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { getNotificationMetadata, NotificationMetadata, PendingNotification } from '../../src/rsp/notification.ts'
import { PKI } from './download-fixture.ts'
import { fakeCard, told } from './fake-card.ts'
import { served } from './fake-server.ts'

const notification = (seqNumber: number, notificationAddress: string): NotificationMetadata => ({
  seqNumber,
  profileManagementOperation: ['notificationEnable'],
  notificationAddress,
})

/** A card on which these wait, in this order; `mute` lists one that it does not give out. */
const cardWith = (waiting: NotificationMetadata[], { mute, forged }: { mute?: number; forged?: number } = {}) => {
  const left = [...waiting]
  const card = fakeCard([
    told(ES10b.ListNotification, () => ({ notificationMetadataList: left })),
    told(ES10b.RetrieveNotificationsList, ({ searchCriteria }) => ({
      notificationList: left
        .filter(({ seqNumber }) => seqNumber === searchCriteria?.seqNumber && seqNumber !== mute)
        .map(metadata => {
          const tbsOtherNotification = keep(NotificationMetadata, metadata)
          const { bytes } =
            metadata.seqNumber === forged ? keep(NotificationMetadata, waiting[0]!) : tbsOtherNotification
          return keep(PendingNotification, {
            otherSignedNotification: {
              tbsOtherNotification,
              euiccNotificationSignature: sign(PKI.euicc.privateKey, bytes),
              euiccCertificate: PKI.euicc.certificate.der,
              eumCertificate: PKI.eum.certificate.der,
            },
          })
        }),
    })),
    told(ES10b.RemoveNotificationFromList, ({ seqNumber }) => {
      const index = left.findIndex(metadata => metadata.seqNumber === seqNumber)
      if (index < 0) return { deleteNotificationStatus: 'nothingToDelete' as const }
      left.splice(index, 1)
      return { deleteNotificationStatus: 'ok' as const }
    }),
  ])
  return { card, left }
}

/** A server that says no at the hosts in `down`. */
const serverWith = (down: Set<string>) => {
  const heard: string[] = []
  let host = ''
  const handle = served(ES9p.HandleNotification, ({ pendingNotification }) => {
    if (down.has(host)) return new Response('busy', { status: 503 })
    heard.push(`${host} ${getNotificationMetadata(pendingNotification.value).seqNumber}`)
    return undefined
  })
  const fetch = async (request: Request): Promise<Response> => {
    host = new URL(request.url).host
    return handle.respond(await request.text())
  }
  return { fetch, heard }
}

describe('notifications (SGP.22 §3.5)', () => {
  it('sendNotifications sends each to its address, oldest first, and removes the acknowledged ones', async () => {
    const { card, left } = cardWith([
      notification(7, 'a.example'),
      notification(0, 'b.example'),
      notification(3, ' A.example '),
    ])
    const { fetch, heard } = serverWith(new Set())
    const { sent, kept } = await withIsdr(card, {}, isdr => sendNotifications({ isdr, fetch }))
    expect(heard).toEqual(['b.example 0', 'a.example 3', 'a.example 7'])
    expect([sent.length, kept.length, left.length]).toEqual([3, 0, 0])
  })

  it('A notification remains on the card until its server answers 2xx, and does not block other servers', async () => {
    const { card, left } = cardWith([
      notification(1, 'a.example'),
      notification(2, 'b.example'),
      notification(3, 'a.example'),
    ])
    const down = new Set(['a.example'])
    const { fetch, heard } = serverWith(down)
    const first = await withIsdr(card, {}, isdr => sendNotifications({ isdr, fetch }))
    expect(heard).toEqual(['b.example 2'])
    expect(first.kept).toMatchObject([
      { metadata: { seqNumber: 1 }, error: { code: 'http-status', fault: 'server' } },
      { metadata: { seqNumber: 3 } },
    ])
    expect(left.map(({ seqNumber }) => seqNumber)).toEqual([1, 3])

    down.clear()
    const second = await withIsdr(card, {}, isdr => sendNotifications({ isdr, fetch }))
    expect(heard.slice(1)).toEqual(['a.example 1', 'a.example 3'])
    expect([second.sent.length, left.length]).toEqual([2, 0])
  })

  it('sendNotifications can send a single notification', async () => {
    const { card, left } = cardWith([notification(1, 'a.example'), notification(2, 'a.example')])
    const { fetch } = serverWith(new Set())
    await withIsdr(card, {}, isdr => sendNotifications({ isdr, fetch, seqNumbers: [2] }))
    expect(left.map(({ seqNumber }) => seqNumber)).toEqual([1])
  })

  it('A listed notification that cannot be retrieved is an error of the card and does not block others', async () => {
    const { card } = cardWith([notification(1, 'a.example'), notification(2, 'b.example')], { mute: 1 })
    const { fetch, heard } = serverWith(new Set())
    const { kept } = await withIsdr(card, {}, isdr => sendNotifications({ isdr, fetch }))
    expect(kept).toMatchObject([{ metadata: { seqNumber: 1 }, error: { code: 'card-mismatch', fault: 'card' } }])
    expect(heard).toEqual(['b.example 2'])
  })

  it('A notification with an invalid signature remains on the card, because the server would ignore it', async () => {
    const { card, left } = cardWith([notification(1, 'a.example'), notification(2, 'b.example')], { forged: 2 })
    const { fetch, heard } = serverWith(new Set())
    const { kept } = await withIsdr(card, {}, isdr => sendNotifications({ isdr, fetch }))
    expect(kept).toMatchObject([
      { error: { code: 'card-mismatch', fault: 'card', data: { field: 'euiccNotificationSignature' } } },
    ])
    expect([heard, left.length]).toEqual([['a.example 1'], 1])
  })
})

describe('expected notifications', () => {
  const address = ' SMDP.example.com '
  const profile = {
    iccid: iccidFromDigits('8949001000000000001'),
    notificationConfigurationInfo: [
      { profileManagementOperation: ['notificationEnable' as const], notificationAddress: address },
      { profileManagementOperation: ['notificationDisable' as const], notificationAddress: 'other.example.com' },
    ],
  }
  const made = { ...notification(7, 'smdp.example.com'), iccid: profile.iccid }
  const missing = (waiting: NotificationMetadata[], before: NotificationMetadata[] = []) =>
    withIsdr(cardWith(waiting).card, {}, isdr => findMissing(isdr, profile, 'notificationEnable', before))

  it('The metadata define the expected notifications of an event', async () => {
    expect(await missing([made])).toEqual([])
    expect(await missing([])).toEqual(['smdp.example.com'])
  })

  it('An older notification, another profile or another server does not count', async () => {
    expect(await missing([made], [made])).toEqual(['smdp.example.com'])
    const strange = { ...made, iccid: iccidFromDigits('8949001000000000002') }
    expect(await missing([strange])).toEqual(['smdp.example.com'])
    expect(await missing([{ ...made, notificationAddress: 'other.example.com' }])).toEqual(['smdp.example.com'])
  })

  it('A profile without notification configuration expects none', async () => {
    const found = await withIsdr(cardWith([]).card, {}, isdr => findMissing(isdr, {}, 'notificationEnable', []))
    expect(found).toEqual([])
  })
})
