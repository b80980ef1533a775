import type { Card, Channel } from '../../apdu/channel.ts'
import type { LpaAccess, LpaFailure, RegistrationAccess } from '../../app/app.ts'
import type { AppRegistrationState } from '../../app/state.ts'
import type { Decoded } from '../../evidence/events.ts'
import { toDeviceInfo } from '../../lpa/card/device-info.ts'
import type { IsdrOptions } from '../../lpa/card/isdr.ts'
import { withIsdr } from '../../lpa/card/isdr.ts'
import { enableProfile, listProfiles } from '../../lpa/card/profiles.ts'
import { type Download, downloadProfile } from '../../lpa/download.ts'
import { isLpaError } from '../../lpa/errors.ts'
import { sendNotifications } from '../../lpa/notifications.ts'
import type { PolicyRule } from '../../lpa/policy.ts'
import type { LpaEvent } from '../../lpa/report.ts'
import { retryAfterLostResponse } from '../../lpa/resume-download.ts'
import { type NetworkAccess, type Registration, registerOnNetwork } from '../../modem/radio/registration.ts'
import type { Fetch } from '../../rsp/fetch.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import { operationFailureOf } from '../run/operation-failure.ts'
import { type RunModem, registerByModem } from './modem-registration.ts'

/** The IMEI of the device of the bench, from the range for test equipment (reporting body 00, TS 23.003 §6). */
export const BENCH_IMEI = '001002000000005'

export interface DeviceHooks {
  /** Called when the user has agreed and the download begins. */
  onConsent?(): void
  onDownloaded?(download: Download): void
  onRegistered?(registration: DeviceRegistration): void
  /** Additional facts for the user. */
  note(text: string): void
  /** Reports of the modem about itself and its network. */
  onModem?(text: string, data?: Decoded): void
  progress(text: string, done: number, total: number): void
  /** The error, before the app maps it to a dialog. */
  onFailure(error: unknown): void
}

export interface DeviceRegistration extends Pick<Registration, 'iccid' | 'registration' | 'operator' | 'plmn'> {
  readonly imsi: string | undefined
  /** Undefined if the modem authenticated, which does not report it. */
  readonly resynchronised: boolean | undefined
  /** The source: the modem, or the authentication of the card at the bench's network. */
  readonly by: 'modem' | 'card'
}

/** The IMEI of the modem, as far as it is valid. */
export const imeiOf = (modem: RunModem | undefined): string => {
  const imei = modem?.identity.imei
  if (imei === undefined) return BENCH_IMEI
  try {
    toDeviceInfo(imei)
    return imei
  } catch {
    // An engineering sample has an invalid check digit; its TAC and serial number are still valid.
    return imei.slice(0, 14)
  }
}

const RULES: Readonly<Record<PolicyRule, string>> = {
  ppr1: 'While it is on the device, this profile cannot be switched off.',
  ppr2: 'This profile cannot be deleted from the device.',
}

/** The device of an activation: LPA and modem over one card. */
export const createMobileDevice = (at: {
  card: Pick<Card, 'exclusive' | 'reset'>
  /** The modem that contains the card, which then registers in place of the bench. */
  modem?: RunModem | undefined
  /** The options that the link of the card needs for a profile switch. */
  refreshFlag?: boolean | undefined
  isdrOptions: IsdrOptions
  fetch: Fetch
  network: NetworkAccess
  hooks: DeviceHooks
  signal: AbortSignal
}): { lpa: LpaAccess; registration: RegistrationAccess } => {
  const { card, isdrOptions, fetch, network, hooks, signal } = at
  const onCard = <T>(work: (channel: Channel) => Promise<T>): Promise<T> => card.exclusive(work)
  const options = (report?: (event: LpaEvent) => void): IsdrOptions => ({
    ...isdrOptions,
    report(event) {
      if (event.kind === 'noted') hooks.note(event.text)
      report?.(event)
    },
  })
  const failed = (error: unknown): LpaFailure => {
    hooks.onFailure(error)
    return { status: operationFailureOf(error), detail: error instanceof Error ? error.message : String(error) }
  }

  const lpa: LpaAccess = {
    profiles: async () => {
      const profiles = await onCard(channel => withIsdr(channel, options(), isdr => listProfiles(isdr))).catch(
        (error: unknown) => {
          hooks.onFailure(error)
          throw error
        },
      )
      return profiles.flatMap(({ iccid }) => (iccid ? [iccidToDigits(iccid)] : []))
    },
    async download(activationCode, during) {
      const report = (event: LpaEvent): void => {
        if (event.kind === 'started' && event.step === 'ES9+.GetBoundProfilePackage') during.progress('downloading')
        if (event.kind !== 'progress') return
        hooks.progress('installing the profile', event.done, event.total)
        during.progress('installing', event.done, event.total)
      }
      during.progress('contacting')
      try {
        const done = await retryAfterLostResponse(card, options(report), (isdr, attempt) =>
          downloadProfile({
            isdr,
            attempt,
            fetch,
            activationCode,
            deviceInfo: toDeviceInfo(imeiOf(at.modem)),
            signal,
            async confirm(metadata, { confirmationCodeRequired, ppr }) {
              const answer = await during.consent({
                profileName: metadata.profileName,
                serviceProviderName: metadata.serviceProviderName,
                iccid: iccidToDigits(metadata.iccid),
                rules: ppr.map(rule => RULES[rule]),
                confirmationCodeRequired,
              })
              if (!answer.accept) return { accepted: false, reason: 'endUserRejection' }
              hooks.onConsent?.()
              return { accepted: true, confirmationCode: answer.confirmationCode }
            },
          }),
        )
        hooks.onDownloaded?.(done)
        return { status: 'Success', iccid: done.iccid }
      } catch (error) {
        return failed(error)
      }
    },
    async enable(iccid) {
      try {
        await enableProfile({ card, profile: { iccid }, isdrOptions: options(), refreshFlag: at.refreshFlag })
        return { status: 'Success' }
      } catch (error) {
        return failed(error)
      }
    },
  }

  const register = async (
    iccid: string,
    changed: (state: AppRegistrationState) => void,
  ): Promise<DeviceRegistration> => {
    if (at.modem === undefined) {
      const found = await onCard(channel => registerOnNetwork(channel, network))
      return { ...found, by: 'card' }
    }
    const report = (text: string, data?: Decoded): void => hooks.onModem?.(text, data)
    const found = await registerByModem({
      modem: at.modem,
      resetCard: () => card.reset(),
      iccid,
      signal,
      note: report,
      onChange({ command, from, to }) {
        report(`AT+${command}: ${from ? `${from.state} -> ` : ''}${to.state}`, { ...to })
        // Report each change; the final state of the modem counts.
        if (to.state === 'searching' || to.state === 'denied') changed(to.state)
      },
    })
    return { ...found, iccid, resynchronised: undefined, by: 'modem' }
  }

  /** Delivers the enable notification when the SM-DP+ is reachable (SGP.22 §3.5). */
  const deliverNotifications = async (iccid: string): Promise<void> => {
    const { kept } = await onCard(channel =>
      withIsdr(channel, options(), isdr => sendNotifications({ isdr, fetch, signal })),
    )
    // An unreachable server can receive it later, and a card error here does not change the result.
    const wrong = kept.find(
      ({ metadata, error }) =>
        metadata.iccid !== undefined &&
        iccidToDigits(metadata.iccid) === iccid &&
        isLpaError(error) &&
        error.fault === 'card',
    )
    if (wrong) throw wrong.error
  }

  const registration: RegistrationAccess = {
    async register(iccid, changed) {
      changed('searching')
      try {
        const found = await register(iccid, changed)
        await deliverNotifications(iccid)
        hooks.onRegistered?.(found)
        changed(found.registration)
        return { state: found.registration, operator: found.operator }
      } catch (error) {
        hooks.onFailure(error)
        return { state: 'denied', operator: '', detail: error instanceof Error ? error.message : String(error) }
      }
    },
  }
  return { lpa, registration }
}
