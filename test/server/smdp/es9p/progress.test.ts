import { describe, expect, it } from 'vitest'
import { FetchError } from '../../../../src/rsp/fetch.ts'
import { ES2p } from '../../../../src/rsp/interfaces/es2p.ts'
import { createSmdp } from '../../../../src/server/smdp/smdp.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { ADDRESS, accepted, createSmdpFixture, ICCID, MATCHING_ID, START } from '../smdp-fixture.ts'

type Heard = ReturnType<typeof ES2p.HandleDownloadProgressInfo.request.fromJson>

/** A server with an operator that listens, as long as it is well. */
const createListeningFixture = async (settings: Parameters<typeof createSmdpFixture>[0] = {}) => {
  const heard: Heard[] = []
  const operator = { answer: () => new Response(null, { status: 204 }) }
  const fixture = await createSmdpFixture({
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
  return { ...fixture, heard, operator }
}
const brief = (heard: readonly Heard[]) =>
  heard.map(({ notificationPointId, notificationPointStatus: { status, statusCodeData } }) =>
    [notificationPointId, status, statusCodeData && `${statusCodeData.subjectCode}/${statusCodeData.reasonCode}`]
      .join(' ')
      .trim(),
  )

describe('ES2+.HandleDownloadProgressInfo (SGP.22 §5.3.5)', () => {
  it('The operator of the order receives the download progress', async () => {
    const fixture = await createListeningFixture()
    await fixture.order()
    const { ok } = await fixture.download(fixture.card)
    const result = fixture.card.installationResult(ok.transactionId, ICCID)
    await fixture.notify(result)
    await fixture.notify(result)
    await fixture.smdp.settled()
    expect(brief(fixture.heard)).toEqual(['1 Executed-Success', '3 Executed-Success', '4 Executed-Success'])
    expect(fixture.heard[2]).toMatchObject({
      iccid: `${ICCID}F`,
      eid: fixture.card.eid,
      profileType: 'Plan S',
      timestamp: '2026-11-01T12:00:00Z',
    })
    expect(fixture.heard[2]?.resultData).toBe(
      Buffer.from(result.profileInstallationResult!.profileInstallationResultData.bytes).toString('base64'),
    )
  })

  it('The operator receives the cause of a failure', async () => {
    const fixture = await createListeningFixture({ confirmationCodeAttempts: 1 })
    await fixture.order({ confirmationCode: '1234' })
    await fixture.authenticate(fixture.card, {
      matchingId: MATCHING_ID,
      info2: { extCardResource: Uint8Array.of(0x82, 1, 9) },
    })
    const ok = accepted(await fixture.authenticate(fixture.card))
    await fixture.getPackage(fixture.card, ok, { hashCc: new Uint8Array(32) })
    await fixture.smdp.settled()
    expect(brief(fixture.heard)).toEqual(['1 Failed 8.1/4.8', '1 Executed-Success', '2 Failed 8.2.7/6.4'])
  })

  it('The operator is notified of a rejection by the end user and of a failed installation', async () => {
    const fixture = await createListeningFixture()
    await fixture.order()
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    await fixture.cancel(transactionId, fixture.card.cancelSession(transactionId, 'endUserRejection'))
    accepted(await fixture.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: 'Available' }))
    await fixture.order()
    const { ok } = await fixture.download(fixture.card)
    await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID, 'scp03tSecurityError'))
    await fixture.smdp.settled()
    expect(brief(fixture.heard).filter(line => line.includes('Failed'))).toEqual([
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
  ])('The server stores reports in order for an operator that %s, and delays no download', async (_, answer) => {
    const fixture = await createListeningFixture()
    await fixture.order()
    fixture.operator.answer = answer
    await fixture.download(fixture.card)
    await fixture.smdp.settled()
    expect(fixture.heard).toEqual([])
    fixture.operator.answer = () => new Response(null, { status: 204 })
    await fixture.smdp.deliverProgress()
    expect(brief(fixture.heard)).toEqual(['1 Executed-Success', '3 Executed-Success'])
    expect(await fixture.store.listProgress()).toEqual([])
    expect(fixture.defects).toEqual([])
  })

  it('The server deletes reports after the retention time and logs the deletion', async () => {
    const dropped: unknown[] = []
    const fixture = await createListeningFixture({
      retention: { days: 30, count: 100 },
      onDropped: each => dropped.push(each),
    })
    await fixture.order()
    fixture.operator.answer = () => new Response(null, { status: 503 })
    await fixture.download(fixture.card)
    await fixture.smdp.settled()
    fixture.wait(30 * 86_400_000)
    await fixture.smdp.deliverProgress()
    expect(await fixture.store.listProgress()).toHaveLength(2)
    expect(dropped).toEqual([])
    fixture.wait(60_000)
    await fixture.smdp.deliverProgress()
    expect(await fixture.store.listProgress()).toEqual([])
    // The delivery of the package is as old as its report.
    expect(dropped).toEqual([
      { kind: 'deliveries', count: 1 },
      { kind: 'reports', count: 2 },
    ])
    const { dropped: figures } = await fixture.store.readFigures()
    expect(figures).toContainEqual(expect.objectContaining({ kind: 'reports', requester: 'Operator A', count: 2 }))
    expect(fixture.heard).toEqual([])
  })

  it('keeps what is for an operator that this server does not know: another one of the store may', async () => {
    const fixture = await createListeningFixture()
    await fixture.order()
    fixture.operator.answer = () => new Response(null, { status: 503 })
    await fixture.download(fixture.card)
    await fixture.smdp.settled()
    let read = 0
    const stranger = createSmdp({
      address: ADDRESS,
      credentials: [fixture.pki],
      store: {
        ...fixture.store,
        async listProgressOf(...args) {
          const found = await fixture.store.listProgressOf(...args)
          read += found.length
          return found
        },
      },
      clock: () => START,
      random: seededRandom('stranger'),
      requesterOf: () => undefined,
    })
    await stranger.deliverProgress()
    expect(await fixture.store.listProgress()).toHaveLength(2)
    // There may be a hundred thousand of them, looked at every few seconds.
    expect(read).toBe(0)
  })

  it('an operator that does not answer yet does not hold up another one', async () => {
    const heard: string[] = []
    let release: () => void = () => undefined
    const released = new Promise<void>(resolve => {
      release = resolve
    })
    const fixture = await createSmdpFixture({
      operatorOf: requester => ({
        url: 'https://operator.example.com',
        fetch: async () => {
          if (requester === 'Operator A') await released
          heard.push(requester)
          return new Response(null, { status: 204 })
        },
      }),
    })
    await fixture.order()
    await fixture.download(fixture.card)
    const [waiting] = await fixture.store.listProgress()
    await fixture.store.addProgress({ ...waiting!, id: 'for B', requester: 'Operator B' })
    const told = fixture.smdp.deliverProgress()
    await expect.poll(() => heard, { timeout: 20_000 }).toEqual(['Operator B'])
    release()
    await told
    await fixture.smdp.settled()
    expect(heard).toEqual(['Operator B', 'Operator A', 'Operator A'])
    expect(await fixture.store.listProgress()).toEqual([])
  })

  it('does not repeat what an operator refuses', async () => {
    const fixture = await createListeningFixture()
    await fixture.order()
    fixture.operator.answer = () => new Response(null, { status: 400 })
    await fixture.download(fixture.card)
    await fixture.smdp.settled()
    expect(await fixture.store.listProgress()).toEqual([])
  })
})
