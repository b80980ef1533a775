import { createPrivateKey } from 'node:crypto'
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import type { Pki } from '../../rsp/certificates/pki-folder.ts'
import { type CertificateFault, issueFaultyCertificate } from '../../rsp/certificates/test-pki.ts'
import type { CurveName } from '../../rsp/crypto/curve.ts'
import type { MisbehaviourRule, OtherCertificate } from '../../server/smdp/misbehaviour.ts'
import { BenchError } from '../error.ts'
import { parseYaml } from '../rigs/yaml-file.ts'
import { FAULTS, FUNCTIONS, KINDS } from './misbehaviour-kinds.ts'
import type { Random } from './stock-copies.ts'

/** One way to misbehave, as a person writes it. */
export const MisbehaviourEntry = z.strictObject({
  function: z.enum(FUNCTIONS),
  kind: z.enum(KINDS),
  /** How often; without it, always. */
  count: z.number().int().min(1).optional(),
  probability: z.number().gt(0).max(1).optional(),
  /** changed-byte: where in the package, from its end where it is negative; which bits. */
  offset: z.number().int().optional(),
  mask: z.number().int().min(1).max(255).optional(),
  milliseconds: z.number().int().min(1).max(600_000).optional(),
  status: z.number().int().min(400).max(599).optional(),
  /** The function has run, and only its answer is lost. */
  after: z.boolean().optional(),
  /** wrong-certificate: what is wrong with it, or a DER file. */
  certificate: z.string().optional(),
  /** The private key of a certificate from a file (PEM), so that it alone is wrong. */
  key: z.string().optional(),
})
export type MisbehaviourEntry = z.infer<typeof MisbehaviourEntry>
export const MisbehaviourFile = z.array(MisbehaviourEntry)

/** What an entry must say beside its kind. */
const NEEDS: Partial<Record<MisbehaviourEntry['kind'], keyof MisbehaviourEntry>> = {
  'wrong-certificate': 'certificate',
  'changed-byte': 'offset',
  delay: 'milliseconds',
  'http-status': 'status',
}

export const checkEntry = (entry: MisbehaviourEntry): void => {
  const needed = NEEDS[entry.kind]
  if (needed !== undefined && entry[needed] === undefined)
    throw new BenchError('inventory', `misbehaviour ${entry.kind} of ${entry.function}: it needs \`${needed}\``)
}

export interface RuleContext {
  /** The server's certificates, a set a curve. */
  readonly sets: readonly Pki[]
  readonly random: Random
  readonly now: Date
  /** Where files of certificates are. */
  readonly folder: string
}

const otherCertificate = (
  entry: MisbehaviourEntry,
  { sets, random, now, folder }: RuleContext,
): OtherCertificate | ((curve: CurveName) => OtherCertificate) => {
  const wanted = entry.certificate!
  if ((FAULTS as readonly string[]).includes(wanted)) {
    const kind = entry.function === 'InitiateAuthentication' ? 'DPauth' : 'DPpb'
    const made = new Map(
      sets.map(pki => {
        const faulty = issueFaultyCertificate(pki, kind, wanted as CertificateFault, { random, now })
        return [pki.curve, { der: faulty.certificate.der, privateKey: faulty.privateKey }]
      }),
    )
    return curve => made.get(curve)!
  }
  const read = (name: string): Buffer => {
    try {
      return readFileSync(resolve(folder, name))
    } catch (error) {
      throw new BenchError(
        'file-unreadable',
        `${name} is neither a file nor a fault of certificates (${FAULTS.join(', ')})`,
        { cause: error },
      )
    }
  }
  return {
    der: new Uint8Array(read(wanted)),
    ...(entry.key !== undefined && { privateKey: createPrivateKey(read(entry.key)) }),
  }
}

/** The entry as the server's engine takes it. */
export const toRule = (entry: MisbehaviourEntry, context: RuleContext): MisbehaviourRule => {
  checkEntry(entry)
  const { count, probability, offset = 0, mask, milliseconds = 0, status = 500, after } = entry
  const behaviours = {
    'wrong-signature': () => ({ kind: 'wrong-signature' }) as const,
    'wrong-challenge': () => ({ kind: 'wrong-challenge' }) as const,
    'wrong-certificate': () => ({ kind: 'wrong-certificate', certificate: otherCertificate(entry, context) }) as const,
    'changed-byte': () => ({ kind: 'changed-byte', offset, mask }) as const,
    delay: () => ({ kind: 'delay', milliseconds }) as const,
    'http-status': () => ({ kind: 'http-status', status, ...(after !== undefined && { after }) }) as const,
    reset: () => ({ kind: 'reset', ...(after !== undefined && { after }) }) as const,
    malformed: () => ({ kind: 'malformed' }) as const,
  }
  return { function: entry.function, behaviour: behaviours[entry.kind](), count, probability }
}

/** The file beside a store in which commands tell a running server how to misbehave. */
export const misbehaviourFileOf = (store: string): string =>
  join(dirname(store), `${basename(store).replace(/\.(db|sqlite3?)$/, '')}.misbehave.yaml`)

export const readMisbehaviour = (file: string): readonly MisbehaviourEntry[] => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return parseYaml(MisbehaviourFile, text, file)
}

/** Written beside and moved there: a server never reads half a file. Without entries there is none. */
export const writeMisbehaviour = (file: string, entries: readonly MisbehaviourEntry[]): void => {
  if (entries.length === 0) {
    rmSync(file, { force: true })
    return
  }
  writeFileSync(`${file}.new`, stringify(entries), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Says when the file is another than it was the last time. */
export const createFileWatch = (file: string): (() => boolean) => {
  let before: string | undefined
  return () => {
    let now = 'none'
    try {
      const { mtimeMs, size, ino } = statSync(file)
      now = `${mtimeMs}/${size}/${ino}`
    } catch {
      // It is not there, which is how a server that behaves begins.
    }
    const isOther = now !== (before ?? 'none')
    before = now
    return isOther
  }
}
