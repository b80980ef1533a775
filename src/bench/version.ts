import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Where the package lies: two folders above this file, in the sources as in the build. */
export const PACKAGE_FOLDER = resolve(import.meta.dirname, '..', '..')

/** The page, as `npm run build` makes it. */
export const DASHBOARD_FOLDER = join(PACKAGE_FOLDER, 'dist', 'dashboard')

export const VERSION = (JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as { version: string })
  .version
