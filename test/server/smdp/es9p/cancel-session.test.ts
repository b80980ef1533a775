import { describe, expect, it } from 'vitest'
import { toHex } from '../../../../src/asn1/bytes.ts'
import { accepted, createSmdpFixture, ICCID, refused, testPki } from '../smdp-fixture.ts'

type Reason = Parameters<Awaited<ReturnType<typeof createSmdpFixture>>['card']['cancelSession']>[1]
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
    const fixture = await createSmdpFixture()
    await fixture.order()
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    const answer = await fixture.cancel(transactionId, fixture.card.cancelSession(transactionId, reason))
    expect(accepted(answer)).toEqual({})
    expect(await fixture.stateOf()).toBe(keeps ? 'Released' : 'Error')
    expect(await fixture.store.findSession(toHex(transactionId).toUpperCase())).toBeUndefined()
    expect(refused(await fixture.authenticate(fixture.card))).toBe(keeps ? 'accepted' : '8.2.6/3.8')
  })

  it.each(fates)('%s after the download: the order is kept: %s', async (reason, keeps) => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const { ok } = await fixture.download(fixture.card)
    accepted(await fixture.cancel(ok.transactionId, fixture.card.cancelSession(ok.transactionId, reason)))
    expect(await fixture.stateOf()).toBe(keeps ? 'Downloaded' : 'Error')
    expect((await fixture.store.findOrder(ICCID))?.history.at(-1)?.cause).toBe(
      keeps ? 'GetBoundProfilePackage' : `CancelSession: ${reason}`,
    )
    expect(await fixture.store.findBoundCopy(ICCID)).toEqual(keeps ? expect.anything() : undefined)
  })

  it('CancelSession does not change an order that was placed again in the meantime', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    accepted(await fixture.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: 'Available' }))
    await fixture.order({ matchingId: 'ANOTHER' })
    accepted(await fixture.cancel(transactionId, fixture.card.cancelSession(transactionId, 'endUserRejection')))
    expect(await fixture.stateOf()).toBe('Released')
  })

  it.each<[string, string, Parameters<Awaited<ReturnType<typeof createSmdpFixture>>['card']['cancelSession']>[2]]>([
    ['8.1/6.1', 'a signature by another key', { euicc: testPki('P-256').dpAuth }],
    ['8.8/3.10', 'the OID of another server', { smdpOid: '2.999.11' }],
    ['8.10.1/3.9', 'another transaction under the signature', { signedTransactionId: new Uint8Array(16) }],
  ])('%s: %s; the session waits on', async (pair, _, change) => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    const wrong = fixture.card.cancelSession(transactionId, 'endUserRejection', change)
    expect(refused(await fixture.cancel(transactionId, wrong))).toBe(pair)
    expect(await fixture.stateOf()).toBe('Released')
    const right = fixture.card.cancelSession(transactionId, 'postponed')
    expect(refused(await fixture.cancel(transactionId, right))).toBe('accepted')
  })

  it('refuses each byte of the signed part changed', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    const right = fixture.card.cancelSession(transactionId, 'endUserRejection').cancelSessionResponseOk!
    for (let at = 0; at < right.euiccCancelSessionSigned.bytes.length; at++) {
      const bytes = right.euiccCancelSessionSigned.bytes.slice()
      bytes[at]! ^= 0x01
      const euiccCancelSessionSigned = { ...right.euiccCancelSessionSigned, bytes }
      const answer = await fixture.cancel(transactionId, {
        cancelSessionResponseOk: { ...right, euiccCancelSessionSigned },
      })
      expect(['8.1/6.1', '1.6/2.1'], `byte ${at}`).toContain(refused(answer))
    }
    expect(await fixture.stateOf()).toBe('Released')
    expect(fixture.defects).toEqual([])
  })

  it('8.1/4.2: the card could not cancel', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    expect(refused(await fixture.cancel(transactionId, { cancelSessionResponseError: 'invalidTransactionId' }))).toBe(
      '8.1/4.2',
    )
  })

  it('8.10.1/3.9: a session that is unknown, not authenticated, or over', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const cancel = (transactionId: Uint8Array) =>
      fixture.cancel(transactionId, fixture.card.cancelSession(transactionId, 'timeout'))
    expect(refused(await cancel(new Uint8Array(16)))).toBe('8.10.1/3.9')
    expect(refused(await cancel(accepted(await fixture.initiate(fixture.card)).transactionId))).toBe('8.10.1/3.9')
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    expect(refused(await cancel(transactionId))).toBe('accepted')
    expect(refused(await cancel(transactionId))).toBe('8.10.1/3.9')
  })
})
