import type { PortalPayment, PortalPlan } from './operator-side.ts'

/** A sentence for each invalid field. A valid form has none. */
export type FieldErrors = Readonly<Record<string, string>>

export const checkPlanForm = (form: URLSearchParams, plans: readonly PortalPlan[]): FieldErrors =>
  plans.some(plan => plan.id === form.get('plan')) ? {} : { plan: 'Choose one of the plans to continue.' }

export const checkSignInForm = (form: URLSearchParams): FieldErrors => ({
  ...emailError(form),
  ...((form.get('password') ?? '') === '' && { password: 'Enter your password.' }),
})

export const checkRegisterForm = (form: URLSearchParams): FieldErrors => ({
  ...(getText(form, 'name') === '' && { name: 'Enter your name.' }),
  ...(getText(form, 'name').length > 100 && { name: 'Enter a name of at most 100 characters.' }),
  ...emailError(form),
  ...((form.get('password') ?? '').length < 8 && { password: 'Choose a password of at least 8 characters.' }),
  ...((form.get('password') ?? '').length > 200 && { password: 'Choose a password of at most 200 characters.' }),
})

export const checkCheckoutForm = (form: URLSearchParams, methods: readonly PortalPayment[]): FieldErrors => ({
  ...(!methods.some(method => method.id === form.get('payment')) && { payment: 'Choose how you want to pay.' }),
  ...(form.get('terms') !== 'accepted' && { terms: 'Read and accept the terms to place the order.' }),
})

export const getText = (form: URLSearchParams, name: string): string => (form.get(name) ?? '').trim()

const emailError = (form: URLSearchParams): FieldErrors =>
  /^[^\s@]{1,64}@[^\s@]+\.[^\s@]+$/.test(getText(form, 'email')) && getText(form, 'email').length <= 200
    ? {}
    : { email: 'Enter an email address like name@example.com.' }

const MAX_BYTES = 16 * 1024

/** Parses the submitted form, or returns the status of the error. */
export const readForm = async (request: Request): Promise<URLSearchParams | 413 | 415> => {
  const type = (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') return 415
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BYTES) return 413
  const text = await request.text()
  return text.length > MAX_BYTES ? 413 : new URLSearchParams(text)
}
