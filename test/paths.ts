import { resolve } from 'node:path'

/** The root of the project. */
export const ROOT = resolve(import.meta.dirname, '..')

/** The folder with reference data that the project does not commit. It may be missing; tests then skip. */
export const SHARED = resolve(ROOT, '..', 'shared')
