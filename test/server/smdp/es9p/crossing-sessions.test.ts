import { describe, expect, it } from 'vitest'
import { concat, equalBytes, fromHex } from '../../../../src/asn1/bytes.ts'
import { completeEid, issueEuicc } from '../../../../src/rsp/certificates/test-pki.ts'
import { hashConfirmationCode } from '../../../../src/rsp/crypto/confirmation-code.ts'
import { openPackage } from '../../../../src/rsp/package/open.ts'
import type { Order } from '../../../../src/server/smdp/order.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { accepted, createScene, ICCID, refused, START } from '../smdp-fixture.ts'
import { createCardRole } from './card-role.ts'

type Scene = Awaited<ReturnType<typeof createScene>>

const otherCard = (scene: Scene) => {
  const eid = completeEid(`89049032${'7'.padStart(22, '0')}`)
  const euicc = issueEuicc(scene.pki.eum, { eid, random: seededRandom('other card'), now: START })
  return createCardRole(scene.pki, { euicc, seed: 'other card' })
}
const change = async (scene: Scene, what: Partial<Order>) => {
  const order = (await scene.store.findOrder(ICCID))!
  expect(await scene.store.saveOrder({ ...order, ...what })).toBe('saved')
}
const ordered = async (settings: Parameters<typeof createScene>[0] = {}, confirmationCode?: string) => {
  const scene = await createScene({ operatorOf: () => unheard, ...settings })
  await scene.order(confirmationCode === undefined ? {} : { confirmationCode })
  return { scene, other: otherCard(scene) }
}
/** An operator that never answers: what it is to be told stays in the store. */
const unheard = { url: 'https://operator.example.com', fetch: () => Promise.reject(new Error('away')) }
const told = async (scene: Scene) => {
  await scene.smdp.settled()
  return (await scene.store.listProgress()).map(({ request }) =>
    request.name === 'HandleDownloadProgressInfo'
      ? `${request.message.notificationPointId} ${request.message.notificationPointStatus.status} ${request.message.eid}`
      : request.name,
  )
}

describe('two cards that know one matching id', () => {
  it.each(['endUserRejection', 'loadBppExecutionError'] as const)(
    'the one that was too late cannot spoil the order of the other with %s',
    async reason => {
      const { scene, other } = await ordered()
      const { transactionId } = accepted(await scene.authenticate(other))
      const { ok } = await scene.download(scene.card)
      accepted(await scene.cancel(transactionId, other.cancelSession(transactionId, reason)))
      expect(await scene.stateOf()).toBe('Downloaded')
      expect(await scene.store.findBoundCopy(ICCID)).toMatchObject({ eid: scene.card.eid })
      expect(await told(scene)).not.toContainEqual(`2 Failed ${other.eid}`)
      accepted(await scene.notify(scene.card.installationResult(ok.transactionId, ICCID)))
      expect(await scene.stateOf()).toBe('Installed')
    },
  )

  it('nor where the order is reusable, and another one has the package at the moment', async () => {
    const { scene, other } = await ordered()
    await change(scene, { reusable: true })
    const { transactionId } = accepted(await scene.authenticate(other))
    await scene.download(scene.card)
    accepted(await scene.cancel(transactionId, other.cancelSession(transactionId, 'endUserRejection')))
    expect(await scene.stateOf()).toBe('Downloaded')
  })

  it('either of them may reject what nobody has taken', async () => {
    const { scene, other } = await ordered()
    const { transactionId } = accepted(await scene.authenticate(other))
    accepted(await scene.cancel(transactionId, other.cancelSession(transactionId, 'endUserRejection')))
    expect(await scene.stateOf()).toBe('Error')
    expect(await told(scene)).toContainEqual(`2 Failed ${other.eid}`)
  })
})

describe('a CancelSession that is called twice at once', () => {
  it('is told to the operator once', async () => {
    const { scene } = await ordered()
    const { transactionId } = accepted(await scene.authenticate(scene.card))
    const cancelled = scene.card.cancelSession(transactionId, 'endUserRejection')
    const answers = await Promise.all([scene.cancel(transactionId, cancelled), scene.cancel(transactionId, cancelled)])
    expect(answers.map(refused)).toContain('accepted')
    expect((await told(scene)).filter(line => line.startsWith('2 Failed'))).toHaveLength(1)
  })
})

describe('a CancelSession of a second try', () => {
  it('is not told as a failure of what the first one has installed', async () => {
    const { scene } = await ordered()
    const { ok } = await scene.download(scene.card)
    const { transactionId } = accepted(await scene.authenticate(scene.card))
    accepted(await scene.notify(scene.card.installationResult(ok.transactionId, ICCID)))
    accepted(await scene.cancel(transactionId, scene.card.cancelSession(transactionId, 'endUserRejection')))
    expect(await scene.stateOf()).toBe('Installed')
    expect((await told(scene)).filter(line => line.includes('Failed'))).toEqual([])
  })
})

describe('an order for a profile and a card that had one before', () => {
  const [first, second] = [seededRandom('first')(3000), seededRandom('second')(3000)]

  it('is not given the package of the former order, though its copy was left behind', async () => {
    const { scene } = await ordered({ package: first })
    const { response, pair } = scene.card.prepareDownload(accepted(await scene.authenticate(scene.card)))
    const { transactionId } = response.downloadResponseOk!.euiccSigned2.value
    accepted(await scene.sendPrepared(transactionId, response))
    const leftBehind = (await scene.store.findBoundCopy(ICCID))!
    // Killed between the two steps, the server replaced the profile and did not drop the copy.
    await scene.stock(ICCID, { package: second, replace: true })
    await scene.store.putBoundCopy(leftBehind)
    await scene.order({ matchingId: 'ANEW' })

    const ok = accepted(await scene.authenticate(scene.card, { matchingId: 'ANEW' }))
    expect(ok.smdpSigned2.value.bppEuiccOtpk).toBeUndefined()
    const { boundProfilePackage } = accepted(await scene.getPackage(scene.card, ok, { pair }))
    const opened = openPackage({
      transactionId: ok.transactionId,
      eid: fromHex(scene.card.eid),
      euiccOneTimeKey: pair,
      smdpPublicKey: scene.pki.dpPb.certificate.publicKey,
    })
    const commands = [...opened.feed(boundProfilePackage)]
    const profile = concat(...commands.flatMap(each => (each.command === 'loadProfileElements' ? [each.data] : [])))
    expect(equalBytes(profile, second)).toBe(true)
  })

  it('is not installed because the card tells of the former installation again', async () => {
    const { scene } = await ordered()
    const { ok } = await scene.download(scene.card)
    const result = scene.card.installationResult(ok.transactionId, ICCID)
    accepted(await scene.notify(result))
    await scene.stock()
    await scene.order()
    await scene.download(scene.card)
    accepted(await scene.notify(result))
    expect(await scene.stateOf()).toBe('Downloaded')
  })
})

describe('a reusable order with a confirmation code', () => {
  it('8.2.7/6.4: is not guessed by cancelling between the guesses', async () => {
    const { scene } = await ordered({ confirmationCodeAttempts: 2 }, '1234')
    await change(scene, { reusable: true })
    const guess = async () => {
      const ok = accepted(await scene.authenticate(scene.card))
      return refused(await scene.getPackage(scene.card, ok, { hashCc: hashConfirmationCode('0000', ok.transactionId) }))
    }
    expect(await guess()).toBe('8.2.7/3.8')
    const { transactionId } = accepted(await scene.authenticate(scene.card))
    accepted(await scene.cancel(transactionId, scene.card.cancelSession(transactionId, 'endUserRejection')))
    expect(await guess()).toBe('8.2.7/6.4')
  })
})
