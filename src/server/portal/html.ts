/** Safe markup. Only `html` creates it. */
export interface Html {
  readonly [MARKUP]: string
}
const MARKUP: unique symbol = Symbol('markup')

type Part = Html | string | number | undefined | false | readonly Html[]

const escapeText = (text: string): string => text.replace(/[&<>"']/g, sign => `&#${sign.charCodeAt(0)};`)

const render = (part: Part): string => {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string') return escapeText(part)
  if (typeof part === 'number') return String(part)
  return isHtml(part) ? part[MARKUP] : part.map(item => item[MARKUP]).join('')
}
const isHtml = (part: Html | readonly Html[]): part is Html => MARKUP in part

/** Escapes each substitution of a template. Substitutions are allowed in text and in quoted attribute values only. */
export const html = (pieces: TemplateStringsArray, ...holes: readonly Part[]): Html => ({
  [MARKUP]: pieces.reduce((text, piece, i) => text + render(holes[i - 1]) + piece),
})

export const toMarkup = (page: Html): string => page[MARKUP]
