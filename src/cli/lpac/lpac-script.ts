import { join, resolve } from 'node:path'
import type { Runtime } from '../../host/runtime.ts'
import { homePath } from '../../host/state/home.ts'
import { PACKAGE_FOLDER } from '../../host/version.ts'
import type { ServerOptions } from '../card/servers.ts'

/** As one word of a shell. */
const quote = (word: string): string => `'${word.replace(/'/g, `'\\''`)}'`

/**
 * A script for the place where a front end looks for lpac. Front ends start lpac in a folder and with an environment
 * of their own, some without any PATH or HOME: nothing here is found by itself.
 */
export const writeLpacScript = (
  runtime: Pick<Runtime, 'environment' | 'workingFolder'>,
  { rig, certs, curve, connectTo, ca }: ServerOptions,
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
    `# lpac, answered by esim-bench${rig === undefined ? '' : ` on the rig ${rig.replace(/\s+/g, ' ')}`}`,
    `cd ${quote(runtime.workingFolder)} || exit`,
    `ESIM_BENCH_HOME=${quote(file(homePath(runtime.environment, runtime.workingFolder)))}`,
    'export ESIM_BENCH_HOME',
    `exec ${[...program, 'card', 'as-lpac', ...options].map(quote).join(' ')} -- "$@"`,
    '',
  ].join('\n')
}
