import { describe, expect, it } from 'vitest'
import { createOperator } from '../../../src/server/operator/operator.ts'
import type { OrderRequest } from '../../../src/server/operator/orders.ts'
import { countingRandom, createSmdpStub } from './smdp-stub.ts'

const EID = '89049032000001000000000000000012'
const now = new Date('2026-03-01T12:00:00Z')

const setUp = async () => {
  const smdp = createSmdpStub()
  const random = countingRandom()
  const operator = createOperator({
    smdp: {
      fetch: smdp.fetch,
      url: 'https://smdp.bench.example:8443',
      address: 'smdp.bench.example',
      functionRequesterIdentifier: 'operator.bench',
      random,
    },
    clock: () => now,
    random,
  })
  const account = await operator.createAccount({ email: 'ann@example.com', name: 'Ann', password: 'correct horse' })
  if (account === 'account-exists') throw new Error('a fresh operator has no accounts')
  const request: OrderRequest = {
    key: 'order-1',
    accountId: account.id,
    planId: 'travel-5',
    paymentId: 'test-card',
    eid: EID,
    transactionId: 't1',
  }
  return { smdp, operator, request }
}

describe('order', () => {
  it('An order orders, confirms and releases a profile for the EID and returns its activation code', async () => {
    const { smdp, operator, request } = await setUp()
    const order = await operator.placeOrder(request)
    expect(order).toEqual({
      orderId: expect.stringMatching(/^B-[0-9A-F]{8}$/),
      iccid: '8944100000000000013',
      activationCode: '1$smdp.bench.example$BENCH-0001',
    })
    expect(smdp.calls.map(({ name }) => name)).toEqual(['DownloadOrder', 'ConfirmOrder', 'ReleaseProfile'])
    expect(smdp.calls[0]!.body).toMatchObject({ eid: EID, profileType: 'bench-usim' })
    expect(smdp.calls[1]!.body).toMatchObject({ eid: EID, iccid: '8944100000000000013F', releaseFlag: false })
    const ids = smdp.calls.map(({ body }) => (body.header as { functionCallIdentifier: string }).functionCallIdentifier)
    expect(new Set(ids).size).toBe(3)
    expect(operator.subscriptions.find('8944100000000000013')).toMatchObject({ state: 'ordered', eid: EID, usedMB: 0 })
  })

  it('An order with an SM-DS makes the SM-DP+ register an event', async () => {
    const { smdp, operator, request } = await setUp()
    expect(await operator.placeOrder({ ...request, smdsAddress: 'smds.example.com' })).toHaveProperty('activationCode')
    expect(smdp.calls[1]!.body).toMatchObject({ eid: EID, smdsAddress: 'smds.example.com' })
  })

  it('An unreachable SM-DS returns the profile to the stock', async () => {
    const { smdp, operator, request } = await setUp()
    smdp.faults.push({ on: 'ConfirmOrder', refuse: { subjectCode: '8.9', reasonCode: '5.1' } })
    expect(await operator.placeOrder({ ...request, smdsAddress: 'smds.example.com' })).toMatchObject({
      refused: 'service',
      reference: 'smdp-refused ConfirmOrder 8.9/5.1',
    })
    expect(smdp.calls.at(-1)).toMatchObject({ name: 'CancelOrder', body: { finalProfileStatusIndicator: 'Available' } })
  })

  it('Two simultaneous requests with one key place one order', async () => {
    const { smdp, operator, request } = await setUp()
    const [a, b] = await Promise.all([operator.placeOrder(request), operator.placeOrder(request)])
    expect(b).toEqual(a)
    expect(await operator.placeOrder(request)).toEqual(a)
    expect(smdp.calls.filter(({ name }) => name === 'DownloadOrder')).toHaveLength(1)
  })

  it.each([
    ['a plan that is not sold', { planId: 'gold' }, 'unknown-plan', 'service'],
    ['an account that does not exist', { accountId: 'acc-0' }, 'unknown-account', 'service'],
    ['a payment method that the account lacks', { paymentId: 'cash' }, 'unknown-payment', 'service'],
    ['a payment that is declined', { paymentId: 'declined-card' }, 'payment-declined', 'payment-declined'],
  ])('An order with %s is rejected without a call to the SM-DP+', async (_what, change, code, refused) => {
    const { smdp, operator, request } = await setUp()
    expect(await operator.placeOrder({ ...request, ...change })).toMatchObject({ refused, error: { code } })
    expect(smdp.calls).toEqual([])
  })

  it.each([
    ['refuses', { on: 'ConfirmOrder', refuse: { subjectCode: '8.1.1', reasonCode: '3.8' } } as const, 'smdp-refused'],
    ['does not answer', { on: 'ReleaseProfile', unreachable: true } as const, 'smdp-unreachable'],
    ['answers 500', { on: 'ConfirmOrder', raw: new Response('oops', { status: 500 }) }, 'smdp-malformed'],
    ['answers no JSON', { on: 'ConfirmOrder', raw: new Response('<html>') }, 'smdp-malformed'],
    [
      'answers without a matching id',
      {
        on: 'ConfirmOrder',
        raw: Response.json({ header: { functionExecutionStatus: { status: 'Executed-Success' } } }),
      },
      'smdp-malformed',
    ],
  ])(
    'The profile returns to the stock when the SM-DP+ %s, and the order can be retried',
    async (_what, fault, code) => {
      const { smdp, operator, request } = await setUp()
      smdp.faults.push(fault)
      expect(await operator.placeOrder(request)).toMatchObject({ refused: 'service', error: { code } })
      expect(smdp.calls.at(-1)).toMatchObject({
        name: 'CancelOrder',
        body: { iccid: '8944100000000000013F', finalProfileStatusIndicator: 'Available' },
      })
      expect(operator.subscriptions.all()).toEqual([])
      smdp.faults.length = 0
      expect(await operator.placeOrder(request)).toHaveProperty('activationCode')
    },
  )

  it('The support reference contains function and codes of a refusal', async () => {
    const { smdp, operator, request } = await setUp()
    smdp.faults.push({ on: 'DownloadOrder', refuse: { subjectCode: '8.2.5', reasonCode: '3.7' } })
    expect(await operator.placeOrder(request)).toMatchObject({ reference: 'smdp-refused DownloadOrder 8.2.5/3.7' })
    expect(smdp.calls).toHaveLength(1) // nothing was allocated, so nothing is returned
  })
})

describe('accounts', () => {
  it('An account accepts the right password only, and the address in any letter case', async () => {
    const { operator } = await setUp()
    expect(await operator.signIn('ANN@example.com ', 'correct horse')).toMatchObject({ name: 'Ann' })
    expect(await operator.signIn('ann@example.com', 'wrong')).toBeUndefined()
    expect(await operator.signIn('bob@example.com', 'correct horse')).toBeUndefined()
  })
  it('An address can have one account', async () => {
    const { operator } = await setUp()
    expect(await operator.createAccount({ email: 'Ann@Example.com', name: 'A', password: 'another one' })).toBe(
      'account-exists',
    )
  })
})
