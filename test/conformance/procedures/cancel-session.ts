import { expect } from 'vitest'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import type { CardRole } from '../../server/smdp/es9p/card-role.ts'
import { accepted, refused, testPki } from '../../server/smdp/smdp-fixture.ts'
import { type Conformance, type Procedure, type Procedures, procedures } from '../conformance.ts'
import { orderBy } from './orders.ts'

type Phase = 'authenticated' | 'bound'
type Reason = Parameters<CardRole['cancelSession']>[1]
type CancelChange = Parameters<CardRole['cancelSession']>[2]

const sessionIn = async (at: Conformance, phase: Phase, curve: CurveName = 'P-256') => {
  const made = await orderBy(at, 'activation code', { curve })
  const ok = accepted(await made.authenticate())
  if (phase === 'bound') accepted(await made.fixture.getPackage(made.card, ok))
  return { ...made, transactionId: ok.transactionId }
}
const WAITS: readonly Reason[] = ['postponed', 'timeout']

/** The session is over; the order waits as it was, or is in error and not to be had any more. */
const cancels =
  (phase: Phase, reason: Reason, curve?: CurveName): Procedure =>
  async at => {
    const { fixture, card, transactionId, authenticate } = await sessionIn(at, phase, curve)
    const before = await fixture.stateOf()
    expect(accepted(await fixture.cancel(transactionId, card.cancelSession(transactionId, reason)))).toEqual({})
    expect(await fixture.stateOf()).toBe(WAITS.includes(reason) ? before : 'Error')
    expect(refused(await fixture.cancel(transactionId, card.cancelSession(transactionId, reason)))).toBe('8.10.1/3.9')
    expect(refused(await authenticate())).toBe(WAITS.includes(reason) ? 'accepted' : '8.2.6/3.8')
  }

/** The refusal changes nothing: the right message ends the session afterwards. */
const refuses =
  (phase: Phase, change: CancelChange, transaction?: Uint8Array): Procedure =>
  async at => {
    const { fixture, card, transactionId } = await sessionIn(at, phase)
    const before = await fixture.stateOf()
    const wrong = card.cancelSession(transactionId, 'endUserRejection', change)
    at.refuses(await fixture.cancel(transaction ?? transactionId, wrong))
    expect(await fixture.stateOf()).toBe(before)
    accepted(await fixture.cancel(transactionId, card.cancelSession(transactionId, 'endUserRejection')))
    expect(await fixture.stateOf()).toBe('Error')
  }
const unknown = new Uint8Array(16).fill(9)

const errors = (phase: Phase, first: number): Procedures => {
  const number = (at: number) => `#${String(first + at).padStart(2, '0')}`
  return {
    [number(0)]: refuses(phase, {}, unknown),
    [number(1)]: refuses(phase, { signedTransactionId: unknown }),
    [number(2)]: refuses(phase, { euicc: testPki('P-256').dpAuth }),
    [number(3)]: refuses(phase, { smdpOid: '2.999.99' }),
  }
}

export const CANCEL_SESSION: Procedures = {
  ...procedures('TC_SM-DP+_ES9+.CancelSession_After_AuthenticateClientNIST', {
    '#01': cancels('authenticated', 'endUserRejection'),
    '#02': cancels('authenticated', 'postponed'),
    '#03': cancels('authenticated', 'timeout'),
    '#04': cancels('authenticated', 'pprNotAllowed'),
    '#05': cancels('authenticated', 'undefinedReason'),
    ...errors('authenticated', 6),
  }),
  ...procedures('TC_SM-DP+_ES9+.CancelSession_After_GetBoundProfilePackageNIST', {
    '#01': cancels('bound', 'endUserRejection'),
    '#02': cancels('bound', 'postponed'),
    '#03': cancels('bound', 'timeout'),
    '#04': cancels('bound', 'pprNotAllowed'),
    '#05': cancels('bound', 'metadataMismatch'),
    '#06': cancels('bound', 'loadBppExecutionError'),
    '#07': cancels('bound', 'undefinedReason'),
    ...errors('bound', 8),
  }),
  ...procedures('TC_SM-DP+_ES9+.CancelSession_After_AuthenticateClientBRP', {
    '#01': cancels('authenticated', 'endUserRejection', 'brainpoolP256r1'),
  }),
  ...procedures('TC_SM-DP+_ES9+.CancelSession_After_GetBoundProfilePackageBRP', {
    '#01': cancels('bound', 'endUserRejection', 'brainpoolP256r1'),
  }),
  ...procedures('EB_ES9+.CancelSession', {
    '#01': async at => {
      const { fixture, transactionId } = await sessionIn(at, 'authenticated')
      at.refuses(await fixture.cancel(transactionId, { cancelSessionResponseError: 'invalidTransactionId' }))
      expect(await fixture.stateOf()).toBe('Released')
    },
    '#02': async at => {
      const { fixture, card, transactionId } = await sessionIn(at, 'bound')
      fixture.wait(10 * 60_000)
      at.refuses(await fixture.cancel(transactionId, card.cancelSession(transactionId, 'endUserRejection')))
      expect(await fixture.stateOf()).toBe('Downloaded')
    },
  }),
}
