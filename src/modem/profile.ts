import type { AtDeadlines } from './at/at-apdu.ts'
import type { ApduPath } from './at/at-channels.ts'
import type { ModemIdentity } from './at/at-urc.ts'

/** A step of a reset: a command, a pause in milliseconds, or the USB device leaving and coming back in that time. */
export type ResetStep = { readonly at: string } | { readonly wait: number } | { readonly reenumerates: number }

/** What a family of modems is known for. A value, read from rigs/modems; what is absent is as with any modem. */
export interface ModemProfile {
  readonly name: string
  /** Patterns, whatever their case, that what the modem says of itself must match; all that are given. */
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
  /** The way to try first. The other one is taken where this fails. */
  readonly apdu?: ApduPath | undefined
  /** Bytes of a STORE DATA block. */
  readonly segmentSize?: number | undefined
  readonly deadlines?: { readonly [K in keyof AtDeadlines]?: number | undefined } | undefined
  /** Sent once the modem is known. */
  readonly init?: readonly string[] | undefined
  /** Sent when the modem says that the SIM may not be used (+CME ERROR: 3); then the command is tried again. */
  readonly wake?: readonly string[] | undefined
  readonly reset?: readonly ResetStep[] | undefined
  /** What to ask of the card when a profile is enabled or disabled: false where REFRESH costs more than it gives. */
  readonly refreshFlag?: boolean | undefined
  readonly quirks?:
    | {
        /** `=?` is refused, or not answered at all. */
        readonly noTestCommands?: boolean | undefined
        /** The modem is not known to open a logical channel at all. */
        readonly opensNothing?: boolean | undefined
        /** The ISD-R can be selected only while a profile is enabled. */
        readonly isdrNeedsProfile?: boolean | undefined
      }
    | undefined
  /** A sentence for somebody whose modem of this family refuses its service. */
  readonly note?: string | undefined
  /** Where this is known from. */
  readonly source?: readonly string[] | undefined
}

/** For a modem that nobody has described. */
export const GENERIC_PROFILE: ModemProfile = {
  name: 'generic',
  wake: ['AT+ECSIMSLEEP=0'],
  reset: [{ at: 'AT+CFUN=0' }, { at: 'AT+CFUN=1' }],
}

/** The first profile that names the modem; the one called `generic` where none does. */
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
