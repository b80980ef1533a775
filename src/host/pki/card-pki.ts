import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { PkiError } from '../../rsp/certificates/error.ts'
import { PKI_FILES, type Pki, readPkiFolder, writePkiFolder } from '../../rsp/certificates/pki-folder.ts'
import { type IssuingContext, issueTestPki, reissueTls } from '../../rsp/certificates/test-pki.ts'
import type { CurveName } from '../../rsp/crypto/curve.ts'
import { BenchError } from '../error.ts'
import { describeFileError } from '../state/file-error.ts'

/** The values of `--curve` for the curves of SGP.22 §2.6.5. */
export type CurveOption = 'nist' | 'brainpool'
export const curveName = (option: CurveOption): CurveName => (option === 'nist' ? 'P-256' : 'brainpoolP256r1')

/** The host name of the test SM-DP+ of this bench; a certificate folder can contain another name. */
export const OWN_SMDP_HOST = 'smdp.bench.example'

/** SGP.26 has about a hundred small files; a folder with more files is not an SGP.26 folder. */
const MAX_FILES = 2000
const MAX_FILE_BYTES = 1 << 16

/** The files of a folder, two levels deep, by their path inside it. */
const readFolder = (folder: string): Map<string, Uint8Array> => {
  const files = new Map<string, Uint8Array>()
  const walk = (at: string, depth: number): void => {
    for (const name of readdirSync(at).sort()) {
      const path = join(at, name)
      const found = statSync(path)
      if (found.isDirectory() && depth < 2) walk(path, depth + 1)
      else if (found.isFile() && found.size <= MAX_FILE_BYTES && files.size < MAX_FILES)
        files.set(relative(folder, path).split(sep).join('/'), new Uint8Array(readFileSync(path)))
    }
  }
  walk(folder, 0)
  return files
}

/**
 * Reads and checks certificates and keys from a folder in the SGP.26 layout. Throws BenchError `certificates` with the
 * file.
 */
export const readCertificates = (folder: string, curve: CurveOption, context: IssuingContext): Pki => {
  let files: Map<string, Uint8Array>
  try {
    files = readFolder(folder)
  } catch (error) {
    throw new BenchError('certificates', `cannot read the certificate folder ${folder}: ${describeFileError(error)}`, {
      cause: error,
    })
  }
  try {
    return readPkiFolder(files, { curve: curveName(curve), now: context.now, reissueTls: reissueTls(context) })
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
    throw new BenchError('certificates', `the certificate folder ${folder} cannot be used: ${error.message}`, {
      data: { file: error.file, problem: error.code },
      cause: error,
    })
  }
}

/** Both curves of a folder, or the one whose CI certificate exists. */
export const readAllCertificates = (folder: string, context: IssuingContext): Pki[] => {
  const found = (['nist', 'brainpool'] as const).filter(curve =>
    existsSync(join(folder, PKI_FILES.ci.certificate.replace('*', curve === 'nist' ? 'NIST' : 'BRP'))),
  )
  // Without either curve, reading reports which file is missing.
  return (found.length === 0 ? (['nist'] as const) : found).map(curve => readCertificates(folder, curve, context))
}

/**
 * Writes a folder next to its target and renames it, so that a power cut leaves no partial folder. A folder that
 * another process created first stays, and callers read that one.
 */
export const writeWhole = (folder: string, files: ReadonlyMap<string, Uint8Array>): void => {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 })
  const draft = mkdtempSync(`${folder}.`)
  try {
    for (const [name, bytes] of files) {
      mkdirSync(dirname(join(draft, name)), { recursive: true, mode: 0o700 })
      writeFileSync(join(draft, name), bytes, { mode: 0o600 })
    }
    renameSync(draft, folder)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
  }
}

/** The test PKI of the bench, created at the first start and then reused. */
export const ownCertificates = (homePki: string, curve: CurveOption, context: IssuingContext): Pki => {
  const folder = join(homePki, curve)
  if (!existsSync(folder))
    writeWhole(folder, writePkiFolder(issueTestPki({ ...context, curve: curveName(curve), smdpHost: OWN_SMDP_HOST })))
  return readCertificates(folder, curve, context)
}
