import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/asn1/bytes.ts'
import { judgePolicyRules } from '../../src/lpa/policy.ts'

type Card = Parameters<typeof judgePolicyRules>[1]
const owner = { mccMnc: fromHex('00f110'), gid1: fromHex('aa') }
const metadata = { profilePolicyRules: ['ppr1', 'ppr2'], profileOwner: owner } as const
const rule = (
  mccMnc: string,
  more: { gid1?: Uint8Array; consent?: boolean; ppr?: readonly ('ppr1' | 'ppr2')[] } = {},
) => ({
  pprIds: more.ppr ?? (['ppr1', 'ppr2'] as const),
  allowedOperators: [{ mccMnc: fromHex(mccMnc), ...(more.gid1 ? { gid1: more.gid1 } : {}) }],
  pprFlags: more.consent ? (['consentRequired'] as const) : [],
})
const card = (rat: Card['rat'], more: Partial<Card> = {}): Card => ({ rat, forbidden: [], installed: [], ...more })

describe('policy rules and Rules Authorisation Table (SGP.22 §2.9.3)', () => {
  it.each<[string, Card, boolean, boolean?]>([
    ['the owner by name', card([rule('00f110')]), true, false],
    ['any operator', card([rule('eeeeee')]), true, false],
    ['any network of the country', card([rule('00feee')]), true, false],
    ['the owner with this GID', card([rule('00f110', { gid1: fromHex('aa') })]), true, false],
    ['the owner with another GID', card([rule('00f110', { gid1: fromHex('bb') })]), false],
    ['an empty GID, which is any', card([rule('00f110', { gid1: fromHex('') })]), true, false],
    ['another operator', card([rule('00f120')]), false],
    ['an empty table', card([]), false],
    ['only one of the rules', card([rule('eeeeee', { ppr: ['ppr2'] })]), false],
    ['a rule that the card forbids', card([rule('eeeeee')], { forbidden: ['ppr2'] }), false],
    ['consent asked for', card([rule('eeeeee', { consent: true })]), true, true],
    ['the first that fits decides', card([rule('00f110'), rule('eeeeee', { consent: true })]), true, false],
    ['an operational profile there', card([rule('eeeeee')], { installed: [{ profileClass: 'operational' }] }), false],
    ['a profile without a class there', card([rule('eeeeee')], { installed: [{}] }), false],
    ['a test profile there', card([rule('eeeeee')], { installed: [{ profileClass: 'test' }] }), true, false],
  ])('%s', (_name, on, allowed, consentRequired) => {
    const verdict = judgePolicyRules(metadata, on)
    expect(verdict).toMatchObject({ allowed, ...(allowed ? { consentRequired } : {}) })
  })

  it('A profile without rules needs no consent, and a profile with rules needs an allowed owner', () => {
    expect(judgePolicyRules({ profilePolicyRules: ['pprUpdateControl'] }, card([]))).toMatchObject({ allowed: true })
    expect(judgePolicyRules({ profilePolicyRules: ['ppr2'] }, card([rule('eeeeee')]))).toMatchObject({
      allowed: false,
      rule: 'ppr2',
    })
  })
})
