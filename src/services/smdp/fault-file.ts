import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { BenchError } from '../../host/error.ts'
import { readCertificateFile } from '../../host/pki/ci-folder.ts'
import { parseYaml } from '../../host/yaml/yaml-file.ts'
import type { Pki } from '../../rsp/certificates/pki-folder.ts'
import { type CertificateFault, issueFaultyCertificate } from '../../rsp/certificates/test-pki.ts'
import type { CurveName } from '../../rsp/crypto/curve.ts'
import type { FaultRule, OtherCertificate } from '../../server/smdp/faults/faults.ts'
import { FAULTS, FUNCTIONS, KINDS } from './fault-kinds.ts'
import type { Random } from './stock-copies.ts'

/** One fault rule, as the user writes it. */
export const FaultEntry = z.strictObject({
  function: z.enum(FUNCTIONS),
  kind: z.enum(KINDS),
  /** The fault count; without it, the rule always applies. */
  count: z.number().int().min(1).optional(),
  probability: z.number().gt(0).max(1).optional(),
  /** changed-byte: the offset in the package, from its end if negative, and the bits to flip. */
  offset: z.number().int().optional(),
  mask: z.number().int().min(1).max(255).optional(),
  milliseconds: z.number().int().min(1).max(600_000).optional(),
  status: z.number().int().min(400).max(599).optional(),
  /** The function runs, and only its response is lost. */
  after: z.boolean().optional(),
  /** wrong-certificate: the defect of the certificate, or a DER file. */
  certificate: z.string().optional(),
  /** The private key (PEM) of the certificate of a file, so that only the certificate is invalid. */
  key: z.string().optional(),
})
export type FaultEntry = z.infer<typeof FaultEntry>
export const FaultFile = z.array(FaultEntry)

type Kind = FaultEntry['kind']

/** Kinds that need the output of these functions; the others apply to every function. */
const ONLY_FOR: Partial<Record<Kind, readonly FaultEntry['function'][]>> = {
  'wrong-signature': ['InitiateAuthentication', 'AuthenticateClient', 'GetBoundProfilePackage'],
  'wrong-certificate': ['InitiateAuthentication', 'AuthenticateClient'],
  'wrong-challenge': ['InitiateAuthentication'],
  'changed-byte': ['GetBoundProfilePackage'],
}

/** The members that a kind requires, and those that it permits. */
const NEEDS: Partial<Record<Kind, keyof FaultEntry>> = {
  'wrong-certificate': 'certificate',
  'changed-byte': 'offset',
  delay: 'milliseconds',
  'http-status': 'status',
}
const MAY: Partial<Record<Kind, readonly (keyof FaultEntry)[]>> = {
  'wrong-certificate': ['key'],
  'changed-byte': ['mask'],
  'http-status': ['after'],
  reset: ['after'],
}
const ALWAYS: readonly (keyof FaultEntry)[] = ['function', 'kind', 'count', 'probability']

/** Refuses a rule without effect: a test that expects it would pass or fail for another reason. */
const checkEntry = (entry: FaultEntry): void => {
  const refuse = (sentence: string): never => {
    throw new BenchError('inventory', `the fault rule ${entry.kind} of ${entry.function}: ${sentence}`)
  }
  const functions = ONLY_FOR[entry.kind]
  if (functions !== undefined && !functions.includes(entry.function))
    refuse(`the function does not return this data; the kind applies to ${functions.join(', ')}`)
  const needed = NEEDS[entry.kind]
  if (needed !== undefined && entry[needed] === undefined) refuse(`it needs \`${needed}\``)
  const known = [...ALWAYS, needed, ...(MAY[entry.kind] ?? [])]
  const idle = (Object.keys(entry) as (keyof FaultEntry)[]).find(
    key => entry[key] !== undefined && !known.includes(key),
  )
  if (idle !== undefined) refuse(`\`${idle}\` has no effect here; remove it`)
}

/** Reads the files of a rule and refuses a file that is not a certificate or a key. */
const readFiles = (
  { certificate, key }: FaultEntry,
  folder: string,
): { readonly der: Uint8Array; readonly privateKey?: KeyObject } => {
  const read = (name: string, otherwise: string): Buffer => {
    try {
      return readFileSync(resolve(folder, name))
    } catch (error) {
      throw new BenchError('file-unreadable', `${name} ${otherwise}`, { cause: error })
    }
  }
  const bytes = read(certificate!, `is neither a file nor a fault of certificates (${FAULTS.join(', ')})`)
  const [der] = readCertificateFile(certificate!, bytes)
  if (key === undefined) return { der: der! }
  try {
    return { der: der!, privateKey: createPrivateKey(read(key, 'cannot be read: there is no such key file')) }
  } catch (error) {
    if (error instanceof BenchError) throw error
    throw new BenchError('certificates', `${key} holds no private key in PEM form`, { cause: error })
  }
}

const isFault = (certificate: string): certificate is CertificateFault =>
  (FAULTS as readonly string[]).includes(certificate)

/** Checks an entry and its files and makes the paths absolute, because the server runs in another folder. */
export const settleEntry = (entry: FaultEntry, folder: string): FaultEntry => {
  checkEntry(entry)
  const { certificate, key } = entry
  if (certificate === undefined || isFault(certificate)) return entry
  readFiles(entry, folder)
  return {
    ...entry,
    certificate: resolve(folder, certificate),
    ...(key !== undefined && { key: resolve(folder, key) }),
  }
}

export interface RuleContext {
  /** The certificates of the server, one set for each curve. */
  readonly sets: readonly Pki[]
  readonly random: Random
  readonly now: Date
  /** The folder of certificate files. */
  readonly folder: string
}

const otherCertificate = (
  entry: FaultEntry,
  { sets, random, now, folder }: RuleContext,
): OtherCertificate | ((curve: CurveName) => OtherCertificate) => {
  const wanted = entry.certificate!
  if (!isFault(wanted)) return readFiles(entry, folder)
  const kind = entry.function === 'InitiateAuthentication' ? 'DPauth' : 'DPpb'
  const made = new Map(
    sets.map(pki => {
      const faulty = issueFaultyCertificate(pki, kind, wanted, { random, now })
      return [pki.curve, { der: faulty.certificate.der, privateKey: faulty.privateKey }]
    }),
  )
  return curve => made.get(curve)!
}

/** Converts an entry to the rule of the fault engine. */
export const toRule = (entry: FaultEntry, context: RuleContext): FaultRule => {
  checkEntry(entry)
  const { count, probability, offset = 0, mask, milliseconds = 0, status = 500, after } = entry
  const faults = {
    'wrong-signature': () => ({ kind: 'wrong-signature' }) as const,
    'wrong-challenge': () => ({ kind: 'wrong-challenge' }) as const,
    'wrong-certificate': () => ({ kind: 'wrong-certificate', certificate: otherCertificate(entry, context) }) as const,
    'changed-byte': () => ({ kind: 'changed-byte', offset, mask }) as const,
    delay: () => ({ kind: 'delay', milliseconds }) as const,
    'http-status': () => ({ kind: 'http-status', status, ...(after !== undefined && { after }) }) as const,
    reset: () => ({ kind: 'reset', ...(after !== undefined && { after }) }) as const,
    malformed: () => ({ kind: 'malformed' }) as const,
  }
  return { function: entry.function, fault: faults[entry.kind](), count, probability }
}

/** The file next to a store from which a running server reads its fault rules. */
export const getFaultFile = (store: string): string =>
  join(dirname(store), `${basename(store).replace(/\.(db|sqlite3?)$/, '')}.misbehave.yaml`)

export const readFaults = (file: string): readonly FaultEntry[] => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return parseYaml(FaultFile, text, file)
}

/**
 * Replaced by rename, so that a server never reads a partial file. Without entries the file is deleted, unless it
 * disables the rules of the inventory of a running server.
 */
export const writeFaults = (
  file: string,
  entries: readonly FaultEntry[],
  { evenEmpty = false }: { evenEmpty?: boolean } = {},
): void => {
  if (entries.length === 0 && !evenEmpty) {
    rmSync(file, { force: true })
    return
  }
  writeFileSync(`${file}.new`, stringify(entries), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** A file without entries belongs to a server that ended. */
export const dropEmpty = (file: string): void => {
  if (statSync(file, { throwIfNoEntry: false })?.size === stringify([]).length) rmSync(file, { force: true })
}

/** Identifies the content of the file; a rewritten file gets another identity. */
export const identityOf = (file: string): string => {
  try {
    const { mtimeMs, size, ino } = statSync(file)
    return `${mtimeMs}/${size}/${ino}`
  } catch {
    // No file exists: the server starts without fault rules.
    return 'none'
  }
}

/** Returns the identity of the file if it changed since the last call. */
export const createFileWatch = (file: string): (() => string | undefined) => {
  let before = 'none'
  return () => {
    const now = identityOf(file)
    if (now === before) return undefined
    before = now
    return now
  }
}
