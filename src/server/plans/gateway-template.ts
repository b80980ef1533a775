import { z } from 'zod'

/** A text per language (BCP 47), or one for all. */
export const LocalisedText = z.union([
  z.string().min(1),
  z.record(z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/), z.string().min(1)),
])
export type LocalisedText = z.infer<typeof LocalisedText>

/** `0xRRGGBBAA`, the contract's own notation. */
const Colour = z
  .string()
  .regex(/^0x[0-9A-Fa-f]{8}$/, 'a colour is written 0xRRGGBBAA, eight hexadecimal digits after 0x')

const Image = z.strictObject({
  uri: z.string().regex(/^https:\/\/[^\s]+\.png$/i, 'an image is a png at an https address'),
  width: z.int().min(1).max(1200, 'an image is at most 1200 wide'),
  height: z.int().min(1).max(600, 'an image is at most 600 high'),
})

/** One enhanced gateway page (reference §2.4). Strict JSON: comments and trailing commas of the contract's sample are refused. */
export const EnhancedGatewayTemplate = z.strictObject({
  // The table calls the id a string, the sample writes a number: both are taken, a string is kept.
  id: z.union([z.string().min(1), z.int().min(0)]).transform(String),
  backgroundColor: Colour.optional(),
  bodyFontColor: Colour.optional(),
  bodyText: LocalisedText,
  buttonColor: Colour.optional(),
  buttonFontColor: Colour.optional(),
  buttonText: LocalisedText.optional(),
  hyperlinkFontColor: Colour.optional(),
  images: z.array(Image).default([]),
})
export type EnhancedGatewayTemplate = z.infer<typeof EnhancedGatewayTemplate>

/** What the app draws: every value settled, colours as CSS writes them; `null` is the user's own accent colour. */
export interface GatewayPage {
  readonly templateId: string
  readonly kind: 'standard' | 'enhanced'
  readonly backgroundColor: string
  readonly bodyFontColor: string
  readonly bodyText: string
  readonly buttonColor: string | null
  readonly buttonFontColor: string
  readonly buttonText: string
  readonly hyperlinkFontColor: string | null
  readonly image: { readonly uri: string; readonly width: number; readonly height: number } | null
  /** Not customisable (reference §2.4): the user is told what is about to be shared. */
  readonly disclaimer: string
}

const cssColour = (colour: string | undefined): string | undefined => colour && `#${colour.slice(2).toLowerCase()}`

/** The text in the first of the client's languages that it has, else in English, else in any. */
export const textIn = (text: LocalisedText, languages: readonly string[]): string => {
  if (typeof text === 'string') return text
  const byTag = new Map(Object.entries(text).map(([tag, words]) => [tag.toLowerCase(), words]))
  for (const language of [...languages.map(tag => tag.toLowerCase()), 'en'])
    for (const tag of [language, language.split('-')[0]!]) {
      const words = byTag.get(tag)
      if (words !== undefined) return words
    }
  return Object.values(text)[0] ?? ''
}

const disclaimerOf = (brand: string): string =>
  `Continue shares the numbers of this device (IMEI), of its eSIM (EID) and of the ${brand} profiles on it, your region and the country where you are with ${brand}.`

/** The biggest picture is the best one for a bench, whose screen has no fixed resolution. */
const bestImage = (images: EnhancedGatewayTemplate['images']): GatewayPage['image'] =>
  images.reduce<GatewayPage['image']>((best, image) => (best && best.width >= image.width ? best : image), null)

/** The template with the contract's defaults; the standard page when there is none. */
export const drawGateway = (
  template: EnhancedGatewayTemplate | undefined,
  brand: string,
  languages: readonly string[],
): GatewayPage => ({
  templateId: template?.id ?? '0',
  kind: template === undefined ? 'standard' : 'enhanced',
  backgroundColor: cssColour(template?.backgroundColor) ?? '#ffffffff',
  bodyFontColor: cssColour(template?.bodyFontColor) ?? '#000000ff',
  bodyText: template === undefined ? brand : textIn(template.bodyText, languages),
  buttonColor: cssColour(template?.buttonColor) ?? null,
  buttonFontColor: cssColour(template?.buttonFontColor) ?? '#ffffffff',
  buttonText: template?.buttonText === undefined ? 'Continue' : textIn(template.buttonText, languages),
  hyperlinkFontColor: cssColour(template?.hyperlinkFontColor) ?? null,
  image: template === undefined ? null : bestImage(template.images),
  disclaimer: disclaimerOf(brand),
})
