import { convertIndexedToRgb, type DecodedPng, decode, hasPngSignature } from 'fast-png'
import { decodeQR } from 'qr/decode.js'
import { BenchError } from '../../host/error.ts'
import { readInput } from '../options.ts'

/** Limits the memory: a small file may declare any size. Photographs of phones are smaller. */
const MAX_PIXELS = 25_000_000

/** Reads the size from the header (PNG §11.2.2). */
const readSize = (png: Uint8Array): { width: number; height: number } => {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  return png.length < 24 ? { width: 0, height: 0 } : { width: view.getUint32(16), height: view.getUint32(20) }
}

/** Returns the text of the QR code in a PNG file. Throws `qr-image` if it cannot be read. */
export const readQrImage = (path: string): string => {
  const bytes = readInput(path, 'QR image')
  if (!hasPngSignature(bytes))
    throw new BenchError(
      'qr-image',
      `${path} is not a PNG image; save the QR code as PNG, or give the activation code as text`,
    )
  const { width, height } = readSize(bytes)
  if (width * height > MAX_PIXELS)
    throw new BenchError(
      'qr-image',
      `${path} has ${width} x ${height} pixels, more than the limit; crop it to the QR code, or give the activation code as text`,
    )
  let image: Pixels
  try {
    image = toRgba(decode(bytes))
  } catch (cause) {
    throw new BenchError('qr-image', `${path} is a damaged PNG image: ${(cause as Error).message}`, {
      cause,
    })
  }
  try {
    return decodeQR(image, { effort: Number.POSITIVE_INFINITY, timeLimit: Number.POSITIVE_INFINITY })
  } catch (cause) {
    const hint = image.width < 60 ? '; the image is very small' : ''
    throw new BenchError(
      'qr-image',
      `no QR code was found in ${path} (${image.width} x ${image.height} pixels${hint}); give the activation code as text`,
      { cause },
    )
  }
}

interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** The decoder fails on modules of one pixel, so that smaller images are enlarged. */
const SMALL = 200

const toRgba = (png: DecodedPng): Pixels => {
  const { width, height } = png
  const isIndexed = png.palette !== undefined
  const samples = isIndexed ? convertIndexedToRgb(png) : png.depth < 8 ? unpack(png) : png.data
  const channels = isIndexed ? samples.length / (width * height) : png.channels
  const shift = png.depth === 16 ? 8 : 0
  const rgba = new Uint8Array(width * height * 4)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = pixel * channels
    const alpha = channels === 2 || channels === 4 ? samples[at + channels - 1]! >> shift : 255
    for (let color = 0; color < 3; color++) {
      const value = samples[at + (channels >= 3 ? color : 0)]! >> shift
      // Transparent pixels become white.
      rgba[4 * pixel + color] = Math.round((value * alpha + 255 * (255 - alpha)) / 255)
    }
    rgba[4 * pixel + 3] = 255
  }
  return width < SMALL
    ? enlarge({ width, height, data: rgba }, Math.ceil(SMALL / width))
    : { width, height, data: rgba }
}

/** Expands gray samples of 1, 2 or 4 bits. Each row begins at a byte. */
const unpack = ({ width, height, depth, data }: DecodedPng): Uint8Array => {
  const row = Math.ceil((width * depth) / 8)
  const top = (1 << depth) - 1
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const bit = (pixel % width) * depth
    const octet = data[Math.floor(pixel / width) * row + (bit >> 3)]!
    return (((octet >> (8 - depth - (bit & 7))) & top) * 255) / top
  })
}

/** Enlarges the image and adds a quiet zone, which a cropped image lacks. */
const enlarge = ({ width, height, data }: Pixels, times: number): Pixels => {
  const edge = 4 * times
  const [wide, high] = [width * times + 2 * edge, height * times + 2 * edge]
  const out = new Uint8Array(wide * high * 4).fill(255)
  for (let y = 0; y < height * times; y++)
    for (let x = 0; x < width * times; x++) {
      const from = 4 * (Math.floor(y / times) * width + Math.floor(x / times))
      out.set(data.subarray(from, from + 4), 4 * ((y + edge) * wide + x + edge))
    }
  return { width: wide, height: high, data: out }
}
