import type { KeyObject } from 'node:crypto'
import type { CurveName } from '../../../rsp/crypto/curve.ts'
import type { ES9p } from '../../../rsp/interfaces/es9p.ts'

export type FunctionName = keyof typeof ES9p

/** A certificate in place of the right one; with its key, what is signed under it verifies, so that it alone is wrong. */
export interface OtherCertificate {
  readonly der: Uint8Array
  readonly privateKey?: KeyObject | undefined
}

/** What a function gives is wrong. Functions that give no such thing are not touched by it. */
export type WrongContent =
  /** The last byte of the signature is changed: serverSignature1, smdpSignature2, or smdpSign of the package. */
  | { readonly kind: 'wrong-signature' }
  /** InitiateAuthentication: in place of CERT.DPauth. AuthenticateClient: in place of CERT.DPpb. */
  | {
      readonly kind: 'wrong-certificate'
      /** Made for the curve of the session, where it is to be wrong in one thing only. */
      readonly certificate: OtherCertificate | ((curve: CurveName) => OtherCertificate)
    }
  /** InitiateAuthentication: not the challenge of the eUICC, but rightly signed. */
  | { readonly kind: 'wrong-challenge' }

/**
 * The way of the answer is wrong. `after` the function has run, its answer is lost and what it did stays done; before
 * that, which is meant where nothing is said, it never ran.
 */
export type WrongTransport =
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'http-status'; readonly status: number; readonly after?: boolean }
  | { readonly kind: 'reset'; readonly after?: boolean }
  /** The answer of the function, broken off in the middle. */
  | { readonly kind: 'malformed' }
  /** GetBoundProfilePackage: the bits of `mask` at `offset` of the package; from the end where it is negative. */
  | { readonly kind: 'changed-byte'; readonly offset: number; readonly mask?: number | undefined }

export interface FaultRule {
  readonly function: FunctionName
  readonly fault: WrongContent | WrongTransport
  /** How often; without it, for ever. */
  readonly count?: number | undefined
  /** Of a call that it fits: 0 to 1, by default 1. */
  readonly probability?: number | undefined
}

/** A server told to misbehave, and how often it has. */
export interface Faults {
  /** In place of all rules that stood; none makes the server behave. */
  setRules(rules: readonly FaultRule[]): void
  listRules(): readonly (FaultRule & { readonly done: number })[]
  /** The first rule that fits and falls, counted. */
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
 * What a test of cards and LPAs wants of a server: that it is wrong at one place, so often, and right at all others.
 * The dice are its own: with the same seed it misbehaves in the same calls, and the sessions draw what they always draw.
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
  /** Told when a rule has struck, or others stand: `listRules` says how often each has. */
  readonly onFault?: () => void
}): Faults => {
  let standing = rules.map(rule => ({ rule, done: 0 }))
  const draw = (name: FunctionName, wantsTransport: boolean): WrongContent | WrongTransport | undefined => {
    for (const entry of standing) {
      const { rule } = entry
      if (rule.function !== name || isTransport(rule.fault) !== wantsTransport) continue
      if (entry.done >= (rule.count ?? Number.POSITIVE_INFINITY) || !falls(rule.probability ?? 1)) continue
      entry.done++
      onFault()
      return rule.fault
    }
    return undefined
  }
  const falls = (probability: number): boolean => {
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
