import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { fromHex, toHex } from '../asn1/bytes.ts'
import { BenchError } from '../host/error.ts'
import { parseYaml } from '../host/yaml/yaml-file.ts'
import { Aid } from './rig.ts'

const KnownIsdR = z.strictObject({
  aid: Aid,
  /** Whose cards answer to it. */
  of: z.string().min(1),
})
type KnownIsdR = z.infer<typeof KnownIsdR>
const IsdRList = z.array(KnownIsdR).min(1)

/** The lists of the folders, a later folder's before an earlier one's: what a user writes down is tried first. */
export const readIsdRs = (folders: readonly string[]): readonly KnownIsdR[] =>
  [...folders].reverse().flatMap(folder => {
    const file = join(folder, 'cards', 'isd-r.yaml')
    const text = readOptional(file)
    return text === undefined ? [] : parseYaml(IsdRList, text, file)
  })

const readOptional = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new BenchError('rig-file', `${file} cannot be read`, { cause: error })
  }
}

/** AIDs in hexadecimal, in the order given, each once, as bytes. */
export const orderAids = (...aids: readonly (string | undefined)[]): Uint8Array[] => [
  ...new Map(
    aids
      .filter(aid => aid !== undefined)
      .map(fromHex)
      .map(aid => [toHex(aid), aid]),
  ).values(),
]
