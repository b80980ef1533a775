import type { DOMWindow } from 'jsdom'
import { beforeAll, describe, expect, it } from 'vitest'
import { prepareWebPages } from '../../src/app/portal/web-page.ts'
import { decide, type Shopper } from '../../src/app/shopper.ts'
import { SHOPPER } from './operator-fixture.ts'

let JSDOM: Awaited<ReturnType<typeof prepareWebPages>>['JSDOM']
beforeAll(async () => {
  ;({ JSDOM } = await prepareWebPages())
})

/** Returns the fields that the shopper submits on a page, or the link that it follows. */
const visit = (body: string, change: Partial<Shopper> = {}): unknown => {
  const window: DOMWindow = new JSDOM(`<body>${body}`, { url: 'https://p.example/a' }).window
  const decision = decide(window.document, { ...SHOPPER, ...change })
  if (decision.go === 'send')
    return { sends: Object.fromEntries(new window.FormData(decision.form)), by: decision.button?.textContent }
  return decision.go === 'follow' ? { follows: decision.link.getAttribute('href') } : { reason: decision.reason }
}

describe('shopper on unknown pages', () => {
  it('The shopper selects an option by its label and does not change hidden fields', () => {
    const page = `<form><input type=hidden name=t value=7><label>Your tariff <select name=x><option value="">choose<option value=1>Small<option value=2>Travel 5 GB world</select></label><button>Next</button></form>`
    expect(visit(page)).toEqual({ sends: { t: '7', x: '2' }, by: 'Next' })
  })
  it('The shopper recognizes fields by autocomplete, type or label', () => {
    const page = `<form><label for=a>Benutzer</label><input id=a name=a autocomplete=username><input name=b type=password><label>Your name <input name=c></label><button>Sign up</button></form>`
    expect(visit(page)).toEqual({ sends: { a: 'ann@example.com', b: 'correct horse', c: 'Ann' }, by: 'Sign up' })
  })
  it('The shopper accepts terms and no other optional checkbox', () => {
    const page = `<form><label><input type=checkbox name=n>Send me news</label><label><input type=checkbox name=t>I agree to the terms</label><button>Buy</button></form>`
    expect(visit(page)).toEqual({ sends: { t: 'on' }, by: 'Buy' })
  })
  it('The shopper uses the preselected or the first option without a setting', () => {
    const page = `<form><input type=radio name=d value=1 aria-label=One><input type=radio name=d value=2 aria-label=Two checked><input type=radio name=e value=3 aria-label=Three><button>Go</button></form>`
    expect(visit(page)).toEqual({ sends: { d: '2', e: '3' }, by: 'Go' })
  })
  it('The shopper ignores forms and links to other hosts', () => {
    const page = `<form><button>Cancel</button></form><main><a href=/back>Back</a><a href=/logout>Log out</a><a href=/terms>Terms</a><a href=/n>Continue</a></main>`
    expect(visit(page)).toEqual({ follows: '/n' })
  })
  it('The shopper opens the sign-in or the registration page as needed', () => {
    const signIn = `<form><input name=e type=email><input name=p type=password><button>Log in</button></form><a href=/new>Sign up</a>`
    const signUp = `<form><input name=e type=email><input name=p type=password autocomplete=new-password><button>Go</button></form><a href=/old>Sign in</a>`
    const returning = { account: { ...SHOPPER.account, isNew: false } }
    expect(visit(signIn)).toEqual({ follows: '/new' })
    expect(visit(signIn, returning)).toMatchObject({ by: 'Log in' })
    expect(visit(signUp)).toMatchObject({ by: 'Go' })
    expect(visit(signUp, returning)).toEqual({ follows: '/old' })
  })
  it.each([
    [
      'a field nobody told it about',
      '<form><label>Shoe size <input name=s required></label><button>Next</button></form>',
      'the simulated user has no value for "Shoe size"',
    ],
    [
      'a value that the page would not take',
      '<form><label>Email <input name=e pattern="[0-9]+"></label><button>Next</button></form>',
      '"Email" cannot be filled with a value that the page accepts',
    ],
    ['no way on', '<h1>Sorry</h1>', 'the page has no form and no link to continue'],
  ])('The shopper reports %s', (_what, page, reason) => {
    expect(visit(page)).toEqual({ reason })
  })
  it('The shopper reports a page without the expected Cancel button', () => {
    expect(visit('<h1>Checkout</h1>', { cancelAt: 'checkout' })).toEqual({ reason: 'the page has no Cancel' })
  })
})
