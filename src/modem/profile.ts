import type { AtDeadlines } from './at/at-apdu.ts'
import type { ApduPath } from './at/at-channels.ts'
import type { ModemIdentity } from './at/at-urc.ts'

/** A step of a reset: a command, a pause in milliseconds, or the time in which the USB device leaves and comes back. */
export type ResetStep = { readonly at: string } | { readonly wait: number } | { readonly reenumerates: number }

/** Properties of a modem family, read from rigs/modems. Absent properties have the generic value. */
export interface ModemProfile {
  readonly name: string
  /** Case-insensitive patterns for the identification of the modem; all given ones must match. */
  readonly match?:
    | {
        /** AT+CGMI */
        readonly manufacturer?: string | undefined
        /** AT+CGMM */
        readonly model?: string | undefined
        /** ATI */
        readonly information?: string | undefined
      }
    | undefined
  /** The path to try first; the other one is the fallback. */
  readonly apdu?: ApduPath | undefined
  /** Maximum bytes of a STORE DATA block. */
  readonly segmentSize?: number | undefined
  readonly deadlines?: { readonly [K in keyof AtDeadlines]?: number | undefined } | undefined
  /** Commands to send after identification. */
  readonly init?: readonly string[] | undefined
  /** Commands to send when the modem does not allow use of the SIM (+CME ERROR: 3); then the command is repeated. */
  readonly wake?: readonly string[] | undefined
  readonly reset?: readonly ResetStep[] | undefined
  /** The refreshFlag for profile switches: false if REFRESH causes errors. */
  readonly refreshFlag?: boolean | undefined
  readonly quirks?:
    | {
        /** Test commands (`=?`) are rejected or not answered. */
        readonly noTestCommands?: boolean | undefined
        /** The modem cannot open a logical channel. */
        readonly opensNothing?: boolean | undefined
        /** The ISD-R is selectable only while a profile is enabled. */
        readonly isdrNeedsProfile?: boolean | undefined
      }
    | undefined
  /** A hint for users whose modem of this family does not work. */
  readonly note?: string | undefined
  /** Sources of this data. */
  readonly source?: readonly string[] | undefined
}

/** For modems without a profile. */
export const GENERIC_PROFILE: ModemProfile = {
  name: 'generic',
  wake: ['AT+ECSIMSLEEP=0'],
  reset: [{ at: 'AT+CFUN=0' }, { at: 'AT+CFUN=1' }],
}

/** Returns the first profile that matches the modem, else the one named `generic`. */
export const chooseProfile = (profiles: readonly ModemProfile[], identity: ModemIdentity): ModemProfile =>
  profiles.find(({ match }) => match !== undefined && matches(match, identity)) ??
  profiles.find(({ name }) => name === GENERIC_PROFILE.name) ??
  GENERIC_PROFILE

const matches = (match: NonNullable<ModemProfile['match']>, identity: ModemIdentity): boolean => {
  const patterns = Object.entries(match).filter(([, pattern]) => pattern !== undefined)
  return (
    patterns.length > 0 &&
    patterns.every(([field, pattern]) => new RegExp(pattern!, 'i').test(identity[field as keyof typeof match] ?? ''))
  )
}
