import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The nearest folder above `folder` that holds a package.json: the sources and the build are at different depths. */
const findPackageFolder = (folder: string): string =>
  existsSync(join(folder, 'package.json')) ? folder : findPackageFolder(dirname(folder))

/** The root of the package. */
export const PACKAGE_FOLDER = findPackageFolder(import.meta.dirname)

/** The dashboard, as built by `npm run build`. */
export const DASHBOARD_FOLDER = join(PACKAGE_FOLDER, 'dist', 'dashboard')

export const VERSION = (JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as { version: string })
  .version
