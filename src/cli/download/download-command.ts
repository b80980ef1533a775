import { BenchError } from '../../host/error.ts'
import type { toDeviceInfo } from '../../lpa/card/device-info.ts'
import { readAddresses } from '../../lpa/card/euicc.ts'
import type { Isdr } from '../../lpa/card/isdr.ts'
import { downloadEvent } from '../../lpa/discovery.ts'
import { type Consent, type ConsentTerms, type Download, downloadProfile } from '../../lpa/download.ts'
import { isLpaError } from '../../lpa/errors.ts'
import { type Attempt, retryAfterLostResponse } from '../../lpa/resume-download.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import type { EventEntry } from '../../rsp/interfaces/es11.ts'
import type { StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { DownloadOptions } from '../card/card-options.ts'
import { viewProfile } from '../card/card-view.ts'
import { prepareDeviceInfo } from '../card/device-info.ts'
import { readCa, withServers } from '../card/servers.ts'
import { type CardRuntime, type CardWork, withCard } from '../card/with-card.ts'
import { failBeforeDownload, printFailureProgress, printServerProgress } from '../lpac/lpac-download.ts'
import { checkEventOptions, chooseEvents } from './choose-event.ts'
import { retrieveEvents } from './discover-command.ts'
import { askConsent, checkCanAsk } from './download-consent.ts'
import { type DownloadSource, parseSource } from './download-source.ts'

export const downloadCommand = async (
  runtime: CardRuntime,
  code: string | undefined,
  options: DownloadOptions,
): Promise<number> => {
  const source = await parseSourceForLpac(code, options)
  if (source instanceof Error)
    return failBeforeDownload(runtime, { message: 'activation_code', data: source.message, address: null })
  checkEventOptions(options, source.kind === 'discover')
  const getDeviceInfo = prepareDeviceInfo(options.imei)
  // Check the file before the card is opened.
  if (options.ca !== undefined) readCa(options.ca)
  return withCard(runtime, options, async at => {
    checkCanAsk(at, source, options)
    for (const note of source.notes) at.terminal.line(`note: ${note}`)
    const settings = { ...options, deviceInfo: getDeviceInfo(at) }
    if (source.kind === 'discover') return downloadDiscovered(at, source.smdsAddress, settings)
    reportDownload(at, await install(at, (isdr, attempt) => download(at, isdr, source, { ...settings, attempt })))
    return 0
  })
}

const install = (at: CardWork, work: (isdr: Isdr, attempt: Attempt) => Promise<Download>): Promise<Download> =>
  retryAfterLostResponse(at.device.card, at.isdrOptions, work).catch(error => {
    throw at.lpac ? error : toUserError(error)
  })

/** With --lpac, returns the error of an invalid activation code: front ends of lpac expect it in the output. */
const parseSourceForLpac = async (
  code: string | undefined,
  options: DownloadOptions,
): Promise<DownloadSource | Error> => {
  try {
    return await parseSource(code, options)
  } catch (error) {
    if (options.lpac && error instanceof BenchError && error.code === 'activation-code') return error
    throw error
  }
}

type Settings = DownloadOptions & { readonly deviceInfo: ReturnType<typeof toDeviceInfo> }

const download = async (
  at: CardWork,
  isdr: Isdr,
  source: Exclude<DownloadSource, { kind: 'discover' }>,
  settings: Settings & { readonly attempt: Attempt },
): Promise<Download> => {
  const { deviceInfo, attempt } = settings
  // A retry continues the lpac output of the first attempt.
  const isFirst = attempt.lost === undefined
  const confirm = (metadata: StoreMetadataRequest, terms: ConsentTerms): Promise<Consent> =>
    askConsent(at, settings, metadata, terms)
  const signal = at.runtime.interrupt
  if (source.kind === 'default' && isFirst) at.lpac?.progress('es10a_get_euicc_configured_addresses')
  const address = source.kind === 'code' ? source.code.smdpAddress : await readDefault(at, isdr)
  if (isFirst) {
    printServerProgress(at, address)
    printFailureProgress(at, address, () => (attempt.agreed ? iccidToDigits(attempt.agreed.metadata.iccid) : ''))
  }
  const from = source.kind === 'code' ? { activationCode: source.code } : { smdpAddress: address }
  return withServers(at, isdr, [address], fetch =>
    downloadProfile({
      isdr,
      fetch,
      ...from,
      deviceInfo,
      signal,
      attempt,
      confirm,
      ...getNotificationOption(at, settings),
    }),
  )
}

/** lpac keeps the notification on the card, and its front ends send it. */
const getNotificationOption = (at: CardWork, { notify }: Settings): { keepNotification: boolean } => ({
  keepNotification: notify === false || at.lpac !== undefined,
})

const readDefault = async (at: CardWork, isdr: Isdr): Promise<string> => {
  const { defaultDpAddress } = await readAddresses(isdr)
  if (!defaultDpAddress && at.lpac) {
    printFailureProgress(at, null, () => '')
    at.lpac.setStep('smdp')
    throw new BenchError('no-default-smdp', 'empty')
  }
  if (!defaultDpAddress)
    throw new BenchError(
      'usage',
      'no activation code was given, and the card has no default SM-DP+; give an activation code, --qr IMAGE, ' +
        '--discover, or --smdp HOST with --matching-id',
    )
  at.terminal.line(`no activation code was given; using the default SM-DP+ of the card: ${defaultDpAddress}`)
  return defaultDpAddress
}

/** Downloads the selected event of an SM-DS, or all events with --all. */
const downloadDiscovered = async (
  at: CardWork,
  smdsAddress: string | undefined,
  settings: Settings,
): Promise<number> => {
  const found = await retrieveEvents(at, smdsAddress, settings.deviceInfo)
  const { root } = found
  const chosen = await chooseEvents(at, found, settings)
  if (chosen.length === 0) {
    at.terminal.line(`${root} has no events for this card`)
    at.json({ smdsAddress: root, events: [] })
    return 0
  }
  if (!settings.all) {
    reportDownload(at, await downloadOne(at, root, chosen[0]!, settings))
    return 0
  }
  const downloads: ReturnType<typeof toView>[] = []
  const failed: (EventEntry & { error: string })[] = []
  const printResult = (): void => at.json({ smdsAddress: root, downloads, failed })
  for (const event of chosen) {
    try {
      const download = await downloadOne(at, root, event, settings)
      downloads.push(toView(download))
      showDownload(at, download)
    } catch (error) {
      // After an error of one server or a rejection, continue. After an error of the card, stop.
      const cause = error instanceof BenchError ? error.cause : error
      if (!isLpaError(cause) || at.runtime.interrupt.aborted) {
        // Report the installed profiles before the error.
        if (downloads.length > 0) printResult()
        throw error
      }
      const { message } = error as Error
      failed.push({ ...event, error: message })
      at.terminal.line(`event ${event.eventId}: ${message}`)
    }
  }
  printResult()
  at.terminal.line(`${downloads.length} of ${chosen.length} installed`)
  return failed.length === 0 ? 0 : 1
}

const downloadOne = (at: CardWork, root: string, event: EventEntry, settings: Settings): Promise<Download> => {
  at.terminal.line(`${root} has an event for this card at ${event.rspServerAddress} (event ${event.eventId})`)
  return install(at, (isdr, attempt) =>
    withServers(
      at,
      isdr,
      [root, event.rspServerAddress],
      fetch =>
        downloadEvent(event, {
          ...{ isdr, fetch, attempt, deviceInfo: settings.deviceInfo, signal: at.runtime.interrupt },
          confirm: (metadata, terms) => askConsent(at, settings, metadata, terms),
          ...getNotificationOption(at, settings),
        }),
      root,
    ),
  )
}

/** Replaces LPA errors that the user caused by messages for the user. */
const toUserError = (error: unknown): unknown => {
  if (isLpaError(error, 'confirmation-code-missing'))
    return new BenchError('usage', 'the operator requires a confirmation code; give it with --confirmation-code', {
      cause: error,
    })
  if (isLpaError(error, 'rejected'))
    return new BenchError(
      'declined',
      `nothing was installed; card and server were notified with the reason ${error.data.cancelReason}`,
      {
        cause: error,
      },
    )
  return error
}

const reportDownload = (at: CardWork, done: Download): void => {
  const { iccid } = viewProfile(done.profile)
  at.lpac?.success({ seqNumber: done.seqNumber, iccid, bppCommandId: 'unknown', errorReason: 'unknown' })
  at.json(toView(done))
  showDownload(at, done)
}

const toView = ({ profile, smdpAddress, transactionId, notificationSent, packageLength }: Download) => ({
  profile: viewProfile(profile),
  ...{ smdpAddress, transactionId, notificationSent, packageLength },
})

const showDownload = (at: CardWork, done: Download): void => {
  const { profile, packageLength, notificationSent } = toView(done)
  at.terminal.line(`installed ${profile.iccid} (${packageLength} bytes), state ${profile.state}`)
  if (!notificationSent)
    at.terminal.line('its notification remains on the card; to send: esim-bench card notifications send')
  if (profile.state !== 'enabled') at.terminal.line(`to enable it: esim-bench card enable ${profile.iccid}`)
}
