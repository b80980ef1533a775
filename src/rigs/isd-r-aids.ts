import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { fromHex, toHex } from '../asn1/bytes.ts'
import { BenchError } from '../host/error.ts'
import { describeFileError } from '../host/state/file-error.ts'
import { parseYaml } from '../host/yaml/yaml-file.ts'
import { Aid } from './rig.ts'

const KnownIsdR = z.strictObject({
  aid: Aid,
  /** The manufacturer whose cards use it. */
  of: z.string().min(1),
})
type KnownIsdR = z.infer<typeof KnownIsdR>
const IsdRList = z.array(KnownIsdR).min(1)

/** The lists of the folders. The list of the last folder, which is the user's, is first. */
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
    throw new BenchError(
      'rig-file',
      `Cannot read ${file}: ${describeFileError(error)}. Check the file and its permissions.`,
      { cause: error },
    )
  }
}

/** Converts AIDs from hexadecimal, in the given order and without duplicates. */
export const orderAids = (...aids: readonly (string | undefined)[]): Uint8Array[] => [
  ...new Map(
    aids
      .filter(aid => aid !== undefined)
      .map(fromHex)
      .map(aid => [toHex(aid), aid]),
  ).values(),
]
