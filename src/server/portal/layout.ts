import { type Html, html } from './html.ts'
import type { PortalSession } from './session.ts'

/** The brand on each page. Support must be reachable from each page (reference §3.4 B4). */
export interface Brand {
  readonly name: string
  readonly support: { readonly email: string; readonly phone: string }
}

const STEPS = ['Plan', 'Account', 'Review', 'Connect'] as const
export type StepName = (typeof STEPS)[number]

export interface PageContent {
  readonly title: string
  readonly body: Html
  /** The step of the purchase; undefined on other pages. */
  readonly step?: StepName
  /** The portal provides a back link (U5). */
  readonly back?: { readonly href: string; readonly text: string }
  /** During a purchase the page has a Cancel button (U8). */
  readonly session?: PortalSession | undefined
  readonly script?: string
}

const stepList = (current: StepName): Html =>
  html`<ol class="steps" aria-label="Steps of your order">${STEPS.map(
    (step, i) =>
      html`<li${i < STEPS.indexOf(current) ? html` class="done"` : html``}${
        step === current ? html` aria-current="step"` : html``
      }><span class="dot">${i + 1}</span>${step}</li>`,
  )}</ol>`

export const csrfField = (session: PortalSession): Html =>
  html`<input type="hidden" name="csrf" value="${session.csrf}">`

const cancelForm = (session: PortalSession): Html =>
  html`<form class="leave" method="post" action="/cancel">${csrfField(
    session,
  )}<button class="quiet">Cancel</button></form>`

/** Renders a page without inline scripts and styles and without resources of other hosts. */
export const layOut = (brand: Brand, page: PageContent): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · ${brand.name}</title>
<link rel="icon" href="/static/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/portal.css">
${page.script !== undefined && html`<script src="${page.script}" defer></script>`}
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header>
<div class="brand"><img src="/static/mark.svg" alt="" width="32" height="32"><span>${brand.name}</span></div>
${page.step !== undefined && stepList(page.step)}
${page.session !== undefined && cancelForm(page.session)}
</header>
<main id="content">
${page.back !== undefined && html`<a class="back" href="${page.back.href}">‹ ${page.back.text}</a>`}
<h1>${page.title}</h1>
${page.body}
</main>
<footer>
<nav aria-label="About us"><a href="/terms">Terms</a> <a href="/privacy">Privacy</a> <a href="/support">Support</a></nav>
</footer>
</body>
</html>`

/** The errors of the form above it, where a screen reader starts. */
export const formAlert = (errors: Readonly<Record<string, string>>): Html => {
  const list = Object.entries(errors)
  if (list.length === 0) return html``
  return html`<div class="alert" role="alert"><p>Please check ${list.length === 1 ? 'one thing' : 'these things'}:</p>
<ul>${list.map(([field, text]) => html`<li><a href="#${field}">${text}</a></li>`)}</ul></div>`
}

/** A labeled field with its message. */
export const field = (given: {
  readonly name: string
  readonly label: string
  readonly type: 'text' | 'email' | 'password'
  readonly autocomplete: string
  readonly value?: string | undefined
  readonly hint?: string
  readonly error?: string | undefined
}): Html => {
  const { name, label, error, hint } = given
  const described = [hint !== undefined && `${name}-hint`, error !== undefined && `${name}-error`].filter(Boolean)
  return html`<div class="field"><label for="${name}">${label}</label>
${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
${error !== undefined && html`<p class="error" id="${name}-error">${error}</p>`}
<input id="${name}" name="${name}" type="${given.type}" autocomplete="${given.autocomplete}" value="${
    given.value ?? ''
  }" required${error !== undefined ? html` aria-invalid="true"` : html``}${
    described.length > 0 ? html` aria-describedby="${described.join(' ')}"` : html``
  }></div>`
}
