/** All files that the pages of the portal load. */
export interface Asset {
  readonly type: string
  readonly text: string
}

const MARK = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#0b5d66"/><path d="M9 22V10l14 12V10" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>`

/** Both scripts fill the purchase metadata from data attributes, with the values of the enum objects of the app. */
const ORDER = `'use strict'
const handover = document.getElementById('handover')
const status = document.getElementById('status')
const again = document.getElementById('again')
const show = (text, mood) => {
  status.textContent = text
  status.className = 'status' + (mood ? ' ' + mood : '')
}
const REGISTERED = ['home', 'roaming', 'partner']

window.onProfileActivated = text => {
  const result = JSON.parse(text)
  if (result.activationResult === 'success') show('The profile is installed. Waiting for the network…')
  else {
    show('The profile could not be installed (' + result.activationResult + '). Your order remains valid. Try the download again, or ask our support.', 'bad')
    again.hidden = false
  }
}
window.onRegistrationChanged = text => {
  const state = JSON.parse(text).networkRegistrationState
  if (REGISTERED.includes(state)) show('You are connected. Enjoy your plan!', 'good')
  else if (state === 'denied') show('The network did not accept this device yet. Our support can help.', 'bad')
  else show('Searching the network…')
}

const hand = () => {
  if (typeof MobilePlansInlineOperations === 'undefined') {
    show('Open this page in the Mobile Plans app to install the profile.', 'bad')
    return
  }
  const metadata = MobilePlans.createPurchaseMetaData()
  metadata.userAccount = MobilePlansUserAccount[handover.dataset.userAccount]
  metadata.purchaseInstrument = MobilePlansPurchaseInstrument[handover.dataset.purchaseInstrument]
  metadata.line = MobilePlansLineType.new
  metadata.moDirectStatus = MobilePlansMoDirectStatus.complete
  metadata.planName = handover.dataset.planName
  MobilePlansInlineOperations.profileActivationCompleteScript = 'onProfileActivated'
  MobilePlansInlineOperations.registrationChangedScript = 'onRegistrationChanged'
  again.hidden = true
  show('Downloading the profile…')
  MobilePlansInlineOperations.notifyProfileDownload(metadata, handover.dataset.activationCode)
}
again.addEventListener('click', hand)
if (handover.dataset.start === 'now') hand()
`

const CANCEL = `'use strict'
const ended = document.getElementById('cancelled')
if (typeof MobilePlans !== 'undefined') {
  const metadata = MobilePlans.createPurchaseMetaData()
  metadata.userAccount = MobilePlansUserAccount[ended.dataset.userAccount]
  metadata.purchaseInstrument = MobilePlansPurchaseInstrument.none
  metadata.line = MobilePlansLineType[ended.dataset.line]
  metadata.moDirectStatus = MobilePlansMoDirectStatus[ended.dataset.status]
  metadata.planName = ''
  MobilePlans.notifyCancelledPurchase(metadata)
}
`

const CSS = `:root {
  color-scheme: light;
  --ink: #14282b; --soft: #4d6367; --line: #d5dfe0; --page: #f4f7f7; --card: #fff;
  --brand: #0b5d66; --brand-dark: #084850; --tint: #e5f1f2; --bad: #9c1c2c; --bad-tint: #fdeef0; --good: #1a6b3c; --note: #fff6df;
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--page); color: var(--ink);
  font: 16px/1.5 "Segoe UI", system-ui, -apple-system, "Noto Sans", sans-serif; }
a { color: var(--brand); text-underline-offset: 2px; }
:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; background: var(--card); padding: 8px 12px; z-index: 1; }
header { display: flex; align-items: center; gap: 16px 24px; flex-wrap: wrap; padding: 12px 24px; background: var(--card); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: 10px; font-weight: 650; font-size: 1.05rem; }
.brand img { display: block; }
.steps { display: flex; gap: 6px 20px; flex-wrap: wrap; margin: 0 auto; padding: 0; list-style: none; color: var(--soft); font-size: .9rem; }
.steps li { display: flex; align-items: center; gap: 8px; }
.dot { width: 24px; height: 24px; border-radius: 50%; display: grid; place-items: center; background: var(--page); border: 1px solid var(--line); font-size: .8rem; }
.steps [aria-current] { color: var(--ink); font-weight: 600; }
.steps [aria-current] .dot, .steps .done .dot { background: var(--brand); border-color: var(--brand); color: #fff; }
.leave { margin-left: auto; }
.steps + .leave { margin-left: 0; }
main { flex: 1; width: min(960px, 100%); margin: 0 auto; padding: 16px 24px 24px; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 12px; letter-spacing: -.01em; }
h2 { font-size: 1.1rem; margin: 24px 0 4px; }
.lead { font-size: 1.1rem; max-width: 60ch; }
.back { display: inline-block; margin-bottom: 8px; text-decoration: none; }
.how { padding-left: 1.2em; color: var(--soft); }
button, .button { display: inline-block; border: 1px solid var(--brand); background: var(--brand); color: #fff; font: inherit; font-weight: 600;
  padding: 10px 22px; border-radius: 8px; text-decoration: none; cursor: pointer; }
button:hover, .button:hover { background: var(--brand-dark); }
.quiet { background: transparent; color: var(--brand); border-color: var(--line); padding: 7px 16px; }
.quiet:hover { background: var(--tint); }
.actions { margin: 18px 0; }
fieldset { border: 0; margin: 0; padding: 0; }
legend { padding: 0; color: var(--soft); margin-bottom: 10px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(215px, 1fr)); gap: 12px; }
.cards legend { grid-column: 1 / -1; }
.card { position: relative; display: flex; flex-direction: column; gap: 4px; padding: 14px 14px 14px 44px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; cursor: pointer; }
.card input { position: absolute; left: 15px; top: 19px; margin: 0; }
.card:hover { border-color: var(--brand); }
.card:has(:checked) { border-color: var(--brand); box-shadow: inset 0 0 0 1px var(--brand); background: var(--tint); }
.card .name { font-weight: 650; font-size: 1.1rem; }
.card .price { font-size: 1.3rem; font-weight: 650; line-height: 1.3; }
.card small, .review small { font-size: .8rem; font-weight: 400; color: var(--soft); }
.card small { display: block; }
.card .facts { font-weight: 600; color: var(--brand); }
.card .text { color: var(--soft); font-size: .88rem; line-height: 1.4; }
input[type=radio], input[type=checkbox] { width: 18px; height: 18px; accent-color: var(--brand); }
.narrow { max-width: 420px; }
.field { margin: 0 0 18px; }
.field > label { display: block; font-weight: 600; margin-bottom: 4px; }
.field input:not([type=checkbox]) { width: 100%; font: inherit; padding: 10px 12px; border: 1px solid #8aa0a3; border-radius: 8px; background: var(--card); color: inherit; }
.field input[aria-invalid] { border-color: var(--bad); }
.hint { color: var(--soft); font-size: .9rem; margin: 0 0 6px; }
.error { color: var(--bad); font-size: .92rem; font-weight: 600; margin: 0 0 6px; }
.choice { display: flex !important; align-items: center; gap: 10px; padding: 10px 0; font-weight: 400 !important; cursor: pointer; flex-wrap: wrap; }
.choices { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 12px 18px; }
.choices legend { float: left; width: 100%; margin: 4px 0; font-weight: 600; color: var(--ink); }
.choices .choice { clear: both; }
.review { margin: 0 0 20px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 4px 18px; }
.review div { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 12px 0; border-bottom: 1px solid var(--line); }
.review div:last-child { border-bottom: 0; }
.review dt { width: 110px; color: var(--soft); }
.review dd { margin: 0; flex: 1; min-width: 200px; }
.review .total dd { font-weight: 650; font-size: 1.15rem; }
.alert, .notice { border-left: 4px solid var(--bad); background: var(--bad-tint); padding: 10px 16px; border-radius: 0 8px 8px 0; margin: 0 0 20px; }
.notice { border-color: #c98a00; background: var(--note); }
.alert p, .alert ul, .notice p { margin: 4px 0; }
.alert a { color: var(--bad); }
.status { background: var(--tint); border-radius: 12px; padding: 16px 18px; font-weight: 600; }
.status.good { background: #e4f4ea; color: var(--good); }
.status.bad { background: var(--bad-tint); color: var(--bad); }
footer { padding: 14px 24px; border-top: 1px solid var(--line); background: var(--card); font-size: .9rem; }
footer a { margin-right: 16px; }
@media (max-width: 560px) { main { padding: 16px; } .steps { order: 3; width: 100%; } .review dt { width: 100%; } }
`

export const ASSETS: Readonly<Record<string, Asset>> = {
  '/static/portal.css': { type: 'text/css; charset=utf-8', text: CSS },
  '/static/order.js': { type: 'text/javascript; charset=utf-8', text: ORDER },
  '/static/cancel.js': { type: 'text/javascript; charset=utf-8', text: CANCEL },
  '/static/mark.svg': { type: 'image/svg+xml', text: MARK },
}
