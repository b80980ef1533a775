import { expect } from 'vitest'
import { concat, equalBytes, fromHex } from '../../../src/asn1/bytes.ts'
import { decode } from '../../../src/asn1/schema.ts'
import { getChildren, getElementBytes, readOnlyTlv } from '../../../src/asn1/tlv.ts'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import type { OneTimeKeyPair } from '../../../src/rsp/crypto/key-agreement.ts'
import { BoundProfilePackage } from '../../../src/rsp/interfaces/es8p.ts'
import { openPackage } from '../../../src/rsp/package/open.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import type { AuthenticateClientOk } from '../../server/smdp/es9p/card-role.ts'
import { accepted, ICCID, MATCHING_ID, refused, START, testPki } from '../../server/smdp/smdp-fixture.ts'
import { type Conformance, type Procedure, type Procedures, procedures } from '../conformance.ts'
import { CODE, cardOf, change, hashed, type Ordered, orderBy } from './orders.ts'

const profile = seededRandom('profile')(5000)
/** With names of full length and the largest icon, a StoreMetadataRequest has more than one segment. */
const longMetadata = {
  serviceProviderName: 'S'.repeat(32),
  profileName: 'P'.repeat(64),
  icon: { type: 'png' as const, bytes: seededRandom('icon')(1024) },
}

interface How {
  readonly keys?: 'session-keys' | 'profile-keys'
  readonly code?: boolean
  readonly twoSegments?: boolean
  readonly curve?: CurveName
}
const SESSION: How = { keys: 'session-keys' }
const OWN_KEYS: How = { keys: 'profile-keys' }
const CODED = { code: true } as const

const ordered = async (at: Conformance, { keys = 'profile-keys', code, twoSegments, curve = 'P-256' }: How = {}) => {
  const made = await orderBy(at, 'activation code', {
    package: profile,
    profileProtection: keys,
    curve,
    ...(code && { confirmationCode: CODE }),
  })
  if (twoSegments) await change(made.fixture, { metadata: longMetadata })
  return made
}

/** The package as the card takes it: everything in it is verified and decrypted, and is what was ordered. */
const expectProfile = (
  { fixture, card }: Ordered,
  ok: AuthenticateClientOk,
  pair: OneTimeKeyPair,
  bpp: Uint8Array,
  { keys, twoSegments }: How,
): void => {
  const opened = openPackage({
    transactionId: ok.transactionId,
    eid: fromHex(card.eid),
    euiccOneTimeKey: pair,
    smdpPublicKey: fixture.pki.dpPb.certificate.publicKey,
  })
  const commands = [...opened.feed(bpp)]
  expect(opened.complete).toBe(true)
  const loaded = commands.flatMap(command => (command.command === 'loadProfileElements' ? [command.data] : []))
  expect(equalBytes(concat(...loaded), profile)).toBe(true)
  expect(commands.find(({ command }) => command === 'storeMetadata')).toMatchObject({
    bytes: ok.profileMetadata.bytes,
  })
  expect(commands.some(({ command }) => command === 'replaceSessionKeys')).toBe(keys === 'profile-keys')
  expect(decode(BoundProfilePackage, bpp).sequenceOf88).toHaveLength(twoSegments ? 2 : 1)
}

const take = async (made: Ordered, how: How, pair?: OneTimeKeyPair) => {
  const { fixture, card } = made
  const ok = accepted(await made.authenticate())
  const prepared = card.prepareDownload(ok, { ...(how.code && hashed(CODE, ok)), ...(pair && { pair }) })
  const { boundProfilePackage } = accepted(await fixture.sendPrepared(ok.transactionId, prepared.response))
  expectProfile(made, ok, prepared.pair, boundProfilePackage, how)
  return { ok, pair: prepared.pair, boundProfilePackage }
}

const binds =
  (how: How): Procedure =>
  async at => {
    const made = await ordered(at, how)
    await take(made, how)
    expect(await made.fixture.store.findOrder(ICCID)).toMatchObject({ state: 'Downloaded', eid: made.card.eid })
  }

/** All but the secure channel's request, which names the session. */
const segmentsOf = (bpp: Uint8Array) => concat(...getChildren(readOnlyTlv(bpp)).slice(1).map(getElementBytes))

const rebinds =
  (how: How, key: 'same' | 'another'): Procedure =>
  async at => {
    const made = await ordered(at, how)
    const first = await take(made, how)
    const second = await take(made, how, key === 'same' ? first.pair : undefined)
    const { bppEuiccOtpk } = second.ok.smdpSigned2.value
    expect(bppEuiccOtpk).toEqual(first.pair.publicKey)
    const areSame = equalBytes(segmentsOf(first.boundProfilePackage), segmentsOf(second.boundProfilePackage))
    expect(areSame).toBe(key === 'same')
  }

/** After a first try that ended before anything was bound. */
const bindsLater =
  (how: How): Procedure =>
  async at => {
    const made = await ordered(at, how)
    const { transactionId } = accepted(await made.authenticate())
    accepted(await made.fixture.cancel(transactionId, made.card.cancelSession(transactionId, 'postponed')))
    const { ok } = await take(made, how)
    expect(ok.smdpSigned2.value.bppEuiccOtpk).toBeUndefined()
  }

const refuses =
  (
    make: (ok: AuthenticateClientOk) => Parameters<Ordered['card']['prepareDownload']>[1],
    { code = false, state = 'Released', transactionId = undefined as Uint8Array | undefined } = {},
  ): Procedure =>
  async at => {
    const { fixture, card, authenticate } = await ordered(at, { code })
    const ok = accepted(await authenticate())
    const { response } = card.prepareDownload(ok, make(ok))
    at.refuses(await fixture.sendPrepared(transactionId ?? ok.transactionId, response))
    expect(await fixture.stateOf()).toBe(state)
    expect(fixture.defects).toEqual([])
  }
const unknown = new Uint8Array(16).fill(9)

export const GET_BOUND_PROFILE_PACKAGE: Procedures = {
  ...procedures('TC_SM-DP+_ES9+.GetBoundProfilePackageNIST', {
    '#01': binds(SESSION),
    '#02': binds({ ...SESSION, ...CODED }),
    '#03': binds(OWN_KEYS),
    '#04': binds({ ...OWN_KEYS, ...CODED }),
    '#05': binds({ ...SESSION, twoSegments: true }),
    '#06': binds({ ...OWN_KEYS, twoSegments: true }),
  }),
  ...procedures('TC_SM-DP+_ES9+.GetBoundProfilePackageBRP', { '#01': binds({ ...SESSION, curve: 'brainpoolP256r1' }) }),
  ...procedures('TC_SM-DP+_ES9+.GetBoundProfilePackage_RetryCases_ReuseOTPK_NIST', {
    '#01': rebinds(SESSION, 'same'),
    '#02': rebinds({ ...SESSION, ...CODED }, 'same'),
    '#03': rebinds(OWN_KEYS, 'same'),
    '#04': rebinds({ ...OWN_KEYS, ...CODED }, 'same'),
    '#05': rebinds(SESSION, 'another'),
    '#06': rebinds({ ...SESSION, ...CODED }, 'another'),
    '#07': rebinds(OWN_KEYS, 'another'),
    '#08': rebinds({ ...OWN_KEYS, ...CODED }, 'another'),
    '#09': async at => {
      const how = { ...OWN_KEYS, ...CODED }
      for (const isSameSession of [true, false]) {
        const made = await ordered(at, how)
        const ok = accepted(await made.authenticate())
        expect(refused(await made.fixture.getPackage(made.card, ok, hashed('4321', ok)))).toBe('8.2.7/3.8')
        expect(await made.fixture.stateOf()).toBe('Released')
        if (isSameSession) accepted(await made.fixture.getPackage(made.card, ok, hashed(CODE, ok)))
        else await take(made, how)
        expect(await made.fixture.stateOf()).toBe('Downloaded')
      }
    },
  }),
  ...procedures('TC_SM-DP+_ES9+.GetBoundProfilePackage_RetryCases_DifferentOTPK_NIST', {
    '#01': bindsLater(SESSION),
    '#02': bindsLater({ ...SESSION, ...CODED }),
    '#03': bindsLater(OWN_KEYS),
    '#04': bindsLater({ ...OWN_KEYS, ...CODED }),
  }),
  ...procedures('TC_SM-DP+_ES9+.GetBoundProfilePackage_ErrorCasesNIST', {
    '#01': refuses(() => ({ euicc: testPki('P-256').dpAuth })),
    '#02': refuses(() => ({}), { transactionId: unknown }),
    '#03': refuses(() => ({ transactionId: unknown })),
    '#04': refuses(() => ({}), CODED),
    '#05': refuses(ok => hashed('4321', ok), CODED),
  }),
  ...procedures('EB_ES9+.GetBoundProfilePackage', {
    '#01': async at => {
      const { fixture, card, authenticate } = await ordered(at, CODED)
      for (let tries = 1; tries <= 5; tries += 1) {
        const ok = accepted(await authenticate())
        const answer = await fixture.getPackage(card, ok, hashed('4321', ok))
        if (tries < 5) expect(refused(answer)).toBe('8.2.7/3.8')
        else at.refuses(answer)
      }
      expect(await fixture.stateOf()).toBe('Error')
      expect(refused(await authenticate())).toBe('8.2.6/3.8')
    },
    '#02': async at => {
      const { fixture, card, authenticate } = await ordered(at)
      const ok = accepted(await authenticate())
      accepted(await fixture.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: 'Available' }))
      at.refuses(await fixture.getPackage(card, ok))
      expect(await fixture.stateOf()).toBe('Available')
    },
    '#03': async at => {
      const { fixture, card, authenticate } = await ordered(at)
      const ok = accepted(await authenticate())
      await change(fixture, { expiresAt: START })
      at.refuses(await fixture.getPackage(card, ok))
    },
    '#04': async at => {
      const { fixture, authenticate } = await ordered(at)
      const { transactionId } = accepted(await authenticate())
      const downloadResponseError = { transactionId, downloadErrorCode: 'invalidSignature' as const }
      at.refuses(await fixture.sendPrepared(transactionId, { downloadResponseError }))
      expect(await fixture.stateOf()).toBe('Released')
    },
    '#05': async at => {
      const { fixture, card, authenticate } = await ordered(at)
      const ok = accepted(await authenticate())
      const { response } = card.prepareDownload(ok)
      const send = async () => accepted(await fixture.sendPrepared(ok.transactionId, response)).boundProfilePackage
      expect(equalBytes(await send(), await send())).toBe(true)
    },
    '#06': async at => {
      const { fixture, card } = await orderBy(at, 'without EID', { package: profile })
      const other = cardOf(fixture)
      const offers = [card, other].map(async each => ({ each, ok: accepted(await fixture.authenticate(each)) }))
      const both = await Promise.all(offers)
      const answers = await Promise.all(both.map(({ each, ok }) => fixture.getPackage(each, ok)))
      const [winner, loser] = refused(answers[0]!) === 'accepted' ? [0, 1] : [1, 0]
      expect(refused(answers[winner]!)).toBe('accepted')
      at.refuses(answers[loser]!)
      expect((await fixture.store.findOrder(ICCID))?.eid).toBe(both[winner]!.each.eid)
    },
    '#07': async at => {
      const { boundProfilePackage } = await take(await ordered(at), OWN_KEYS)
      // The schema gives contents; tag and length of a long segment are four more.
      const lengths = decode(BoundProfilePackage, boundProfilePackage).sequenceOf86.map(({ length }) => length + 4)
      expect(lengths.length).toBeGreaterThan(4)
      for (const length of lengths.slice(0, -1)) expect(length % 255).toBe(0)
    },
    '#08': refuses(() => ({ euiccOtpk: concat(Uint8Array.of(4), new Uint8Array(64).fill(7)) })),
    '#09': async at => {
      const { fixture, card, authenticate } = await ordered(at)
      const ok = accepted(await authenticate())
      const opened = accepted(await fixture.initiate(card))
      const { response } = card.prepareDownload({ ...ok, transactionId: opened.transactionId })
      at.refuses(await fixture.sendPrepared(opened.transactionId, response))
      expect(refused(await fixture.authenticate(card, { matchingId: MATCHING_ID }))).toBe('accepted')
    },
  }),
}
