import { describe, expect, it } from 'vitest'
import { concat, equalBytes, fromHex } from '../../../../src/asn1/bytes.ts'
import { decode } from '../../../../src/asn1/schema.ts'
import { getChildren, getElementBytes, readOnlyTlv } from '../../../../src/asn1/tlv.ts'
import { completeEid, issueEuicc, TEST_EID_PREFIX } from '../../../../src/rsp/certificates/test-pki.ts'
import { hashConfirmationCode } from '../../../../src/rsp/crypto/confirmation-code.ts'
import type { OneTimeKeyPair } from '../../../../src/rsp/crypto/key-agreement.ts'
import { BoundProfilePackage } from '../../../../src/rsp/interfaces/es8p.ts'
import { type OpenedCommand, openPackage } from '../../../../src/rsp/package/open.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { createQueuedStore } from '../requests/queued-store.ts'
import { accepted, createSmdpFixture, ICCID, MATCHING_ID, refused, START, testPki } from '../smdp-fixture.ts'
import { type AuthenticateClientOk, createCardRole } from './card-role.ts'

const profile = seededRandom('profile')(5000)
type Fixture = Awaited<ReturnType<typeof createSmdpFixture>>

/** The card's end: what is in the package, if it is for this card and session. */
const open = (fixture: Fixture, bpp: Uint8Array, transactionId: Uint8Array, pair: OneTimeKeyPair): OpenedCommand[] => {
  const opened = openPackage({
    transactionId,
    eid: fromHex(fixture.card.eid),
    euiccOneTimeKey: pair,
    smdpPublicKey: fixture.pki.dpPb.certificate.publicKey,
  })
  const commands = [...opened.feed(bpp)]
  expect(opened.complete).toBe(true)
  return commands
}
const profileIn = (commands: readonly OpenedCommand[]) =>
  concat(...commands.flatMap(command => (command.command === 'loadProfileElements' ? [command.data] : [])))
const segmentsOf = (bpp: Uint8Array) => concat(...getChildren(readOnlyTlv(bpp)).slice(1).map(getElementBytes))

const authenticated = async (settings: Parameters<typeof createSmdpFixture>[0] = {}, confirmationCode?: string) => {
  const fixture = await createSmdpFixture({ package: profile, ...settings })
  await fixture.order(confirmationCode === undefined ? {} : { confirmationCode })
  return { fixture, ok: accepted(await fixture.authenticate(fixture.card)) }
}

describe('ES9+.GetBoundProfilePackage (SGP.22 §5.6.2)', () => {
  it.each([['P-256'], ['brainpoolP256r1']] as const)(
    'binds the profile to the one-time key of the card, on %s',
    async curve => {
      const { fixture, ok } = await authenticated({ curve })
      const { pair, response } = fixture.card.prepareDownload(ok)
      const { boundProfilePackage, transactionId } = accepted(await fixture.sendPrepared(ok.transactionId, response))
      expect(transactionId).toEqual(ok.transactionId)
      const commands = open(fixture, boundProfilePackage, ok.transactionId, pair)
      expect(equalBytes(profileIn(commands), profile)).toBe(true)
      const stored = commands.find(({ command }) => command === 'storeMetadata')
      expect(stored).toMatchObject({ bytes: ok.profileMetadata.bytes })
      expect(commands.map(({ command }) => command)).toContain('replaceSessionKeys')
      expect(await fixture.store.findOrder(ICCID)).toMatchObject({ state: 'Downloaded', eid: fixture.card.eid })
    },
  )

  it('GetBoundProfilePackage uses the configured segment size', async () => {
    const { fixture, ok } = await authenticated({ segmentSize: 255 })
    const { boundProfilePackage } = accepted(await fixture.getPackage(fixture.card, ok))
    const { sequenceOf86 } = decode(BoundProfilePackage, boundProfilePackage)
    expect(sequenceOf86.length).toBeGreaterThan(20)
    for (const segment of sequenceOf86) expect(segment.length).toBeLessThanOrEqual(252)
  })

  it('gives the same package when it is asked twice in a session', async () => {
    const { fixture, ok } = await authenticated()
    const { response } = fixture.card.prepareDownload(ok)
    const first = accepted(await fixture.sendPrepared(ok.transactionId, response))
    const second = accepted(await fixture.sendPrepared(ok.transactionId, response))
    expect(equalBytes(first.boundProfilePackage, second.boundProfilePackage)).toBe(true)
    expect((await fixture.store.findOrder(ICCID))?.history.at(-1)).toMatchObject({ from: 'Released', to: 'Downloaded' })
  })

  it('offers the one-time key again on a retry, and gives the same segments for it', async () => {
    const { fixture, ok } = await authenticated()
    const { pair, response } = fixture.card.prepareDownload(ok)
    const first = accepted(await fixture.sendPrepared(ok.transactionId, response))
    const retry = accepted(await fixture.authenticate(fixture.card))
    expect(retry.smdpSigned2.value.bppEuiccOtpk).toEqual(pair.publicKey)
    const second = accepted(await fixture.getPackage(fixture.card, retry, { pair }))
    expect(equalBytes(segmentsOf(first.boundProfilePackage), segmentsOf(second.boundProfilePackage))).toBe(true)
    expect(equalBytes(profileIn(open(fixture, second.boundProfilePackage, retry.transactionId, pair)), profile)).toBe(
      true,
    )
  })

  it('A new one-time key gets a new package without data of the first one', async () => {
    const { fixture, ok } = await authenticated()
    const first = accepted(await fixture.getPackage(fixture.card, ok))
    const retry = accepted(await fixture.authenticate(fixture.card))
    const { pair, response } = fixture.card.prepareDownload(retry)
    const second = accepted(await fixture.sendPrepared(retry.transactionId, response))
    expect(equalBytes(segmentsOf(first.boundProfilePackage), segmentsOf(second.boundProfilePackage))).toBe(false)
    expect(equalBytes(profileIn(open(fixture, second.boundProfilePackage, retry.transactionId, pair)), profile)).toBe(
      true,
    )
    expect(accepted(await fixture.authenticate(fixture.card)).smdpSigned2.value.bppEuiccOtpk).toEqual(pair.publicKey)
  })

  it('One card receives the profile when several cards have the matching id', async () => {
    const { fixture, ok } = await authenticated()
    const pki = testPki('P-256')
    const eid = completeEid(`${TEST_EID_PREFIX}0000000000000000000007`)
    const euicc = issueEuicc(pki.eum, { random: seededRandom('second card'), now: START, eid })
    const other = createCardRole(pki, { euicc, seed: 'second card' })
    const otherOk = accepted(await fixture.authenticate(other))
    const answers = await Promise.all([fixture.getPackage(fixture.card, ok), fixture.getPackage(other, otherOk)])
    expect(answers.map(refused).sort()).toEqual(['8.2/3.7', 'accepted'])
    const winner = refused(answers[0]) === 'accepted' ? fixture.card : other
    const loser = winner === other ? fixture.card : other
    expect((await fixture.store.findOrder(ICCID))?.eid).toBe(winner.eid)
    expect(refused(await fixture.authenticate(loser))).toBe('8.1.1/3.8')
    expect(refused(await fixture.authenticate(winner))).toBe('accepted')
  })
})

describe('GetBoundProfilePackage refuses, and the session waits on', () => {
  const foreign = () => testPki('P-256').dpAuth
  it.each<[pair: string, what: string, change: () => Parameters<Fixture['card']['prepareDownload']>[1]]>([
    ['8.1/6.1', 'a signature by another key', () => ({ euicc: foreign() })],
    ['8.1/6.1', 'an answer to another offer', () => ({ smdpSignature2: new Uint8Array(64) })],
    ['8.10.1/3.9', 'another transaction under the signature', () => ({ transactionId: new Uint8Array(16) })],
  ])('%s: %s', async (pair, _, change) => {
    const { fixture, ok } = await authenticated()
    expect(refused(await fixture.getPackage(fixture.card, ok, change()))).toBe(pair)
    expect(await fixture.stateOf()).toBe('Released')
    expect(refused(await fixture.getPackage(fixture.card, ok))).toBe('accepted')
    expect(fixture.defects).toEqual([])
  })

  it('refuses each byte of the signed part changed', async () => {
    const { fixture, ok } = await authenticated()
    const right = fixture.card.prepareDownload(ok).response.downloadResponseOk!
    for (let at = 0; at < right.euiccSigned2.bytes.length; at++) {
      const bytes = right.euiccSigned2.bytes.slice()
      bytes[at]! ^= 0x01
      const wrong = { downloadResponseOk: { ...right, euiccSigned2: { ...right.euiccSigned2, bytes } } }
      expect(['8.1/6.1', '1.6/2.1'], `byte ${at}`).toContain(
        refused(await fixture.sendPrepared(ok.transactionId, wrong)),
      )
    }
    expect(await fixture.stateOf()).toBe('Released')
    expect(fixture.defects).toEqual([])
  })

  it('8.10.1/3.9: a session that is unknown, or did not authenticate', async () => {
    const { fixture, ok } = await authenticated()
    const { response } = fixture.card.prepareDownload(ok)
    expect(refused(await fixture.sendPrepared(new Uint8Array(16), response))).toBe('8.10.1/3.9')
    const { transactionId } = accepted(await fixture.initiate(fixture.card))
    expect(refused(await fixture.sendPrepared(transactionId, response))).toBe('8.10.1/3.9')
  })

  it('8.1/6.1: the answer of another session', async () => {
    const { fixture, ok } = await authenticated()
    const other = accepted(await fixture.authenticate(fixture.card))
    const { response } = fixture.card.prepareDownload(ok)
    expect(refused(await fixture.sendPrepared(other.transactionId, response))).toBe('8.1/6.1')
  })

  it('8.1/4.2: the card refused the offer', async () => {
    const { fixture, ok } = await authenticated()
    const downloadResponseError = { transactionId: ok.transactionId, downloadErrorCode: 'invalidSignature' as const }
    expect(refused(await fixture.sendPrepared(ok.transactionId, { downloadResponseError }))).toBe('8.1/4.2')
    expect(await fixture.stateOf()).toBe('Released')
  })
})

describe('GetBoundProfilePackage refuses, and the session is over', () => {
  it.each([
    ['no point', concat(Uint8Array.of(4), new Uint8Array(64).fill(7))],
    ['nothing', new Uint8Array(0)],
  ])('8.1/6.1: a one-time key that is %s', async (_, euiccOtpk) => {
    const { fixture, ok } = await authenticated()
    expect(refused(await fixture.getPackage(fixture.card, ok, { euiccOtpk }))).toBe('8.1/6.1')
    expect(refused(await fixture.getPackage(fixture.card, ok))).toBe('8.10.1/3.9')
    expect(await fixture.stateOf()).toBe('Released')
    expect(fixture.defects).toEqual([])
  })

  it.each([[false], [true]])(
    '8.2/3.7: An order that was canceled in the meantime, and placed again: %s',
    async anew => {
      const { fixture, ok } = await authenticated()
      accepted(await fixture.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: 'Available' }))
      if (anew) await fixture.order({ matchingId: 'ANOTHER' })
      expect(refused(await fixture.getPackage(fixture.card, ok))).toBe('8.2/3.7')
      expect(await fixture.stateOf()).toBe(anew ? 'Released' : 'Available')
    },
  )

  it('8.8.5/4.10: an order that expired meanwhile', async () => {
    const { fixture, ok } = await authenticated()
    const order = (await fixture.store.findOrder(ICCID))!
    await fixture.store.saveOrder({ ...order, expiresAt: START })
    expect(refused(await fixture.getPackage(fixture.card, ok))).toBe('8.8.5/4.10')
  })
})

describe('the confirmation code (SGP.22 §3.1.3)', () => {
  const hashed = (code: string, { transactionId }: { transactionId: Uint8Array }) => ({
    hashCc: hashConfirmationCode(code, transactionId),
  })

  it('opens the order', async () => {
    const { fixture, ok } = await authenticated({}, '1234')
    expect(refused(await fixture.getPackage(fixture.card, ok, hashed('1234', ok)))).toBe('accepted')
  })

  it('8.2.7/2.2: is missing, which counts as no attempt', async () => {
    const { fixture, ok } = await authenticated({}, '1234')
    expect(refused(await fixture.getPackage(fixture.card, ok))).toBe('8.2.7/2.2')
    expect((await fixture.store.findOrder(ICCID))?.confirmationFailures).toBe(0)
  })

  it('8.2.7/3.8: is wrong; the right one may follow in another session', async () => {
    const { fixture, ok } = await authenticated({}, '1234')
    expect(refused(await fixture.getPackage(fixture.card, ok, hashed('1235', ok)))).toBe('8.2.7/3.8')
    const retry = accepted(await fixture.authenticate(fixture.card))
    expect(refused(await fixture.getPackage(fixture.card, retry, hashed('1234', retry)))).toBe('accepted')
  })

  it.each([
    ['8.2.7/3.8', 'is wrong', (ok: { transactionId: Uint8Array }) => hashed('1235', ok)],
    ['8.2.7/2.2', 'is missing', () => ({})],
  ])('%s: %s; the right one may follow in the same session', async (pair, _, wrong) => {
    const { fixture, ok } = await authenticated({}, '1234')
    expect(refused(await fixture.getPackage(fixture.card, ok, wrong(ok)))).toBe(pair)
    expect(refused(await fixture.getPackage(fixture.card, ok, hashed('1234', ok)))).toBe('accepted')
    expect(await fixture.stateOf()).toBe('Downloaded')
    expect(await fixture.store.findOrder(ICCID)).toMatchObject({ downloadAttempts: 1 })
  })

  it('8.2.7/3.8: the same call once more, its answer lost, counts as no other attempt', async () => {
    const { fixture, ok } = await authenticated({}, '1234')
    for (const code of ['1235', '1235', '1236'])
      expect(refused(await fixture.getPackage(fixture.card, ok, hashed(code, ok)))).toBe('8.2.7/3.8')
    expect((await fixture.store.findOrder(ICCID))?.confirmationFailures).toBe(2)
  })

  it('8.2.7/6.4: is wrong for the last time in one session, which is over then', async () => {
    const { fixture, ok } = await authenticated({ confirmationCodeAttempts: 3 }, '1234')
    const pairs = []
    for (const code of ['0000', '0001', '0002', '1234'])
      pairs.push(refused(await fixture.getPackage(fixture.card, ok, hashed(code, ok))))
    expect(pairs).toEqual(['8.2.7/3.8', '8.2.7/3.8', '8.2.7/6.4', '8.10.1/3.9'])
    expect(await fixture.stateOf()).toBe('Error')
  })

  it('8.2.7/3.8: is wrong; a CancelSession for it, as LPAs send it, ends the session and does not cost the order', async () => {
    const { fixture, ok } = await authenticated({}, '1234')
    await fixture.getPackage(fixture.card, ok, hashed('1235', ok))
    const cancelled = fixture.card.cancelSession(ok.transactionId, 'endUserRejection')
    expect(refused(await fixture.cancel(ok.transactionId, cancelled))).toBe('accepted')
    expect(await fixture.stateOf()).toBe('Released')
    expect(refused(await fixture.getPackage(fixture.card, ok, hashed('1234', ok)))).toBe('8.10.1/3.9')
  })

  it('8.2.7/3.8: is of another session', async () => {
    const { fixture, ok } = await authenticated({}, '1234')
    const other = accepted(await fixture.authenticate(fixture.card))
    expect(refused(await fixture.getPackage(fixture.card, ok, hashed('1234', other)))).toBe('8.2.7/3.8')
  })

  it('8.2.7/6.4: is wrong for the last time, over all sessions; the order is in error', async () => {
    const { fixture } = await authenticated({ confirmationCodeAttempts: 3 }, '1234')
    const pairs = []
    for (let i = 0; i < 3; i++) {
      const ok = accepted(await fixture.authenticate(fixture.card))
      pairs.push(refused(await fixture.getPackage(fixture.card, ok, hashed('0000', ok))))
    }
    expect(pairs).toEqual(['8.2.7/3.8', '8.2.7/3.8', '8.2.7/6.4'])
    expect(await fixture.stateOf()).toBe('Error')
    expect(refused(await fixture.authenticate(fixture.card, { matchingId: MATCHING_ID }))).toBe('8.2.6/3.8')
  })

  it.each(['one session', 'a session each'])('is not found by many guesses made at once, in %s', async how => {
    const { store, holdOrders } = createQueuedStore()
    const { fixture, ok } = await authenticated({ store, confirmationCodeAttempts: 3 }, '1234')
    const wrong: Parameters<typeof guess>[] = []
    const guess = (code: string, ok: AuthenticateClientOk) => fixture.getPackage(fixture.card, ok, hashed(code, ok))
    for (let i = 0; i < 12; i++)
      wrong.push([
        `${i}`.padStart(4, '0'),
        how === 'one session' ? ok : accepted(await fixture.authenticate(fixture.card)),
      ])
    const held = holdOrders()
    const answers = wrong.map(each => guess(...each))
    await held.are(wrong.length)
    answers.push(guess('1234', ok))
    await held.are(answers.length)
    held.go()
    expect((await Promise.all(answers)).map(refused)).not.toContain('accepted')
    expect(await store.findOrder(ICCID)).toMatchObject({ state: 'Error', confirmationFailures: 3 })
    expect(fixture.defects).toEqual([])
  })

  it('8.2.7/3.8: was wrong, and then right: what the end user rejects from then on is rejected', async () => {
    const { fixture, ok } = await authenticated({}, '1234')
    await fixture.getPackage(fixture.card, ok, hashed('1235', ok))
    expect(refused(await fixture.getPackage(fixture.card, ok, hashed('1234', ok)))).toBe('accepted')
    const cancelled = fixture.card.cancelSession(ok.transactionId, 'loadBppExecutionError')
    expect(refused(await fixture.cancel(ok.transactionId, cancelled))).toBe('accepted')
    expect(await fixture.stateOf()).toBe('Error')
  })

  it('is passed over where the order has none', async () => {
    const { fixture, ok } = await authenticated()
    expect(refused(await fixture.getPackage(fixture.card, ok, hashed('1234', ok)))).toBe('accepted')
  })
})
