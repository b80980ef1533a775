import { describe, expect, it } from 'vitest'
import { concat, equalBytes, fromHex } from '../../../../src/asn1/bytes.ts'
import { completeEid, issueEuicc } from '../../../../src/rsp/certificates/test-pki.ts'
import { hashConfirmationCode } from '../../../../src/rsp/crypto/confirmation-code.ts'
import { openPackage } from '../../../../src/rsp/package/open.ts'
import type { Order } from '../../../../src/server/smdp/order.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { accepted, createSmdpFixture, ICCID, refused, START } from '../smdp-fixture.ts'
import { createCardRole } from './card-role.ts'

type Fixture = Awaited<ReturnType<typeof createSmdpFixture>>

const otherCard = (fixture: Fixture) => {
  const eid = completeEid(`89049032${'7'.padStart(22, '0')}`)
  const euicc = issueEuicc(fixture.pki.eum, { eid, random: seededRandom('other card'), now: START })
  return createCardRole(fixture.pki, { euicc, seed: 'other card' })
}
const change = async (fixture: Fixture, what: Partial<Order>) => {
  const order = (await fixture.store.findOrder(ICCID))!
  expect(await fixture.store.saveOrder({ ...order, ...what })).toBe('saved')
}
const ordered = async (settings: Parameters<typeof createSmdpFixture>[0] = {}, confirmationCode?: string) => {
  const fixture = await createSmdpFixture({ operatorOf: () => unheard, ...settings })
  await fixture.order(confirmationCode === undefined ? {} : { confirmationCode })
  return { fixture, other: otherCard(fixture) }
}
/** An operator that never answers: what it is to be told stays in the store. */
const unheard = { url: 'https://operator.example.com', fetch: () => Promise.reject(new Error('away')) }
const told = async (fixture: Fixture) => {
  await fixture.smdp.settled()
  return (await fixture.store.listProgress()).map(({ request }) =>
    request.name === 'HandleDownloadProgressInfo'
      ? `${request.message.notificationPointId} ${request.message.notificationPointStatus.status} ${request.message.eid}`
      : request.name,
  )
}

describe('two cards with one matching id', () => {
  it.each(['endUserRejection', 'loadBppExecutionError'] as const)(
    'the one that was too late cannot spoil the order of the other with %s',
    async reason => {
      const { fixture, other } = await ordered()
      const { transactionId } = accepted(await fixture.authenticate(other))
      const { ok } = await fixture.download(fixture.card)
      accepted(await fixture.cancel(transactionId, other.cancelSession(transactionId, reason)))
      expect(await fixture.stateOf()).toBe('Downloaded')
      expect(await fixture.store.findBoundCopy(ICCID)).toMatchObject({ eid: fixture.card.eid })
      expect(await told(fixture)).not.toContainEqual(`2 Failed ${other.eid}`)
      accepted(await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID)))
      expect(await fixture.stateOf()).toBe('Installed')
    },
  )

  it('nor where the order is reusable, and another one has the package at the moment', async () => {
    const { fixture, other } = await ordered()
    await change(fixture, { reusable: true })
    const { transactionId } = accepted(await fixture.authenticate(other))
    await fixture.download(fixture.card)
    accepted(await fixture.cancel(transactionId, other.cancelSession(transactionId, 'endUserRejection')))
    expect(await fixture.stateOf()).toBe('Downloaded')
  })

  it('Each card can reject a profile that no card has downloaded', async () => {
    const { fixture, other } = await ordered()
    const { transactionId } = accepted(await fixture.authenticate(other))
    accepted(await fixture.cancel(transactionId, other.cancelSession(transactionId, 'endUserRejection')))
    expect(await fixture.stateOf()).toBe('Error')
    expect(await told(fixture)).toContainEqual(`2 Failed ${other.eid}`)
  })
})

describe('a CancelSession that is called twice at once', () => {
  it('The operator is notified once of a CancelSession that is called twice', async () => {
    const { fixture } = await ordered()
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    const cancelled = fixture.card.cancelSession(transactionId, 'endUserRejection')
    const answers = await Promise.all([
      fixture.cancel(transactionId, cancelled),
      fixture.cancel(transactionId, cancelled),
    ])
    expect(answers.map(refused)).toContain('accepted')
    expect((await told(fixture)).filter(line => line.startsWith('2 Failed'))).toHaveLength(1)
  })
})

describe('a CancelSession of a second try', () => {
  it('The operator receives no failure for a profile that the first attempt installed', async () => {
    const { fixture } = await ordered()
    const { ok } = await fixture.download(fixture.card)
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    accepted(await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID)))
    accepted(await fixture.cancel(transactionId, fixture.card.cancelSession(transactionId, 'endUserRejection')))
    expect(await fixture.stateOf()).toBe('Installed')
    expect((await told(fixture)).filter(line => line.includes('Failed'))).toEqual([])
  })
})

describe('an order for a profile and a card that had one before', () => {
  const [first, second] = [seededRandom('first')(3000), seededRandom('second')(3000)]

  it('An order does not receive the remaining package copy of an earlier order', async () => {
    const { fixture } = await ordered({ package: first })
    const { response, pair } = fixture.card.prepareDownload(accepted(await fixture.authenticate(fixture.card)))
    const { transactionId } = response.downloadResponseOk!.euiccSigned2.value
    accepted(await fixture.sendPrepared(transactionId, response))
    const leftBehind = (await fixture.store.findBoundCopy(ICCID))!
    // Killed between the two steps, the server replaced the profile and did not drop the copy.
    await fixture.stock(ICCID, { package: second, replace: true })
    await fixture.store.putBoundCopy(leftBehind)
    await fixture.order({ matchingId: 'ANEW' })

    const ok = accepted(await fixture.authenticate(fixture.card, { matchingId: 'ANEW' }))
    expect(ok.smdpSigned2.value.bppEuiccOtpk).toBeUndefined()
    const { boundProfilePackage } = accepted(await fixture.getPackage(fixture.card, ok, { pair }))
    const opened = openPackage({
      transactionId: ok.transactionId,
      eid: fromHex(fixture.card.eid),
      euiccOneTimeKey: pair,
      smdpPublicKey: fixture.pki.dpPb.certificate.publicKey,
    })
    const commands = [...opened.feed(boundProfilePackage)]
    const profile = concat(...commands.flatMap(each => (each.command === 'loadProfileElements' ? [each.data] : [])))
    expect(equalBytes(profile, second)).toBe(true)
  })

  it('A repeated notification of an earlier installation does not complete the order', async () => {
    const { fixture } = await ordered()
    const { ok } = await fixture.download(fixture.card)
    const result = fixture.card.installationResult(ok.transactionId, ICCID)
    accepted(await fixture.notify(result))
    await fixture.stock()
    await fixture.order()
    await fixture.download(fixture.card)
    accepted(await fixture.notify(result))
    expect(await fixture.stateOf()).toBe('Downloaded')
  })
})

describe('a reusable order with a confirmation code', () => {
  it('8.2.7/6.4: is not guessed by cancelling between the guesses', async () => {
    const { fixture } = await ordered({ confirmationCodeAttempts: 2 }, '1234')
    await change(fixture, { reusable: true })
    const guess = async () => {
      const ok = accepted(await fixture.authenticate(fixture.card))
      return refused(
        await fixture.getPackage(fixture.card, ok, { hashCc: hashConfirmationCode('0000', ok.transactionId) }),
      )
    }
    expect(await guess()).toBe('8.2.7/3.8')
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    accepted(await fixture.cancel(transactionId, fixture.card.cancelSession(transactionId, 'endUserRejection')))
    expect(await guess()).toBe('8.2.7/6.4')
  })
})
