import { z } from 'zod'

/** A text for each language (BCP 47), or one text for all. */
export const LocalizedText = z.union([
  z.string().min(1),
  z.record(z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/), z.string().min(1)),
])
export type LocalizedText = z.infer<typeof LocalizedText>

/** `0xRRGGBBAA`, the notation of the contract. */
const Color = z.string().regex(/^0x[0-9A-Fa-f]{8}$/, 'a color is written 0xRRGGBBAA, eight hexadecimal digits after 0x')

const Image = z.strictObject({
  uri: z.string().regex(/^https:\/\/[^\s]+\.png$/i, 'an image must be a PNG at an https address'),
  width: z.int().min(1).max(1200, 'an image must be at most 1200 pixels wide'),
  height: z.int().min(1).max(600, 'an image must be at most 600 pixels high'),
})

/** An enhanced gateway page (reference §2.4). Strict JSON, without the comments and final commas of the contract's sample. */
export const EnhancedGatewayTemplate = z.strictObject({
  // The id is a string in the table and a number in the sample. Both are accepted and stored as a string.
  id: z.union([z.string().min(1), z.int().min(0)]).transform(String),
  backgroundColor: Color.optional(),
  bodyFontColor: Color.optional(),
  bodyText: LocalizedText,
  buttonColor: Color.optional(),
  buttonFontColor: Color.optional(),
  buttonText: LocalizedText.optional(),
  hyperlinkFontColor: Color.optional(),
  images: z.array(Image).default([]),
})
export type EnhancedGatewayTemplate = z.infer<typeof EnhancedGatewayTemplate>

/** The template for the app, without missing values. Colors have the CSS form; `null` is the accent color of the user. */
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
  /** The fixed consent text about shared data (reference §2.4). */
  readonly disclaimer: string
}

const cssColor = (color: string | undefined): string | undefined => color && `#${color.slice(2).toLowerCase()}`

/** Returns the text in the first available language of the client, otherwise in English or any language. */
export const textIn = (text: LocalizedText, languages: readonly string[]): string => {
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
  `Continue shares the device number (IMEI), the eSIM number (EID), the ICCIDs of the ${brand} profiles, your region and your country with ${brand}.`

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
  backgroundColor: cssColor(template?.backgroundColor) ?? '#ffffffff',
  bodyFontColor: cssColor(template?.bodyFontColor) ?? '#000000ff',
  bodyText: template === undefined ? brand : textIn(template.bodyText, languages),
  buttonColor: cssColor(template?.buttonColor) ?? null,
  buttonFontColor: cssColor(template?.buttonFontColor) ?? '#ffffffff',
  buttonText: template?.buttonText === undefined ? 'Continue' : textIn(template.buttonText, languages),
  hyperlinkFontColor: cssColor(template?.hyperlinkFontColor) ?? null,
  image: template === undefined ? null : bestImage(template.images),
  disclaimer: disclaimerOf(brand),
})
