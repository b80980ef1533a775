import { describe, expect, it } from 'vitest'
import { toHex } from '../../../../src/asn1/bytes.ts'
import { accepted, createScene, ICCID, refused, testPki } from '../smdp-fixture.ts'

type Reason = Parameters<Awaited<ReturnType<typeof createScene>>['card']['cancelSession']>[1]
const fates: [reason: Reason, keepsOrder: boolean][] = [
  ['endUserRejection', false],
  ['postponed', true],
  ['timeout', true],
  ['pprNotAllowed', false],
  ['metadataMismatch', false],
  ['loadBppExecutionError', false],
  ['undefinedReason', false],
  [99, false],
]

describe('ES9+.CancelSession (SGP.22 §5.6.5)', () => {
  it.each(fates)('%s before the download: the order is kept: %s', async (reason, keeps) => {
    const scene = await createScene()
    await scene.order()
    const { transactionId } = accepted(await scene.authenticate(scene.card))
    const answer = await scene.cancel(transactionId, scene.card.cancelSession(transactionId, reason))
    expect(accepted(answer)).toEqual({})
    expect(await scene.stateOf()).toBe(keeps ? 'Released' : 'Error')
    expect(await scene.store.findSession(toHex(transactionId).toUpperCase())).toBeUndefined()
    expect(refused(await scene.authenticate(scene.card))).toBe(keeps ? 'accepted' : '8.2.6/3.8')
  })

  it.each(fates)('%s after the download: the order is kept: %s', async (reason, keeps) => {
    const scene = await createScene()
    await scene.order()
    const { ok } = await scene.download(scene.card)
    accepted(await scene.cancel(ok.transactionId, scene.card.cancelSession(ok.transactionId, reason)))
    expect(await scene.stateOf()).toBe(keeps ? 'Downloaded' : 'Error')
    expect((await scene.store.findOrder(ICCID))?.history.at(-1)?.cause).toBe(
      keeps ? 'GetBoundProfilePackage' : `CancelSession: ${reason}`,
    )
    expect(await scene.store.findBoundCopy(ICCID)).toEqual(keeps ? expect.anything() : undefined)
  })

  it('leaves an order alone that was given anew meanwhile', async () => {
    const scene = await createScene()
    await scene.order()
    const { transactionId } = accepted(await scene.authenticate(scene.card))
    accepted(await scene.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: 'Available' }))
    await scene.order({ matchingId: 'ANOTHER' })
    accepted(await scene.cancel(transactionId, scene.card.cancelSession(transactionId, 'endUserRejection')))
    expect(await scene.stateOf()).toBe('Released')
  })

  it.each<[string, string, Parameters<Awaited<ReturnType<typeof createScene>>['card']['cancelSession']>[2]]>([
    ['8.1/6.1', 'a signature by another key', { euicc: testPki('P-256').dpAuth }],
    ['8.8/3.10', 'the OID of another server', { smdpOid: '2.999.11' }],
    ['8.10.1/3.9', 'another transaction under the signature', { signedTransactionId: new Uint8Array(16) }],
  ])('%s: %s; the session waits on', async (pair, _, change) => {
    const scene = await createScene()
    await scene.order()
    const { transactionId } = accepted(await scene.authenticate(scene.card))
    const wrong = scene.card.cancelSession(transactionId, 'endUserRejection', change)
    expect(refused(await scene.cancel(transactionId, wrong))).toBe(pair)
    expect(await scene.stateOf()).toBe('Released')
    const right = scene.card.cancelSession(transactionId, 'postponed')
    expect(refused(await scene.cancel(transactionId, right))).toBe('accepted')
  })

  it('refuses each byte of the signed part changed', async () => {
    const scene = await createScene()
    await scene.order()
    const { transactionId } = accepted(await scene.authenticate(scene.card))
    const right = scene.card.cancelSession(transactionId, 'endUserRejection').cancelSessionResponseOk!
    for (let at = 0; at < right.euiccCancelSessionSigned.bytes.length; at++) {
      const bytes = right.euiccCancelSessionSigned.bytes.slice()
      bytes[at]! ^= 0x01
      const euiccCancelSessionSigned = { ...right.euiccCancelSessionSigned, bytes }
      const answer = await scene.cancel(transactionId, {
        cancelSessionResponseOk: { ...right, euiccCancelSessionSigned },
      })
      expect(['8.1/6.1', '1.6/2.1'], `byte ${at}`).toContain(refused(answer))
    }
    expect(await scene.stateOf()).toBe('Released')
    expect(scene.defects).toEqual([])
  })

  it('8.1/4.2: the card could not cancel', async () => {
    const scene = await createScene()
    await scene.order()
    const { transactionId } = accepted(await scene.authenticate(scene.card))
    expect(refused(await scene.cancel(transactionId, { cancelSessionResponseError: 'invalidTransactionId' }))).toBe(
      '8.1/4.2',
    )
  })

  it('8.10.1/3.9: a session that is unknown, not authenticated, or over', async () => {
    const scene = await createScene()
    await scene.order()
    const cancel = (transactionId: Uint8Array) =>
      scene.cancel(transactionId, scene.card.cancelSession(transactionId, 'timeout'))
    expect(refused(await cancel(new Uint8Array(16)))).toBe('8.10.1/3.9')
    expect(refused(await cancel(accepted(await scene.initiate(scene.card)).transactionId))).toBe('8.10.1/3.9')
    const { transactionId } = accepted(await scene.authenticate(scene.card))
    expect(refused(await cancel(transactionId))).toBe('accepted')
    expect(refused(await cancel(transactionId))).toBe('8.10.1/3.9')
  })
})
