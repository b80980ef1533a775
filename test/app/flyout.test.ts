import { describe, expect, it } from 'vitest'
import { flyoutWithBalance, flyoutWithoutBalance, wordDuration } from '../../src/app/flyout.ts'

const line = { operator: 'Northwind', registration: 'home' } as const
type Type = 'MODIRECT' | 'MODIRECTPAYG' | 'NONE' | 'NOTSUPPORTED'
const shown = (type: Type, dataRemainingInMB = 4300.8, timeRemaining = 'P23DT23H') => {
  const { balance, links, problem } = flyoutWithBalance(line, { type, dataRemainingInMB, timeRemaining })
  return { balance, links: links.map(({ text }) => text), problem }
}

describe('flyout for each balance type (reference §5.2)', () => {
  it('BAL-033 MODIRECT shows the account and no balance', () => {
    expect(shown('MODIRECT')).toEqual({ links: ['View my account'] })
  })
  it('BAL-034 MODIRECTPAYG shows the account and the balance', () => {
    expect(shown('MODIRECTPAYG')).toEqual({
      balance: { headline: '4.2 GB left', detail: '23 days, 23 hours left' },
      links: ['View my account'],
    })
  })
  it('BAL-035 NONE and a missing balance offer a plan', () => {
    expect(shown('NONE', 0, 'PT0S')).toEqual({ links: ['Connect with a data plan'] })
    expect(flyoutWithBalance(line, null).links.map(({ text }) => text)).toEqual(['Connect with a data plan'])
  })
  it('BAL-036 NOTSUPPORTED shows the account and a general problem', () => {
    expect(shown('NOTSUPPORTED', 0, 'PT0S')).toMatchObject({ links: ['View my account'], problem: expect.any(String) })
  })
  it('The balance is marked as low and never rounded up', () => {
    expect(shown('MODIRECTPAYG', 99.9, 'PT59S').balance).toEqual({
      headline: '99 MB left',
      detail: '59 seconds left',
      low: true,
    })
    expect(shown('MODIRECTPAYG', 1023.99).balance?.headline).toBe('1023 MB left')
    expect(shown('MODIRECTPAYG', 1024 * 1.99).balance?.headline).toBe('1.9 GB left')
  })
  it('FLY-007 The flyout shows operator and account link without a balance', () => {
    expect(flyoutWithoutBalance(line, 'no answer')).toMatchObject({
      state: 'failed',
      problem: 'no answer',
      operator: 'Northwind',
    })
  })
  it.each([
    ['P7D', '7 days'],
    ['P1DT1H1M', '1 day, 1 hour'],
    ['PT0S', 'no time'],
    ['PT0.5S', 'no time'],
    ['P1Y2M3D', '1 year, 2 months'],
    ['P2W', '2 weeks'],
    ['P', undefined],
    ['soon', undefined],
  ])('wordDuration formats %s as %s', (duration, words) => {
    expect(wordDuration(duration)).toBe(words)
  })
})
