/** Markup that is known to be safe: made by `html`, never by gluing text. */
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

/**
 * A template whose every hole is escaped, so that nothing a user or a launch parameter says becomes markup. Holes belong
 * in text or inside quoted attribute values, nowhere else.
 */
export const html = (pieces: TemplateStringsArray, ...holes: readonly Part[]): Html => ({
  [MARKUP]: pieces.reduce((text, piece, i) => text + render(holes[i - 1]) + piece),
})

export const toMarkup = (page: Html): string => page[MARKUP]
