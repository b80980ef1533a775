/** A simulated user of the portal and its choices. */
export interface Shopper {
  /** Name or part of the name of the plan. Default: the first plan. */
  readonly plan?: string
  /** `isNew`: creates the account; otherwise signs in. */
  readonly account: {
    readonly email: string
    readonly password: string
    readonly name: string
    readonly isNew: boolean
  }
  /** Label or part of the label of the payment. Default: the first payment. */
  readonly payment?: string
  /** Presses Cancel on the page whose heading contains this text. */
  readonly cancelAt?: string
}

/** The next action on a page. */
export type Decision =
  | { readonly go: 'send'; readonly form: HTMLFormElement; readonly button: HTMLElement | null }
  | { readonly go: 'follow'; readonly link: HTMLAnchorElement }
  | { readonly go: 'nowhere'; readonly reason: string }

const LEAVING = /\b(cancel|sign out|log ?out|leave|back|finish|close)\b/i
const REGISTERING = /\b(create|register|sign ?up|open an account|new account)\b/i
const SIGNING_IN = /\b(sign ?in|log ?in)\b/i
const GOING_ON = /\b(continue|next|start|see|choose|plans?|buy|order|try|connect|checkout)\b/i

const textOf = (element: Element | null): string => (element?.textContent ?? '').replace(/\s+/g, ' ').trim()
const has = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase())

/** Returns the heading of the page. */
export const getHeading = (document: Document): string => textOf(document.querySelector('h1')) || document.title
/** Returns the error that the page shows, if any. */
export const getAlertText = (document: Document): string => textOf(document.querySelector('[role=alert]'))

/** Reads headings, labels and buttons of a page, fills in its form, and returns the next action. */
export const decide = (document: Document, shopper: Shopper): Decision => {
  const forms = [...document.querySelectorAll('form')]
  if (shopper.cancelAt !== undefined && has(getHeading(document), shopper.cancelAt)) {
    const form = forms.find(one => /\bcancel\b/i.test(textOf(buttonOf(one))))
    return form === undefined
      ? { go: 'nowhere', reason: 'the page has no Cancel' }
      : { go: 'send', form, button: buttonOf(form) }
  }

  const place = document.querySelector('main') ?? document.body
  const links = [...place.querySelectorAll<HTMLAnchorElement>('a[href]')].filter(link => !LEAVING.test(textOf(link)))
  const form = forms.find(one => !LEAVING.test(textOf(buttonOf(one))))
  if (form !== undefined) {
    const elsewhere = otherAccountPage(form, links, shopper)
    if (elsewhere !== undefined) return { go: 'follow', link: elsewhere }
    const unknown = fillIn(form, shopper)
    return unknown === undefined ? { go: 'send', form, button: buttonOf(form) } : { go: 'nowhere', reason: unknown }
  }
  // A link with the style of a button is the main action of the page.
  const link = links.find(one => one.matches('.button, [role=button]')) ?? links.find(one => GOING_ON.test(textOf(one)))
  return link === undefined
    ? { go: 'nowhere', reason: 'the page has no form and no link to continue' }
    : { go: 'follow', link }
}

/** Returns the form on the last page that ends the visit. */
export const finishingForm = (document: Document): HTMLFormElement | undefined =>
  [...document.querySelectorAll('form')].find(form => /\b(finish|done|close)\b/i.test(textOf(buttonOf(form))))

const buttonOf = (form: HTMLFormElement): HTMLElement | null =>
  form.querySelector<HTMLElement>('button:not([type=button]):not([type=reset]), input[type=submit]')

/** Returns the link to the registration page for a new customer, and to the sign-in page otherwise. */
const otherAccountPage = (
  form: HTMLFormElement,
  links: readonly HTMLAnchorElement[],
  { account }: Shopper,
): HTMLAnchorElement | undefined => {
  if (form.querySelector('input[type=password]') === null) return undefined
  const registers =
    form.querySelector('[autocomplete=new-password]') !== null || REGISTERING.test(textOf(buttonOf(form)))
  if (registers === account.isNew) return undefined
  return links.find(link => (account.isNew ? REGISTERING : SIGNING_IN).test(textOf(link)))
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

const isControl = (element: Element): element is Control => /^(input|select|textarea)$/.test(element.localName)

/** Returns the label, the legend of the group, and the name of a control. */
const wordsOf = (control: Control): string =>
  [
    ...[...(control.labels ?? [])].map(textOf),
    control.getAttribute('aria-label') ?? '',
    textOf(control.closest('fieldset')?.querySelector('legend') ?? null),
    control.name,
  ].join(' ')

/** Fills the form. Returns a sentence about a control that could not be filled. */
const fillIn = (form: HTMLFormElement, shopper: Shopper): string | undefined => {
  const controls = [...form.elements].filter(isControl)
  const groups = new Map<string, HTMLInputElement[]>()
  for (const control of controls) {
    if (control.localName === 'select') {
      const fault = choose(
        [...(control as HTMLSelectElement).options].filter(({ value }) => value !== ''),
        control,
        shopper,
      )
      if (fault !== undefined) return fault
      continue
    }
    const input = control as HTMLInputElement
    if (input.type === 'radio') groups.set(input.name, [...(groups.get(input.name) ?? []), input])
    else if (input.type === 'checkbox') input.checked ||= input.required || /\b(accept|agree)\b/i.test(wordsOf(input))
    else if (!['hidden', 'submit', 'button', 'reset', 'image', 'file'].includes(input.type)) {
      const value = valueFor(input, shopper)
      if (value !== undefined) input.value = value
      else if (input.required && input.value === '') return `the simulated user has no value for "${labelOf(input)}"`
    }
  }
  for (const options of groups.values()) {
    const fault = choose(options, options[0]!, shopper)
    if (fault !== undefined) return fault
  }
  const invalid = [...form.elements].filter(isControl).find(control => !control.checkValidity())
  return invalid && `"${labelOf(invalid)}" cannot be filled with a value that the page accepts`
}

const labelOf = (control: Control): string => textOf(control.labels?.[0] ?? null) || control.name

const valueFor = (input: HTMLInputElement, { account }: Shopper): string | undefined => {
  const words = `${input.autocomplete} ${wordsOf(input)}`
  if (input.type === 'password') return account.password
  if (input.type === 'email' || /\b(e-?mail|user ?name|login)\b/i.test(words)) return account.email
  return /\bname\b/i.test(words) ? account.name : undefined
}

/** Selects an option: plan and payment by the settings of the user, otherwise the preselected or the first one. */
const choose = (
  options: readonly (HTMLInputElement | HTMLOptionElement)[],
  about: Control,
  shopper: Shopper,
): string | undefined => {
  const words = wordsOf(about)
  const [choice, wanted] = /\b(plans?|tariffs?|offers?)\b/i.test(words)
    ? ['plan', shopper.plan]
    : /\b(pay|payment)\b/i.test(words)
      ? ['payment', shopper.payment]
      : ['choice', undefined]
  const wordsOfOption = (option: HTMLInputElement | HTMLOptionElement): string =>
    'labels' in option
      ? `${[...(option.labels ?? [])].map(textOf).join(' ')} ${option.value}`
      : `${textOf(option)} ${option.value}`
  const isTaken = (option: HTMLInputElement | HTMLOptionElement): boolean =>
    'checked' in option ? option.checked : option.selected
  const option =
    wanted === undefined ? (options.find(isTaken) ?? options[0]) : options.find(one => has(wordsOfOption(one), wanted))
  if (option === undefined) return `the page offers no ${choice} "${wanted ?? ''}"`
  if ('checked' in option) option.checked = true
  else option.selected = true
  return undefined
}
