import { checkCheckoutForm, checkPlanForm, checkRegisterForm, checkSignInForm, getText } from './forms.ts'
import type { Html } from './html.ts'
import type { PortalPlan, RefusedOrder } from './operator-side.ts'
import { cancelledPage, finishedPage, orderPage, problemPage } from './outcome-pages.ts'
import type { PortalSession } from './session.ts'
import { checkoutPage, plansPage, registerPage, signInPage, welcomePage } from './shop-pages.ts'
import type { PortalAnswer, PortalAuditEntry, PortalSettings, PortalStep } from './visit.ts'

/** Returns the page or a redirect, or undefined for an unknown page. */
export const answerStep = async (step: PortalStep): Promise<PortalAnswer | undefined> =>
  (step.form === undefined ? PAGES : FORMS)[step.path]?.(step)

type Answering = (step: PortalStep) => PortalAnswer | Promise<PortalAnswer>

/** Returns the first incomplete page of a visit. Later pages cannot be opened directly. */
const nextPath = (session: PortalSession): string => {
  if (session.order !== undefined) return '/order'
  if (session.planId === undefined) return '/plans'
  return session.account === undefined ? '/sign-in' : '/checkout'
}
const plansOf = ({ session, settings }: PortalStep): readonly PortalPlan[] =>
  settings.operator.plans(session.launch.location)
const planOf = (step: PortalStep): PortalPlan | undefined => plansOf(step).find(plan => plan.id === step.session.planId)
const audit = ({ session, settings }: PortalStep, what: PortalAuditEntry['what'], detail: string): void =>
  settings.audit?.({ at: settings.clock(), transactionId: session.launch.transactionId, what, detail })

const PAGES: Readonly<Record<string, Answering>> = {
  '/': ({ session, settings }) => (session.order ? { to: '/order' } : { page: welcomePage(settings.brand, session) }),
  '/continue': ({ session }) => ({ to: nextPath(session) }),
  '/plans': step =>
    step.session.order ? { to: '/order' } : { page: plansPage(step.settings.brand, step.session, plansOf(step)) },
  '/sign-in': step => accountPage(step, signInPage),
  '/register': step => accountPage(step, registerPage),
  '/checkout': step => {
    const plan = planOf(step)
    if (nextPath(step.session) !== '/checkout' || plan === undefined || step.session.account === undefined)
      return { to: nextPath(step.session) }
    const methods = step.settings.operator.paymentMethods(step.session.account.id)
    return { page: checkoutPage(step.settings.brand, step.session, plan, methods) }
  },
  '/problem': ({ session, settings }) =>
    session.failure === undefined || session.order
      ? { to: nextPath(session) }
      : { page: problemPage(settings.brand, session) },
  '/order': ({ session, settings }) => {
    if (session.order === undefined) return { to: nextPath(session) }
    const again = session.handedOver
    session.handedOver = true
    return { page: orderPage(settings.brand, session, session.order, again) }
  },
}

const accountPage = (
  { session, settings }: PortalStep,
  draw: (brand: PortalSettings['brand'], session: PortalSession) => Html,
): PortalAnswer =>
  session.order || session.planId === undefined ? { to: nextPath(session) } : { page: draw(settings.brand, session) }

const FORMS: Readonly<Record<string, Answering>> = {
  '/plans': step => {
    const { form = new URLSearchParams(), session, settings } = step
    if (session.order) return { to: '/order' }
    const plans = plansOf(step)
    const errors = checkPlanForm(form, plans)
    if (Object.keys(errors).length > 0) return { page: plansPage(settings.brand, session, plans, errors), status: 422 }
    session.planId = getText(form, 'plan')
    return { to: nextPath(session) }
  },

  '/sign-in': async ({ form = new URLSearchParams(), session, settings }) => {
    if (session.order) return { to: '/order' }
    session.entered = { ...session.entered, email: getText(form, 'email') }
    const errors = checkSignInForm(form)
    if (Object.keys(errors).length > 0) return { page: signInPage(settings.brand, session, errors), status: 422 }
    const account = await settings.operator.signIn(getText(form, 'email'), form.get('password') ?? '')
    if (account === undefined) {
      session.failure = { status: 'logOnFailed' }
      const wrong = {
        email: 'The email address or the password is wrong. Check both, or create an account.',
      }
      return { page: signInPage(settings.brand, session, wrong), status: 422 }
    }
    return signedIn(session, account, 'existing')
  },

  '/register': async ({ form = new URLSearchParams(), session, settings }) => {
    if (session.order) return { to: '/order' }
    session.entered = { ...session.entered, email: getText(form, 'email'), name: getText(form, 'name') }
    const errors = checkRegisterForm(form)
    if (Object.keys(errors).length > 0) return { page: registerPage(settings.brand, session, errors), status: 422 }
    const account = await settings.operator.createAccount({
      name: getText(form, 'name'),
      email: getText(form, 'email'),
      password: form.get('password') ?? '',
    })
    if (account === 'account-exists') {
      // A double click: the first request created the account.
      if (session.account !== undefined) return { to: nextPath(session) }
      const taken = { email: 'An account with this email address already exists. Sign in instead.' }
      return { page: registerPage(settings.brand, session, taken), status: 422 }
    }
    return signedIn(session, account, 'new')
  },

  '/checkout': async step => {
    const { form = new URLSearchParams(), session, settings } = step
    if (session.order) return { to: '/order' }
    const [plan, account] = [planOf(step), session.account]
    if (plan === undefined || account === undefined) return { to: nextPath(session) }
    const methods = settings.operator.paymentMethods(account.id)
    session.entered = { ...session.entered, payment: getText(form, 'payment') }
    const errors = checkCheckoutForm(form, methods)
    if (Object.keys(errors).length > 0)
      return { page: checkoutPage(settings.brand, session, plan, methods, errors), status: 422 }
    const method = methods.find(({ id }) => id === getText(form, 'payment'))!
    return placeOrder(step, plan, account.id, method)
  },

  '/cancel': async step => {
    const { session, settings } = step
    // Leaving does not cancel an order that is placed or in progress. Its page shows this.
    await session.ordering
    if (session.order) return { to: '/order' }
    const status = session.failure?.status ?? 'cancelled'
    audit(step, 'cancelled', status)
    const userAccount = session.userAccount === 'none' && session.planId !== undefined ? 'bailed' : session.userAccount
    const page = cancelledPage(settings.brand, { status, userAccount, reachedLine: session.account !== undefined })
    return { page, session: 'ended' }
  },

  '/finish': step => {
    audit(step, 'finished', step.session.order?.orderId ?? 'without an order')
    return { page: finishedPage(step.settings.brand), session: 'ended' }
  },
}

const signedIn = (
  session: PortalSession,
  account: NonNullable<PortalSession['account']>,
  kind: 'new' | 'existing',
): PortalAnswer => {
  session.account = account
  session.userAccount = kind
  delete session.failure
  return { to: nextPath(session), session: 'renamed' }
}

/** A visit places one order. Further requests wait for the result of the first one. */
const placeOrder = async (
  step: PortalStep,
  plan: PortalPlan,
  accountId: string,
  method: { readonly id: string; readonly instrument: 'new' | 'existing' },
): Promise<PortalAnswer> => {
  const { session, settings } = step
  session.ordering ??= settings.operator
    .placeOrder({
      key: session.orderKey,
      accountId,
      planId: plan.id,
      paymentId: method.id,
      eid: session.launch.eid ?? '',
      transactionId: session.launch.transactionId,
    })
    .catch((error: unknown): RefusedOrder => {
      settings.onDefect?.(error)
      return { refused: 'service', reference: 'unexpected' }
    })
  const outcome = await session.ordering
  // The second request uses the result of the first one.
  if (session.order !== undefined) return { to: '/order' }
  delete session.ordering
  if ('refused' in outcome) {
    session.failure = {
      status: outcome.refused === 'payment-declined' ? 'purchaseFailed' : 'serviceError',
      reference: outcome.reference,
    }
    audit(step, 'order-refused', outcome.reference)
    return { to: '/problem' }
  }
  delete session.failure
  // Policy S2: sign out before the user leaves the portal. The order contains the data of the last page.
  session.order = { ...outcome, plan, instrument: method.instrument }
  delete session.account
  audit(step, 'ordered', `${outcome.orderId} ${plan.id}`)
  return { to: '/order' }
}
