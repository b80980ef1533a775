import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SHARED } from '../paths.ts'

const folder = join(SHARED, 'ts48')

/**
 * The GSMA TS.48 generic test profiles are not part of this repository: tests read them beside it, or are skipped with
 * a reason.
 */
export const TS48_NAMES = [
  'TS48v1_A.der',
  'TS48v2_SAIP2.3_BERTLV.der',
  'TS48v5_SAIP2.3_BERTLV_SUCI.der',
  'TS48v5_SAIP2.3_NoBERTLV.der',
] as const
export const ts48Missing = !existsSync(folder)
export const ts48Reason = ts48Missing ? ' (skipped: no ../shared/ts48 with the GSMA TS.48 profiles)' : ''
export const readTs48 = (name: string): Uint8Array => new Uint8Array(readFileSync(resolve(folder, name)))
