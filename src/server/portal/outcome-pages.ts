import { type Html, html } from './html.ts'
import { type Brand, csrfField, layOut } from './layout.ts'
import type { MoDirectStatus, PortalSession } from './session.ts'

/**
 * The last page. order.js passes the activation code to the app through the bridge and shows the result. The page holds it
 * as data. After a reload the page waits for a click, because two calls would start two downloads.
 */
export const orderPage = (
  brand: Brand,
  session: PortalSession,
  order: NonNullable<PortalSession['order']>,
  again: boolean,
): Html =>
  layOut(brand, {
    title: 'Order placed',
    step: 'Connect',
    script: '/static/order.js',
    body: html`<p class="lead">Thank you. Your order <strong>${order.orderId}</strong> for ${order.plan.name} is confirmed.</p>
<div id="handover" data-activation-code="${order.activationCode}" data-plan-name="${order.plan.name}" data-user-account="${
      session.userAccount
    }" data-purchase-instrument="${order.instrument}" data-iccid="${order.iccid}" data-start="${again ? 'click' : 'now'}"></div>
<p class="status" id="status" role="status" aria-live="polite">${
      again ? 'The profile was already handed to this device.' : 'Handing the profile to this device…'
    }</p>
<noscript><p class="alert">This page needs JavaScript to hand the profile to the device.</p></noscript>
<p><button type="button" class="quiet" id="again"${again ? html`` : html` hidden`}>Download again</button></p>
<form method="post" action="/finish">${csrfField(session)}<p class="actions"><button>Finish</button></p></form>
<p class="hint">You have been signed out. Finish closes this visit.</p>`,
  })

/** The page of a refused order: who can act, and how (K5, K6). */
export const problemPage = (brand: Brand, session: PortalSession): Html => {
  const { status, reference } = session.failure ?? { status: 'serviceError' as MoDirectStatus }
  const declined = status === 'purchaseFailed'
  return layOut(brand, {
    title: declined ? 'The payment was declined' : 'We could not place your order',
    step: 'Review',
    session,
    body: html`<div class="alert" role="alert"><p>${
      declined
        ? 'Your bank did not accept the payment. Nothing was charged. Choose another payment method, or ask your bank.'
        : 'Our systems did not respond as expected. Nothing was charged. Try again in a minute.'
    }</p></div>
<p><a class="button" href="/checkout">${declined ? 'Choose another payment' : 'Try again'}</a></p>
<p>If the problem remains, <a href="/support">ask our support</a>${
      reference !== undefined && html` and name this reference: <code>${reference}</code>`
    }. Or cancel and return to the app.</p>`,
  })
}

/** Ends the visit and notifies the app of the reason (notifyCancelledPurchase). */
export const cancelledPage = (
  brand: Brand,
  ended: { status: MoDirectStatus; userAccount: PortalSession['userAccount']; reachedLine: boolean },
): Html =>
  layOut(brand, {
    title: ended.status === 'cancelled' ? 'Order canceled' : 'We cannot continue',
    script: '/static/cancel.js',
    body: html`<p class="lead">${
      ended.status === 'clientError'
        ? 'The app did not send enough data about this device. Start again from the app. If the error remains, contact our support.'
        : ended.status === 'invalidSIM'
          ? 'The SIM in this device is not one of ours, so we cannot add a plan to it.'
          : 'Nothing was ordered and nothing was charged.'
    }</p>
<div id="cancelled" data-status="${ended.status}" data-user-account="${ended.userAccount}" data-line="${
      ended.reachedLine ? 'bailed' : 'none'
    }"></div>
<p class="hint">You can close this page.</p>`,
  })

export const finishedPage = (brand: Brand): Html =>
  layOut(brand, {
    title: 'All done',
    body: html`<p class="lead">You are signed out and this visit is closed. You can return to the app.</p>`,
  })

/** The page without a session or with an expired session. */
export const endedPage = (brand: Brand): Html =>
  layOut(brand, {
    title: 'This visit has ended',
    body: html`<p class="lead">For security, a visit ends after thirty minutes without a click, and when an order is finished.
Go back to the Mobile Plans app and open ${brand.name} again to start a new one.</p>`,
  })

export const refusedPage = (brand: Brand, title: string, text: string): Html =>
  layOut(brand, { title, body: html`<p class="lead">${text}</p><p><a href="/support">Support</a></p>` })

export const termsPage = (brand: Brand): Html =>
  layOut(brand, {
    title: 'Terms of service',
    back: { href: '/continue', text: 'Back to your order' },
    body: html`<p>${brand.name} is the operator of a test bench. Plans are used with test profiles on a test network; prices are
shown for test purchases, and no money is transferred.</p>
<h2>Your plan</h2><p>A plan begins when the profile first registers on the network and ends when its days or its data are used up.
A prepaid plan ends by itself. A contract can be canceled in your account at the end of any month.</p>
<h2>Your profile</h2><p>An order is one profile for one eSIM. A download that fails can be repeated with the same order.</p>`,
  })

export const privacyPage = (brand: Brand): Html =>
  layOut(brand, {
    title: 'Privacy',
    back: { href: '/continue', text: 'Back to your order' },
    body: html`<p>The app sends ${brand.name} the EID of the eSIM, the IMEI of the device, your region and the location of the device.
They are used to prepare the profile for this device and are kept with the order. Your password is kept only in a form from which
it cannot be read.</p>`,
  })

export const supportPage = (brand: Brand): Html =>
  layOut(brand, {
    title: 'Support',
    back: { href: '/continue', text: 'Back to your order' },
    body: html`<p>Write to <strong>${brand.support.email}</strong> or call <strong>${brand.support.phone}</strong>, and have your order number at hand.</p>`,
  })
