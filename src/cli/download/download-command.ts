import { BenchError } from '../../host/error.ts'
import type { deviceInfoOf } from '../../lpa/card/device-info.ts'
import { readAddresses } from '../../lpa/card/euicc.ts'
import type { Isdr } from '../../lpa/card/isdr.ts'
import { downloadEvent } from '../../lpa/discovery.ts'
import { type Consent, type ConsentTerms, type Download, downloadProfile } from '../../lpa/download.ts'
import { isLpaError } from '../../lpa/errors.ts'
import { type Attempt, retryAfterLostResponse } from '../../lpa/resume-download.ts'
import { ActivationCodeError } from '../../rsp/activation-code.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import type { EventEntry } from '../../rsp/interfaces/es11.ts'
import type { StoreMetadataRequest } from '../../rsp/metadata.ts'
import { viewProfile } from '../card/card-view.ts'
import { readDevice } from '../card/own-device.ts'
import { readCa, type ServerOptions, withServers } from '../card/servers.ts'
import { type CardRuntime, type CardWork, withCard } from '../card/with-card.ts'
import { failBefore, followFailure, followServer } from '../lpac/lpac-download.ts'
import { checkEventOptions, chooseEvents, type EventOptions } from './choose-event.ts'
import { discover } from './discover-command.ts'
import { askConsent, checkCanAsk, type DownloadConsentOptions } from './download-consent.ts'
import { readSource, type Source, type SourceOptions } from './download-source.ts'

export interface DownloadOptions extends ServerOptions, SourceOptions, DownloadConsentOptions, EventOptions {
  /** False with `--no-notify`. */
  readonly notify?: boolean
  readonly imei?: string
}

export const downloadCommand = async (
  runtime: CardRuntime,
  code: string | undefined,
  options: DownloadOptions,
): Promise<number> => {
  const source = readSourceOr(code, options)
  if (source instanceof Error)
    return failBefore(runtime, { message: 'activation_code', data: source.message, address: null })
  checkEventOptions(options, source.kind === 'discover')
  const device = readDevice(options.imei)
  // A wrong file is found out before the card is touched.
  if (options.ca !== undefined) readCa(options.ca)
  return withCard(runtime, options, async at => {
    checkCanAsk(at, source, options)
    for (const note of source.notes) at.terminal.line(`note: ${note}`)
    const settings = { ...options, deviceInfo: device(at) }
    if (source.kind === 'discover') return downloadDiscovered(at, source.smdsAddress, settings)
    report(at, await install(at, (isdr, attempt) => download(at, isdr, source, { ...settings, attempt })))
    return 0
  })
}

const install = (at: CardWork, work: (isdr: Isdr, attempt: Attempt) => Promise<Download>): Promise<Download> =>
  retryAfterLostResponse(at.device.card, at.isdrOptions, work).catch(error => {
    throw at.lpac ? error : explain(error)
  })

/** A code that cannot be read is an answer to lpac's front ends, which pass on what a person typed. */
const readSourceOr = (code: string | undefined, options: DownloadOptions): Source | Error => {
  try {
    return readSource(code, options)
  } catch (error) {
    const isCode =
      error instanceof ActivationCodeError || (error instanceof BenchError && error.code === 'activation-code')
    if (options.lpac && isCode) return error
    throw error
  }
}

type Settings = DownloadOptions & { readonly deviceInfo: ReturnType<typeof deviceInfoOf> }

const download = async (
  at: CardWork,
  isdr: Isdr,
  source: Exclude<Source, { kind: 'discover' }>,
  settings: Settings & { readonly attempt: Attempt },
): Promise<Download> => {
  const { deviceInfo, attempt } = settings
  // A second try goes on with what the first has begun to tell.
  const isFirst = attempt.lost === undefined
  const confirm = (metadata: StoreMetadataRequest, terms: ConsentTerms): Promise<Consent> =>
    askConsent(at, settings, metadata, terms)
  const signal = at.runtime.interrupt
  if (source.kind === 'default' && isFirst) at.lpac?.progress('es10a_get_euicc_configured_addresses')
  const address = source.kind === 'code' ? source.code.smdpAddress : await readDefault(at, isdr)
  if (isFirst) {
    followServer(at, address)
    followFailure(at, address, () => (attempt.agreed ? iccidToDigits(attempt.agreed.metadata.iccid) : ''))
  }
  const from = source.kind === 'code' ? { activationCode: source.code } : { smdpAddress: address }
  return withServers(at, isdr, [address], fetch =>
    downloadProfile({ isdr, fetch, ...from, deviceInfo, signal, attempt, confirm, ...keeping(at, settings) }),
  )
}

/** lpac leaves the result on the card, and its front ends send it. */
const keeping = (at: CardWork, { notify }: Settings): { keepNotification: boolean } => ({
  keepNotification: notify === false || at.lpac !== undefined,
})

const readDefault = async (at: CardWork, isdr: Isdr): Promise<string> => {
  const { defaultDpAddress } = await readAddresses(isdr)
  if (!defaultDpAddress && at.lpac) {
    followFailure(at, null, () => '')
    at.lpac.during('smdp')
    throw new BenchError('no-default-smdp', 'empty')
  }
  if (!defaultDpAddress)
    throw new BenchError(
      'usage',
      'nothing was given, and the card holds no default SM-DP+: give an activation code, --qr IMAGE, --discover, or ' +
        '--smdp HOST with --matching-id',
    )
  at.terminal.line(`no activation code was given: the card's default SM-DP+ is asked, ${defaultDpAddress}`)
  return defaultDpAddress
}

/** What an SM-DS has for the card: one event, the one that is chosen, or all of them. */
const downloadDiscovered = async (
  at: CardWork,
  smdsAddress: string | undefined,
  settings: Settings,
): Promise<number> => {
  const found = await discover(at, smdsAddress, settings.deviceInfo)
  const { root } = found
  const chosen = await chooseEvents(at, found, settings)
  if (chosen.length === 0) {
    at.terminal.line(`${root} has nothing for this card`)
    at.json({ smdsAddress: root, events: [] })
    return 0
  }
  if (!settings.all) {
    report(at, await downloadOne(at, root, chosen[0]!, settings))
    return 0
  }
  const downloads: ReturnType<typeof view>[] = []
  const failed: (EventEntry & { error: string })[] = []
  const tell = (): void => at.json({ smdsAddress: root, downloads, failed })
  for (const event of chosen) {
    try {
      const done = await downloadOne(at, root, event, settings)
      downloads.push(view(done))
      say(at, done)
    } catch (error) {
      // What one server or the person refuses does not hold up the others; a card that is gone does.
      const seen = error instanceof BenchError ? error.cause : error
      if (!isLpaError(seen) || at.runtime.interrupt.aborted) {
        // What is installed is, whatever ends the rest.
        if (downloads.length > 0) tell()
        throw error
      }
      const { message } = error as Error
      failed.push({ ...event, error: message })
      at.terminal.line(`event ${event.eventId}: ${message}`)
    }
  }
  tell()
  at.terminal.line(`${downloads.length} of ${chosen.length} installed`)
  return failed.length === 0 ? 0 : 1
}

const downloadOne = (at: CardWork, root: string, event: EventEntry, settings: Settings): Promise<Download> => {
  at.terminal.line(`${root} says that a profile waits at ${event.rspServerAddress} (event ${event.eventId})`)
  return install(at, (isdr, attempt) =>
    withServers(
      at,
      isdr,
      [root, event.rspServerAddress],
      fetch =>
        downloadEvent(event, {
          ...{ isdr, fetch, attempt, deviceInfo: settings.deviceInfo, signal: at.runtime.interrupt },
          confirm: (metadata, terms) => askConsent(at, settings, metadata, terms),
          ...keeping(at, settings),
        }),
      root,
    ),
  )
}

/** The session was put off and the order waits, or the person said no: both are for the person to hear, not the card's fault. */
const explain = (error: unknown): unknown => {
  if (isLpaError(error, 'confirmation-code-missing'))
    return new BenchError('usage', 'the operator asks for a confirmation code: give it with --confirmation-code', {
      cause: error,
    })
  if (isLpaError(error, 'rejected'))
    return new BenchError('declined', `nothing was installed; card and server were told ${error.data.cancelReason}`, {
      cause: error,
    })
  return error
}

const report = (at: CardWork, done: Download): void => {
  const { iccid } = viewProfile(done.profile)
  at.lpac?.success({ seqNumber: done.seqNumber, iccid, bppCommandId: 'unknown', errorReason: 'unknown' })
  at.json(view(done))
  say(at, done)
}

const view = ({ profile, smdpAddress, transactionId, notificationSent, packageLength }: Download) => ({
  profile: viewProfile(profile),
  ...{ smdpAddress, transactionId, notificationSent, packageLength },
})

const say = (at: CardWork, done: Download): void => {
  const { profile, packageLength, notificationSent } = view(done)
  at.terminal.line(`installed ${profile.iccid} (${packageLength} bytes), state ${profile.state}`)
  if (!notificationSent) at.terminal.line('its notification waits on the card: esim-bench card notifications send')
  if (profile.state !== 'enabled') at.terminal.line(`to use it: esim-bench card enable ${profile.iccid}`)
}
