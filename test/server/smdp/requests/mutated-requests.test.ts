import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keep } from '../../../../src/asn1/schema.ts'
import {
  AuthenticateServerResponse,
  CancelSessionResponse,
  PrepareDownloadResponse,
} from '../../../../src/rsp/authentication.ts'
import { EUICCInfo1 } from '../../../../src/rsp/euicc-info.ts'
import { ES9p } from '../../../../src/rsp/interfaces/es9p.ts'
import { PendingNotification } from '../../../../src/rsp/notification.ts'
import { ADDRESS, accepted, createSmdpFixture, ICCID, MATCHING_ID, post } from '../smdp-fixture.ts'

const RUNS = 400

/** One edit of a byte string; `at` and `value` are reduced to what fits. */
const edit = fc.record({
  kind: fc.constantFrom('change', 'insert', 'remove', 'cut', 'repeat'),
  at: fc.nat(),
  value: fc.integer({ min: 1, max: 255 }),
})
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

const applyEdit = (bytes: Buffer, { kind, at, value }: Edit): Buffer => {
  const index = at % (bytes.length + (kind === 'insert' ? 1 : 0))
  const [head, tail] = [bytes.subarray(0, index), bytes.subarray(index)]
  if (kind === 'insert') return Buffer.concat([head, Buffer.of(value), tail])
  if (kind === 'remove') return Buffer.concat([head, tail.subarray(1)])
  if (kind === 'cut') return head
  if (kind === 'repeat') return Buffer.concat([head, tail, tail])
  return Buffer.concat([head, Buffer.of(tail[0]! ^ value), tail.subarray(1)])
}

/** Sends the message with the bytes of one member edited, and gives what came of it. */
const sendEdited = async (
  fixture: Awaited<ReturnType<typeof createSmdpFixture>>,
  path: string,
  message: Record<string, unknown>,
  member: string,
  edits: readonly Edit[],
): Promise<string> => {
  const encoding = member === 'transactionId' ? 'hex' : member === 'smdpAddress' ? 'utf8' : 'base64'
  let bytes: Buffer = Buffer.from(message[member] as string, encoding)
  for (const change of edits) if (bytes.length > 0) bytes = applyEdit(bytes, change)
  const response = await fixture.smdp.es9p(
    post(path, JSON.stringify({ ...message, [member]: bytes.toString(encoding) })),
  )
  if (response.status === 204) return 'passed over'
  expect([200, 400]).toContain(response.status)
  const json = (await response.json()) as { header: { functionExecutionStatus: { status: string } } }
  return json.header.functionExecutionStatus.status
}

const edits = fc.array(edit, { minLength: 1, maxLength: 4 })
const check = (run: (changes: readonly Edit[]) => Promise<void>) =>
  fc.assert(fc.asyncProperty(edits, run), { numRuns: RUNS, seed: 2 })

describe('a request with bytes changed, put in, taken out or cut off', () => {
  it('InitiateAuthentication: opens a session or refuses', async () => {
    const fixture = await createSmdpFixture()
    const message = ES9p.InitiateAuthentication.request.toJson({
      euiccChallenge: fixture.card.challenge,
      euiccInfo1: keep(EUICCInfo1, fixture.card.info1),
      smdpAddress: ADDRESS,
    })
    for (const member of ['euiccInfo1', 'euiccChallenge', 'smdpAddress'])
      await check(async changes => {
        await sendEdited(fixture, ES9p.InitiateAuthentication.path, message, member, changes)
      })
    expect(fixture.defects).toEqual([])
  })

  it.each(['authenticateServerResponse', 'transactionId'])(
    'AuthenticateClient: %s, the order is not touched',
    async member => {
      const fixture = await createSmdpFixture()
      await fixture.order()
      const initiated = accepted(await fixture.initiate(fixture.card))
      const response = fixture.card.authenticateServer(initiated, { matchingId: MATCHING_ID })
      const message = ES9p.AuthenticateClient.request.toJson({
        transactionId: initiated.transactionId,
        authenticateServerResponse: keep(AuthenticateServerResponse, response),
      })
      await check(async changes => {
        expect(await sendEdited(fixture, ES9p.AuthenticateClient.path, message, member, changes)).toBe('Failed')
      })
      expect(await fixture.stateOf()).toBe('Released')
      expect(fixture.defects).toEqual([])
    },
  )

  it('GetBoundProfilePackage: the order is not touched', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const ok = accepted(await fixture.authenticate(fixture.card))
    const message = ES9p.GetBoundProfilePackage.request.toJson({
      transactionId: ok.transactionId,
      prepareDownloadResponse: keep(PrepareDownloadResponse, fixture.card.prepareDownload(ok).response),
    })
    const { path } = ES9p.GetBoundProfilePackage
    await check(async changes => {
      expect(await sendEdited(fixture, path, message, 'prepareDownloadResponse', changes)).toBe('Failed')
    })
    expect(await fixture.stateOf()).toBe('Released')
    expect(fixture.defects).toEqual([])
  })

  it('CancelSession: the order is not touched', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    const message = ES9p.CancelSession.request.toJson({
      transactionId,
      cancelSessionResponse: keep(CancelSessionResponse, fixture.card.cancelSession(transactionId, 'endUserRejection')),
    })
    const { path } = ES9p.CancelSession
    await check(async changes => {
      expect(await sendEdited(fixture, path, message, 'cancelSessionResponse', changes)).toBe('Failed')
    })
    expect(await fixture.stateOf()).toBe('Released')
    expect(fixture.defects).toEqual([])
  })

  it('HandleNotification: nothing is installed', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const { ok } = await fixture.download(fixture.card)
    const results = [
      fixture.card.installationResult(ok.transactionId, ICCID, 'scp03tSecurityError'),
      fixture.card.otherNotification('notificationEnable', ICCID),
    ]
    for (const result of results) {
      const message = ES9p.HandleNotification.request.toJson({ pendingNotification: keep(PendingNotification, result) })
      await check(async changes => {
        await sendEdited(fixture, ES9p.HandleNotification.path, message, 'pendingNotification', changes)
        expect(await fixture.stateOf()).not.toBe('Installed')
      })
    }
    expect(fixture.defects).toEqual([])
  })
})
