import type { FieldErrors } from './forms.ts'
import { type Html, html } from './html.ts'
import { type Brand, csrfField, field, formAlert, layOut } from './layout.ts'
import type { PortalPayment, PortalPlan } from './operator-side.ts'
import type { PortalSession } from './session.ts'

export const price = ({ amount, currency }: PortalPlan['price']): string =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).format(amount)

const amountOfData = (megabytes: number): string =>
  megabytes >= 1024 ? `${Math.round((megabytes / 1024) * 10) / 10} GB` : `${megabytes} MB`

const countries = new Intl.DisplayNames(['en'], { type: 'region' })
const places = (plan: PortalPlan): string => plan.locations.map(code => countries.of(code) ?? code).join(', ')
const billing = (plan: PortalPlan): string => (plan.type === 'MODIRECT' ? 'a month, on your bill' : 'once, prepaid')

/** Step 0: the welcome page. */
export const welcomePage = (brand: Brand, session: PortalSession): Html =>
  layOut(brand, {
    title: 'Get this device connected',
    session,
    body: html`${session.launch.lpaErrors.length > 0 && downloadNotice(session)}
<p class="lead">Choose a plan, and its eSIM profile is installed on this device in about a minute. No card to wait for.</p>
<ol class="how"><li>Choose a plan</li><li>Sign in, or open an account</li><li>Check your order and connect</li></ol>
<p><a class="button" href="/plans">See the plans</a></p>`,
  })

/** The message about a failed download since the last visit (X-MP-LPAError-*), with advice. */
const downloadNotice = (session: PortalSession): Html => html`<div class="notice" role="status">
<p><strong>The last download did not finish</strong> (${session.launch.lpaErrors
  .map(({ code }) => code)
  .join(', ')}). Nothing was charged twice: an order that has not been installed can be downloaded again.
If it keeps failing, <a href="/support">ask our support</a>.</p></div>`

export const plansPage = (
  brand: Brand,
  session: PortalSession,
  plans: readonly PortalPlan[],
  errors: FieldErrors = {},
): Html =>
  layOut(brand, {
    title: 'Choose a plan',
    step: 'Plan',
    session,
    back: { href: '/', text: 'Start' },
    body:
      plans.length === 0
        ? html`<p class="lead">We have no plan for the country where this device is. You can cancel and choose another operator.</p>`
        : html`${formAlert(errors)}
<form method="post" action="/plans">${csrfField(session)}
<fieldset class="cards" id="plan"><legend>Plans for this device</legend>
${plans.map(
  plan => html`<label class="card"><input type="radio" name="plan" value="${plan.id}" required${
    session.planId === plan.id ? html` checked` : html``
  }>
<span class="name">${plan.name}</span><span class="price">${price(plan.price)} <small>${billing(plan)}</small></span>
<span class="facts">${amountOfData(plan.dataMB)} · ${plan.days} days</span>
<span class="text">${plan.description}</span><span class="text">Works in ${places(plan)}.</span></label>`,
)}</fieldset>
<p class="actions"><button>Continue</button></p></form>`,
  })

export const signInPage = (brand: Brand, session: PortalSession, errors: FieldErrors = {}): Html =>
  layOut(brand, {
    title: 'Sign in',
    step: 'Account',
    session,
    back: { href: '/plans', text: 'Plans' },
    body: html`${formAlert(errors)}
<form class="narrow" method="post" action="/sign-in">${csrfField(session)}
${field({ name: 'email', label: 'Email address', type: 'email', autocomplete: 'username', value: session.entered.email, error: errors.email })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', error: errors.password })}
<p class="actions"><button>Sign in</button></p></form>
<p>New here? <a href="/register">Create an account</a></p>`,
  })

export const registerPage = (brand: Brand, session: PortalSession, errors: FieldErrors = {}): Html =>
  layOut(brand, {
    title: 'Create an account',
    step: 'Account',
    session,
    back: { href: '/sign-in', text: 'Sign in' },
    body: html`${formAlert(errors)}
<form class="narrow" method="post" action="/register">${csrfField(session)}
${field({ name: 'name', label: 'Full name', type: 'text', autocomplete: 'name', value: session.entered.name, error: errors.name })}
${field({ name: 'email', label: 'Email address', type: 'email', autocomplete: 'username', value: session.entered.email, error: errors.email })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'new-password', hint: 'At least 8 characters.', error: errors.password })}
<p class="actions"><button>Create account</button></p></form>
<p>Already a customer? <a href="/sign-in">Sign in</a></p>`,
  })

export const checkoutPage = (
  brand: Brand,
  session: PortalSession,
  plan: PortalPlan,
  methods: readonly PortalPayment[],
  errors: FieldErrors = {},
): Html =>
  layOut(brand, {
    title: 'Review your order',
    step: 'Review',
    session,
    back: { href: '/plans', text: 'Change the plan' },
    body: html`${formAlert(errors)}
<dl class="review">
<div><dt>Plan</dt><dd>${plan.name}: ${amountOfData(plan.dataMB)}, ${plan.days} days</dd></div>
<div><dt>Works in</dt><dd>${places(plan)}</dd></div>
<div><dt>Account</dt><dd>${session.account?.name} (${session.account?.email})</dd></div>
<div><dt>Device</dt><dd>eSIM ending ${(session.launch.eid ?? '').slice(-6)}</dd></div>
<div class="total"><dt>Price</dt><dd>${price(plan.price)} <small>${billing(plan)}</small></dd></div>
</dl>
<form method="post" action="/checkout">${csrfField(session)}
<fieldset class="choices" id="payment"><legend>How do you want to pay?</legend>
${methods.map(
  method =>
    html`<label class="choice"><input type="radio" name="payment" value="${method.id}" required${
      session.entered.payment === method.id ? html` checked` : html``
    }> ${method.label}</label>`,
)}</fieldset>
<p class="field"><label class="choice" id="terms"><input type="checkbox" name="terms" value="accepted" required>
I have read and accept the <a href="/terms">terms of service</a></label></p>
<p class="actions"><button>Buy and connect</button></p></form>`,
  })
