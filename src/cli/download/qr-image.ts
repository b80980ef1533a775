import type { Sharp } from 'sharp'
import { BenchError } from '../../host/error.ts'
import { readInput } from '../options.ts'

/** Limits the memory: a small file may declare any size. Photographs of phones are smaller. */
const MAX_PIXELS = 25_000_000

/** The first bytes in hexadecimal. */
const SIGNATURES: readonly (readonly [format: string, signature: RegExp])[] = [
  ['PNG', /^89504e470d0a1a0a/],
  ['JPEG', /^ffd8ff/],
  ['GIF', /^47494638/],
  ['WebP', /^52494646.{8}57454250/],
]

/** Returns the text of the QR code in a PNG, JPEG, WebP or GIF file. Throws `qr-image` if it cannot be read. */
export const readQrImage = async (path: string): Promise<string> => {
  const bytes = readInput(path, 'QR image')
  const start = Buffer.from(bytes.subarray(0, 16)).toString('hex')
  // Only these formats reach the decoder, which also knows formats that read other files.
  const format = SIGNATURES.find(([, signature]) => signature.test(start))?.[0]
  if (format === undefined)
    throw new BenchError(
      'qr-image',
      `${path} is not a PNG, JPEG, WebP or GIF image; save the QR code in one of these formats, or give the activation code as text`,
    )
  const { default: sharp } = await import('sharp').catch((cause: unknown) => {
    throw new BenchError(
      'no-program',
      'the package sharp, which decodes images, cannot be loaded; install the packages again with npm ci, or give the activation code as text',
      { cause },
    )
  })
  const damaged = (cause: unknown): never => {
    const [detail] = (cause as Error).message.split('\n')
    throw new BenchError('qr-image', `${path} is a damaged ${format} image: ${detail}; save the QR code again`, {
      cause,
    })
  }
  const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata().catch(damaged)
  if (width * height > MAX_PIXELS)
    throw new BenchError(
      'qr-image',
      `${path} has ${width} x ${height} pixels, more than the limit; crop it to the QR code, or give the activation code as text`,
    )
  const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'truncated' })
  const original = await toPixels(width < SMALL ? enlarge(image, width, height) : image).catch(damaged)
  const found = await findQr(original)
  if (found !== undefined) return found
  const hint = width < 60 ? '; the image is very small' : ''
  throw new BenchError(
    'qr-image',
    `no QR code was found in ${path} (${width} x ${height} pixels${hint}); give the activation code as text`,
  )
}

interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** Returns RGBA. Transparent pixels become white. */
const toPixels = async (image: Sharp): Promise<Pixels> => {
  const { data, info } = await image
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}

/** The decoder does not read mirrored codes, so that the second attempt mirrors the image. */
const findQr = async (image: Pixels): Promise<string | undefined> => {
  const { decodeQR } = await import('qr/decode.js')
  for (const pixels of [image, mirror(image)])
    try {
      return decodeQR(pixels, { effort: Number.POSITIVE_INFINITY, timeLimit: Number.POSITIVE_INFINITY })
    } catch {}
  return undefined
}

const mirror = ({ width, height, data }: Pixels): Pixels => {
  // A copy, because a view of 32 bits needs an aligned buffer.
  const pixels = new Uint32Array(new Uint8Array(data).buffer)
  for (let row = 0; row < height; row++) pixels.subarray(row * width, (row + 1) * width).reverse()
  return { width, height, data: new Uint8Array(pixels.buffer) }
}

/** The decoder fails on modules of one pixel, so that smaller images are enlarged. */
const SMALL = 200

/** Enlarges the image and adds a quiet zone, which a cropped image lacks. */
const enlarge = (image: Sharp, width: number, height: number): Sharp => {
  const times = Math.ceil(SMALL / width)
  const edge = 4 * times
  return image
    .resize(width * times, height * times, { kernel: 'nearest' })
    .extend({ top: edge, bottom: edge, left: edge, right: edge, background: '#fff' })
}
