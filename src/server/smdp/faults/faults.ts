import type { KeyObject } from 'node:crypto'
import type { CurveName } from '../../../rsp/crypto/curve.ts'
import type { ES9p } from '../../../rsp/interfaces/es9p.ts'

export type FunctionName = keyof typeof ES9p

/** A replacement certificate. With its private key the signatures verify, so that only the certificate is invalid. */
export interface OtherCertificate {
  readonly der: Uint8Array
  readonly privateKey?: KeyObject | undefined
}

/** A fault in the content of a response. It does not apply to functions without that content. */
export type WrongContent =
  /** The last byte of the signature is changed: serverSignature1, smdpSignature2, or smdpSign of the package. */
  | { readonly kind: 'wrong-signature' }
  /** InitiateAuthentication: in place of CERT.DPauth. AuthenticateClient: in place of CERT.DPpb. */
  | {
      readonly kind: 'wrong-certificate'
      /** A function receives the curve of the session, so that the certificate differs in one property only. */
      readonly certificate: OtherCertificate | ((curve: CurveName) => OtherCertificate)
    }
  /** InitiateAuthentication: another challenge than that of the eUICC, with a valid signature. */
  | { readonly kind: 'wrong-challenge' }

/**
 * A fault in the transport of a response. With `after` the function runs and only its response is lost; by default the
 * function does not run.
 */
export type WrongTransport =
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'http-status'; readonly status: number; readonly after?: boolean }
  | { readonly kind: 'reset'; readonly after?: boolean }
  /** The first half of the response. */
  | { readonly kind: 'malformed' }
  /** GetBoundProfilePackage: inverts the bits of `mask` at `offset` of the package; a negative offset counts from the end. */
  | { readonly kind: 'changed-byte'; readonly offset: number; readonly mask?: number | undefined }

export interface FaultRule {
  readonly function: FunctionName
  readonly fault: WrongContent | WrongTransport
  /** How often the rule applies; unlimited by default. */
  readonly count?: number | undefined
  /** The probability for each matching call, 0 to 1; 1 by default. */
  readonly probability?: number | undefined
}

/** The fault rules of a server, with the number of applied faults. */
export interface Faults {
  /** Replaces all rules. An empty list ends the fault injection. */
  setRules(rules: readonly FaultRule[]): void
  listRules(): readonly (FaultRule & { readonly done: number })[]
  /** Returns the fault of the first rule that applies, and counts it. */
  drawContent(name: FunctionName): WrongContent | undefined
  drawTransport(name: FunctionName): WrongTransport | undefined
  readonly sleep: (milliseconds: number) => Promise<void>
}

const TRANSPORT: readonly string[] = [
  'delay',
  'http-status',
  'reset',
  'malformed',
  'changed-byte',
] satisfies WrongTransport['kind'][]
const isTransport = (fault: WrongContent | WrongTransport): fault is WrongTransport => TRANSPORT.includes(fault.kind)

/**
 * Creates the fault injection of a server. It has its own random source: with the same seed the faults are in the same
 * calls, and the random values of the sessions do not change.
 */
export const createFaults = ({
  random,
  sleep,
  rules = [],
  onFault = () => {},
}: {
  readonly random: (length: number) => Uint8Array
  readonly sleep: (milliseconds: number) => Promise<void>
  readonly rules?: readonly FaultRule[]
  /** Called after a rule was applied or the rules were replaced. `listRules` returns the counts. */
  readonly onFault?: () => void
}): Faults => {
  let standing = rules.map(rule => ({ rule, done: 0 }))
  const draw = (name: FunctionName, wantsTransport: boolean): WrongContent | WrongTransport | undefined => {
    for (const entry of standing) {
      const { rule } = entry
      if (rule.function !== name || isTransport(rule.fault) !== wantsTransport) continue
      if (entry.done >= (rule.count ?? Number.POSITIVE_INFINITY) || !isDrawn(rule.probability ?? 1)) continue
      entry.done++
      onFault()
      return rule.fault
    }
    return undefined
  }
  const isDrawn = (probability: number): boolean => {
    if (probability >= 1) return true
    const [a, b, c, d] = random(4)
    return ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0 < probability * 2 ** 32
  }
  return {
    setRules: rules => {
      standing = rules.map(rule => ({ rule, done: 0 }))
      onFault()
    },
    listRules: () => standing.map(({ rule, done }) => ({ ...rule, done })),
    drawContent: name => draw(name, false) as WrongContent | undefined,
    drawTransport: name => draw(name, true) as WrongTransport | undefined,
    sleep,
  }
}
