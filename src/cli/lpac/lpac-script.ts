import { join, resolve } from 'node:path'
import type { Runtime } from '../../host/runtime.ts'
import { homePath } from '../../host/state/home.ts'
import { PACKAGE_FOLDER } from '../../host/version.ts'
import type { AsLpacOptions } from '../card/card-options.ts'

/** Quotes a word for a POSIX shell. */
const quote = (word: string): string => `'${word.replace(/'/g, `'\\''`)}'`

/**
 * Returns a script to install as `lpac`. All its paths are absolute, because front ends change the working folder and
 * the environment, and some remove PATH and HOME.
 */
export const writeLpacScript = (
  runtime: Pick<Runtime, 'environment' | 'workingFolder'>,
  { rig, certs, curve, connectTo, ca }: AsLpacOptions,
  program: readonly string[] = [process.execPath, join(PACKAGE_FOLDER, 'bin', 'esim-bench.js')],
): string => {
  const file = (path: string): string => resolve(runtime.workingFolder, path)
  const options = [
    ...(rig === undefined ? [] : ['--rig', rig]),
    ...(certs === undefined ? [] : ['--certs', file(certs)]),
    ...(curve === 'nist' ? [] : ['--curve', curve]),
    ...(connectTo === undefined ? [] : ['--connect-to', `${connectTo.host}:${connectTo.port}`]),
    ...(ca === undefined ? [] : ['--ca', file(ca)]),
  ]
  return [
    '#!/bin/sh',
    `# lpac, replaced by esim-bench${rig === undefined ? '' : ` on the rig ${rig.replace(/\s+/g, ' ')}`}`,
    `cd ${quote(runtime.workingFolder)} || exit`,
    `ESIM_BENCH_HOME=${quote(file(homePath(runtime.environment, runtime.workingFolder)))}`,
    'export ESIM_BENCH_HOME',
    `exec ${[...program, 'card', 'as-lpac', ...options].map(quote).join(' ')} -- "$@"`,
    '',
  ].join('\n')
}
