/** Who walks the portal alone, and what they want. */
export interface Shopper {
  /** Name (or a part of it) of the plan; absent: the first one offered. */
  readonly plan?: string
  /** `isNew`: opens the account on the way; else signs in. */
  readonly account: {
    readonly email: string
    readonly password: string
    readonly name: string
    readonly isNew: boolean
  }
  /** Label (or a part of it) of the payment; absent: the first one offered. */
  readonly payment?: string
  /** Presses Cancel on the page whose heading has this in it. */
  readonly cancelAt?: string
}

/** What to do on a page. */
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

/** What the page says in large letters. */
export const getHeading = (document: Document): string => textOf(document.querySelector('h1')) || document.title
/** What the page complains about, if it does. */
export const getAlertText = (document: Document): string => textOf(document.querySelector('[role=alert]'))

/** Reads a page as a person does, by its headings, labels and buttons, fills in its form, and says which way to go. */
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
  // A link that looks like a button is the page's own idea of the way on.
  const link = links.find(one => one.matches('.button, [role=button]')) ?? links.find(one => GOING_ON.test(textOf(one)))
  return link === undefined
    ? { go: 'nowhere', reason: 'the page offers no form and no way on' }
    : { go: 'follow', link }
}

/** The form that ends the visit, on the last page. */
export const finishingForm = (document: Document): HTMLFormElement | undefined =>
  [...document.querySelectorAll('form')].find(form => /\b(finish|done|close)\b/i.test(textOf(buttonOf(form))))

const buttonOf = (form: HTMLFormElement): HTMLElement | null =>
  form.querySelector<HTMLElement>('button:not([type=button]):not([type=reset]), input[type=submit]')

/** On the sign-in page a new customer looks for the way to open an account, and the other way round. */
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

/** Everything the page says about a control: its label, the legend of its group, its name. */
const wordsOf = (control: Control): string =>
  [
    ...[...(control.labels ?? [])].map(textOf),
    control.getAttribute('aria-label') ?? '',
    textOf(control.closest('fieldset')?.querySelector('legend') ?? null),
    control.name,
  ].join(' ')

/** Fills the form; the sentence says what could not be filled. */
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
      else if (input.required && input.value === '') return `nobody told the user what to enter in "${labelOf(input)}"`
    }
  }
  for (const options of groups.values()) {
    const fault = choose(options, options[0]!, shopper)
    if (fault !== undefined) return fault
  }
  const invalid = [...form.elements].filter(isControl).find(control => !control.checkValidity())
  return invalid && `"${labelOf(invalid)}" cannot be filled so that the page accepts it`
}

const labelOf = (control: Control): string => textOf(control.labels?.[0] ?? null) || control.name

const valueFor = (input: HTMLInputElement, { account }: Shopper): string | undefined => {
  const words = `${input.autocomplete} ${wordsOf(input)}`
  if (input.type === 'password') return account.password
  if (input.type === 'email' || /\b(e-?mail|user ?name|login)\b/i.test(words)) return account.email
  return /\bname\b/i.test(words) ? account.name : undefined
}

/** One of several: the plan and the payment by what the user wants, anything else as the page has it, or the first. */
const choose = (
  options: readonly (HTMLInputElement | HTMLOptionElement)[],
  about: Control,
  shopper: Shopper,
): string | undefined => {
  const words = wordsOf(about)
  const [subject, wanted] = /\b(plans?|tariffs?|offers?)\b/i.test(words)
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
  if (option === undefined) return `the page offers no ${subject} "${wanted ?? ''}"`
  if ('checked' in option) option.checked = true
  else option.selected = true
  return undefined
}
