import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { BenchError } from '../error.ts'
import { describeFileError } from '../state/file-error.ts'
import { parseYaml } from './yaml-file.ts'

/** Names the path that the user has to correct: for example a folder in place of a file, or missing permissions. */
const orRefuse = <T>(path: string, read: () => T): T => {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof BenchError) throw cause
    throw new BenchError('rig-file', `${path} cannot be read: ${describeFileError(cause)}`, { cause })
  }
}

const listYaml = (folder: string): string[] => {
  try {
    return readdirSync(folder)
      .filter(name => /\.ya?ml$/.test(name))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** The YAML files of a folder in the order of their names, each checked by the schema. Empty if no folder exists. */
export const readYamlFolder = <S extends z.ZodType>(
  schema: S,
  folder: string,
): { readonly file: string; readonly content: z.infer<S> }[] =>
  orRefuse(folder, () => listYaml(folder)).map(name => {
    const file = join(folder, name)
    return {
      file,
      content: parseYaml(
        schema,
        orRefuse(file, () => readFileSync(file, 'utf8')),
        file,
      ),
    }
  })
