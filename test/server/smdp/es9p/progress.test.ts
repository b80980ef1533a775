import { describe, expect, it } from 'vitest'
import { FetchError } from '../../../../src/rsp/fetch.ts'
import { ES2p } from '../../../../src/rsp/interfaces/es2p.ts'
import { createSmdp } from '../../../../src/server/smdp/smdp.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { ADDRESS, accepted, createScene, ICCID, MATCHING_ID, START } from '../smdp-fixture.ts'

type Heard = ReturnType<typeof ES2p.HandleDownloadProgressInfo.request.fromJson>

/** A server with an operator that listens, as long as it is well. */
const createListenedScene = async (settings: Parameters<typeof createScene>[0] = {}) => {
  const heard: Heard[] = []
  const operator = { answer: () => new Response(null, { status: 204 }) }
  const scene = await createScene({
    operatorOf: requester =>
      requester === 'Operator A'
        ? {
            url: 'https://operator.example.com',
            fetch: async request => {
              const response = operator.answer()
              expect(new URL(request.url).pathname).toBe(ES2p.HandleDownloadProgressInfo.path)
              if (response.ok) heard.push(ES2p.HandleDownloadProgressInfo.request.fromJson(await request.json()))
              return response
            },
          }
        : undefined,
    ...settings,
  })
  return { ...scene, heard, operator }
}
const brief = (heard: readonly Heard[]) =>
  heard.map(({ notificationPointId, notificationPointStatus: { status, statusCodeData } }) =>
    [notificationPointId, status, statusCodeData && `${statusCodeData.subjectCode}/${statusCodeData.reasonCode}`]
      .join(' ')
      .trim(),
  )

describe('ES2+.HandleDownloadProgressInfo (SGP.22 §5.3.5)', () => {
  it('tells the one who ordered how the download went', async () => {
    const scene = await createListenedScene()
    await scene.order()
    const { ok } = await scene.download(scene.card)
    const result = scene.card.installationResult(ok.transactionId, ICCID)
    await scene.notify(result)
    await scene.notify(result)
    await scene.smdp.settled()
    expect(brief(scene.heard)).toEqual(['1 Executed-Success', '3 Executed-Success', '4 Executed-Success'])
    expect(scene.heard[2]).toMatchObject({
      iccid: `${ICCID}F`,
      eid: scene.card.eid,
      profileType: 'Plan S',
      timestamp: '2026-11-01T12:00:00Z',
    })
    expect(scene.heard[2]?.resultData).toBe(
      Buffer.from(result.profileInstallationResult!.profileInstallationResultData.bytes).toString('base64'),
    )
  })

  it('tells why it failed', async () => {
    const scene = await createListenedScene({ confirmationCodeAttempts: 1 })
    await scene.order({ confirmationCode: '1234' })
    await scene.authenticate(scene.card, {
      matchingId: MATCHING_ID,
      info2: { extCardResource: Uint8Array.of(0x82, 1, 9) },
    })
    const ok = accepted(await scene.authenticate(scene.card))
    await scene.getPackage(scene.card, ok, { hashCc: new Uint8Array(32) })
    await scene.smdp.settled()
    expect(brief(scene.heard)).toEqual(['1 Failed 8.1/4.8', '1 Executed-Success', '2 Failed 8.2.7/6.4'])
  })

  it('tells of a rejection by the end user, and of a failed installation', async () => {
    const scene = await createListenedScene()
    await scene.order()
    const { transactionId } = accepted(await scene.authenticate(scene.card))
    await scene.cancel(transactionId, scene.card.cancelSession(transactionId, 'endUserRejection'))
    accepted(await scene.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: 'Available' }))
    await scene.order()
    const { ok } = await scene.download(scene.card)
    await scene.notify(scene.card.installationResult(ok.transactionId, ICCID, 'scp03tSecurityError'))
    await scene.smdp.settled()
    expect(brief(scene.heard).filter(line => line.includes('Failed'))).toEqual([
      '2 Failed 8.8.5/3.8',
      '4 Failed 8.2.10/4.2',
    ])
  })

  it.each([
    [
      'does not answer',
      () => {
        throw new FetchError('unreachable', 'refused', { url: 'https://operator.example.com' })
      },
    ],
    ['is not well', () => new Response(null, { status: 503 })],
  ])('keeps what an operator cannot take because it %s, in order, and holds up no download', async (_, answer) => {
    const scene = await createListenedScene()
    await scene.order()
    scene.operator.answer = answer
    await scene.download(scene.card)
    await scene.smdp.settled()
    expect(scene.heard).toEqual([])
    scene.operator.answer = () => new Response(null, { status: 204 })
    await scene.smdp.deliverProgress()
    expect(brief(scene.heard)).toEqual(['1 Executed-Success', '3 Executed-Success'])
    expect(await scene.store.listProgress()).toEqual([])
    expect(scene.defects).toEqual([])
  })

  it('drops what an operator that stays away does not take within the retention, and says so', async () => {
    const dropped: unknown[] = []
    const scene = await createListenedScene({
      retention: { days: 30, count: 100 },
      onDropped: each => dropped.push(each),
    })
    await scene.order()
    scene.operator.answer = () => new Response(null, { status: 503 })
    await scene.download(scene.card)
    await scene.smdp.settled()
    scene.wait(30 * 86_400_000)
    await scene.smdp.deliverProgress()
    expect(await scene.store.listProgress()).toHaveLength(2)
    expect(dropped).toEqual([])
    scene.wait(60_000)
    await scene.smdp.deliverProgress()
    expect(await scene.store.listProgress()).toEqual([])
    // The delivery of the package is as old as its report.
    expect(dropped).toEqual([
      { kind: 'deliveries', count: 1 },
      { kind: 'reports', count: 2 },
    ])
    const { dropped: figures } = await scene.store.readFigures()
    expect(figures).toContainEqual(expect.objectContaining({ kind: 'reports', requester: 'Operator A', count: 2 }))
    expect(scene.heard).toEqual([])
  })

  it('keeps what is for an operator that this server does not know: another one of the store may', async () => {
    const scene = await createListenedScene()
    await scene.order()
    scene.operator.answer = () => new Response(null, { status: 503 })
    await scene.download(scene.card)
    await scene.smdp.settled()
    let read = 0
    const stranger = createSmdp({
      address: ADDRESS,
      credentials: [scene.pki],
      store: {
        ...scene.store,
        async listProgressOf(...args) {
          const found = await scene.store.listProgressOf(...args)
          read += found.length
          return found
        },
      },
      clock: () => START,
      random: seededRandom('stranger'),
      requesterOf: () => undefined,
    })
    await stranger.deliverProgress()
    expect(await scene.store.listProgress()).toHaveLength(2)
    // There may be a hundred thousand of them, looked at every few seconds.
    expect(read).toBe(0)
  })

  it('an operator that does not answer yet does not hold up another one', async () => {
    const heard: string[] = []
    let release: () => void = () => undefined
    const released = new Promise<void>(resolve => {
      release = resolve
    })
    const scene = await createScene({
      operatorOf: requester => ({
        url: 'https://operator.example.com',
        fetch: async () => {
          if (requester === 'Operator A') await released
          heard.push(requester)
          return new Response(null, { status: 204 })
        },
      }),
    })
    await scene.order()
    await scene.download(scene.card)
    const [waiting] = await scene.store.listProgress()
    await scene.store.addProgress({ ...waiting!, id: 'for B', requester: 'Operator B' })
    const told = scene.smdp.deliverProgress()
    await expect.poll(() => heard, { timeout: 20_000 }).toEqual(['Operator B'])
    release()
    await told
    await scene.smdp.settled()
    expect(heard).toEqual(['Operator B', 'Operator A', 'Operator A'])
    expect(await scene.store.listProgress()).toEqual([])
  })

  it('does not repeat what an operator refuses', async () => {
    const scene = await createListenedScene()
    await scene.order()
    scene.operator.answer = () => new Response(null, { status: 400 })
    await scene.download(scene.card)
    await scene.smdp.settled()
    expect(await scene.store.listProgress()).toEqual([])
  })
})
