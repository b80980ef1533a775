import { convertIndexedToRgb, type DecodedPng, decode, hasPngSignature } from 'fast-png'
import { decodeQR } from 'qr/decode.js'
import { BenchError } from '../../host/error.ts'
import { readInput } from '../options.ts'

/** A photograph of a telephone has fewer; a small file may claim any number, and would take the memory for it. */
const MAX_PIXELS = 25_000_000

/** From the header, which comes first (PNG §11.2.2); without one there is nothing to be read either. */
const sizeOf = (png: Uint8Array): { width: number; height: number } => {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  return png.length < 24 ? { width: 0, height: 0 } : { width: view.getUint32(16), height: view.getUint32(20) }
}

/** The text of the QR code in a PNG. What cannot be read is said; nothing else is used in its place. */
export const readQrImage = (path: string): string => {
  const bytes = readInput(path, 'QR image')
  if (!hasPngSignature(bytes))
    throw new BenchError('qr-image', `${path} is not a PNG image: save the QR code as PNG, or give the code as text`)
  const { width, height } = sizeOf(bytes)
  if (width * height > MAX_PIXELS)
    throw new BenchError(
      'qr-image',
      `${path} has ${width} x ${height} pixels, too many to look for a code in; cut it to the code, or give the code as text`,
    )
  let image: Pixels
  try {
    image = toRgba(decode(bytes))
  } catch (cause) {
    throw new BenchError('qr-image', `${path} is a PNG image that cannot be read: ${(cause as Error).message}`, {
      cause,
    })
  }
  try {
    return decodeQR(image, { effort: Number.POSITIVE_INFINITY, timeLimit: Number.POSITIVE_INFINITY })
  } catch (cause) {
    const hint = image.width < 60 ? '; it is very small' : ''
    throw new BenchError(
      'qr-image',
      `no QR code can be read in ${path} (${image.width} x ${image.height} pixels${hint}); give the activation code as text`,
      { cause },
    )
  }
}

interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** A code drawn with modules of one pixel is too fine for the reader. */
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
    for (let colour = 0; colour < 3; colour++) {
      const value = samples[at + (channels >= 3 ? colour : 0)]! >> shift
      // What is transparent is seen on white.
      rgba[4 * pixel + colour] = Math.round((value * alpha + 255 * (255 - alpha)) / 255)
    }
    rgba[4 * pixel + 3] = 255
  }
  return width < SMALL
    ? enlarge({ width, height, data: rgba }, Math.ceil(SMALL / width))
    : { width, height, data: rgba }
}

/** Grey with 1, 2 or 4 bits: rows of whole bytes. */
const unpack = ({ width, height, depth, data }: DecodedPng): Uint8Array => {
  const row = Math.ceil((width * depth) / 8)
  const top = (1 << depth) - 1
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const bit = (pixel % width) * depth
    const octet = data[Math.floor(pixel / width) * row + (bit >> 3)]!
    return (((octet >> (8 - depth - (bit & 7))) & top) * 255) / top
  })
}

/** With a quiet zone around it, which a picture cut to its edges has lost. */
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
