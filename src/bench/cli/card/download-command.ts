import { deviceInfoOf } from '../../../lpa/device-info.ts'
import { discoverEvents, downloadEvent } from '../../../lpa/discovery.ts'
import { type Consent, type ConsentTerms, type Download, downloadProfile } from '../../../lpa/download.ts'
import { isLpaError } from '../../../lpa/errors.ts'
import { readAddresses } from '../../../lpa/euicc.ts'
import type { Isdr } from '../../../lpa/isdr.ts'
import { type Attempt, surviveLoss } from '../../../lpa/lost-way.ts'
import { ActivationCodeError } from '../../../rsp/activation-code.ts'
import type { EventEntry } from '../../../rsp/es11.ts'
import type { Fetch } from '../../../rsp/fetch.ts'
import { iccidToDigits } from '../../../rsp/identifiers.ts'
import type { StoreMetadataRequest } from '../../../rsp/metadata.ts'
import { BenchError } from '../../error.ts'
import { imeiOf } from '../../run/mobile-device.ts'
import { viewProfile } from '../card-view.ts'
import { isYes, showName } from '../terminal.ts'
import { type CardWork, type CardWorld, onIsdr, withCard } from './at-card.ts'
import type { ConsentOptions } from './consent.ts'
import { readSource, type Source, type SourceOptions } from './download-source.ts'
import { failBefore, followFailure, followServer } from './lpac-download.ts'
import { readCa, type ServerOptions, withServers } from './servers.ts'

export interface DownloadOptions extends ServerOptions, SourceOptions, ConsentOptions {
  readonly confirmationCode?: string
  /** False with `--no-notify`. */
  readonly notify?: boolean
  readonly imei?: string
  /** Seconds that a person has to answer. */
  readonly consentTimeout?: number
  /** lpac's own: shows the profile, and asks on stdin. */
  readonly preview?: boolean
}

/** A TAC of the range for test equipment (reporting body 00, TS 23.003 §6), for a device that is a test bench. */
const BENCH_TAC = '00100200'
const CONSENT_SECONDS = 300

export const downloadCommand = async (
  world: CardWorld,
  code: string | undefined,
  options: DownloadOptions,
): Promise<number> => {
  const source = readSourceOr(code, options)
  if (source instanceof Error)
    return failBefore(world, { message: 'activation_code', data: source.message, address: null })
  const deviceInfo = readDevice(options.imei)
  // A wrong file is found out before the card is touched.
  if (options.ca !== undefined) readCa(options.ca)
  return withCard(world, options, async at => {
    checkCanAsk(at, source, options)
    for (const note of source.notes) at.terminal.line(`note: ${note}`)
    return surviveLoss(at.device.card, at.isdrOptions, async (isdr, attempt) => {
      const ofDevice = (options.imei === undefined ? deviceOf(at) : undefined) ?? deviceInfo
      const done = await download(at, isdr, source, { ...options, deviceInfo: ofDevice, attempt })
      if (done !== undefined) report(at, done)
      return 0
    }).catch(error => {
      throw at.lpac ? error : explain(error)
    })
  })
}

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

type Settings = DownloadOptions & {
  readonly deviceInfo: ReturnType<typeof deviceInfoOf>
  readonly attempt: Attempt
}

const download = async (
  at: CardWork,
  isdr: Isdr,
  source: Source,
  settings: Settings,
): Promise<Download | undefined> => {
  const { deviceInfo, attempt } = settings
  let iccid = ''
  const confirm = (metadata: StoreMetadataRequest, terms: ConsentTerms): Promise<Consent> => {
    iccid = iccidToDigits(metadata.iccid)
    return askConsent(at, settings, metadata, terms)
  }
  const signal = at.world.interrupt
  if (source.kind === 'discover') return discover(at, isdr, source.smdsAddress, settings, confirm)
  if (source.kind === 'default') at.lpac?.progress('es10a_get_euicc_configured_addresses')
  const address = source.kind === 'code' ? source.code.smdpAddress : await readDefault(at, isdr)
  followServer(at, address)
  followFailure(at, address, () => iccid)
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
      'wrong-use',
      'nothing was given, and the card holds no default SM-DP+: give an activation code, --qr IMAGE, --discover, or ' +
        '--smdp HOST with --matching-id',
    )
  at.terminal.line(`no activation code was given: the card's default SM-DP+ is asked, ${defaultDpAddress}`)
  return defaultDpAddress
}

const discover = async (
  at: CardWork,
  isdr: Isdr,
  smdsAddress: string | undefined,
  settings: Settings,
  confirm: (metadata: StoreMetadataRequest, terms: ConsentTerms) => Promise<Consent>,
): Promise<Download | undefined> => {
  const { deviceInfo, attempt } = settings
  const signal = at.world.interrupt
  const root = smdsAddress ?? (await readAddresses(isdr)).rootDsAddress
  const events = await withServers(
    at,
    isdr,
    [root],
    fetch => discoverEvents({ isdr, fetch, deviceInfo, smdsAddress: root, signal }),
    root,
  )
  const [event, ...others] = events
  if (event === undefined) {
    at.terminal.line(`${root} has nothing for this card`)
    at.json({ smdsAddress: root, events: [] })
    return undefined
  }
  at.terminal.line(`${root} says that a profile waits at ${event.rspServerAddress} (event ${event.eventId})`)
  for (const other of others)
    at.terminal.line(`another one waits at ${other.rspServerAddress} (event ${other.eventId}): come again for it`)
  return withServers(
    at,
    isdr,
    [root, event.rspServerAddress],
    fetch => downloadEvent(event, { isdr, fetch, deviceInfo, signal, attempt, confirm, ...keeping(at, settings) }),
    root,
  )
}

/** `card discover`, and lpac's `profile discovery`: what waits, and nothing more. */
export const discoverCommand = (
  world: CardWorld,
  smdsAddress: string | undefined,
  options: ServerOptions & { readonly imei?: string },
): Promise<number> => {
  const deviceInfo = readDevice(options.imei)
  return withCard(world, options, at =>
    onIsdr(at, async isdr => {
      const root = smdsAddress ?? (await readAddresses(isdr)).rootDsAddress
      const find = (fetch: Fetch): Promise<readonly EventEntry[]> =>
        discoverEvents({
          isdr,
          fetch,
          deviceInfo: (options.imei === undefined ? deviceOf(at) : undefined) ?? deviceInfo,
          smdsAddress: root,
          signal: at.world.interrupt,
        })
      followServer(at, root)
      const events = await withServers(at, isdr, [root], find, root)
      // lpac tells the servers and not the ids.
      at.lpac?.success(events.map(({ rspServerAddress }) => rspServerAddress))
      at.json({ smdsAddress: root, events })
      if (events.length === 0) at.terminal.line(`${root} has nothing for this card`)
      for (const { eventId, rspServerAddress } of events) at.terminal.line(`${rspServerAddress}  event ${eventId}`)
      return 0
    }),
  )
}

/** A modem is the device that it is. */
const deviceOf = ({ device }: CardWork): ReturnType<typeof deviceInfoOf> | undefined =>
  device.modem && deviceInfoOf(imeiOf(device.modem))

const readDevice = (imei: string | undefined): ReturnType<typeof deviceInfoOf> => {
  try {
    return deviceInfoOf(imei ?? BENCH_TAC)
  } catch (cause) {
    throw new BenchError('wrong-use', (cause as Error).message, { cause })
  }
}

/** Who cannot be asked has to have said it beforehand; found out before any server is. */
const checkCanAsk = (at: CardWork, source: Source, { yes, confirmationCode }: DownloadOptions): void => {
  const needsCode = source.kind === 'code' && source.code.confirmationCodeRequired && confirmationCode === undefined
  if (at.terminal.ask !== undefined) return
  if (needsCode)
    throw new BenchError('wrong-use', 'the activation code asks for a confirmation code: give --confirmation-code')
  if (!yes && !at.lpac)
    throw new BenchError(
      'wrong-use',
      'a profile is installed with consent, and there is no terminal to ask on: add --yes if you agree',
    )
}

const RULES = {
  ppr1: 'while it is on the card, it cannot be disabled (PPR1)',
  ppr2: 'it cannot be deleted from the card (PPR2)',
} as const

/** Preview and question (SGP.22 §3.1.3 step 6): yes, no, or later; who does not answer in time, has not agreed. */
const askConsent = async (
  at: CardWork,
  { yes, confirmationCode, consentTimeout = CONSENT_SECONDS, preview }: DownloadOptions,
  metadata: StoreMetadataRequest,
  { confirmationCodeRequired, ppr, pprConsentRequired }: ConsentTerms,
): Promise<Consent> => {
  const { terminal } = at
  terminal.line(`profile: ${showName(metadata.profileName)} of ${showName(metadata.serviceProviderName)}`)
  terminal.line(`ICCID: ${iccidToDigits(metadata.iccid)}, ${String(metadata.profileClass)}`)
  for (const rule of ppr)
    terminal.line(`rule: ${RULES[rule]}${pprConsentRequired ? '; the card wants you to agree to it' : ''}`)
  if (at.lpac) {
    if (!(await at.lpac.preview(metadata, preview === true))) return { accepted: false, reason: 'endUserRejection' }
    return { accepted: true, confirmationCode }
  }
  const deadline = AbortSignal.timeout(consentTimeout * 1000)
  const signal = AbortSignal.any([at.world.interrupt, deadline])
  if (!yes) {
    const answer = await terminal.ask?.('install it? [y]es, [n]o, [l]ater: ', { signal })
    if (answer === undefined) return { accepted: false, reason: deadline.aborted ? 'timeout' : 'endUserRejection' }
    if (/^\s*l(ater)?\s*$/i.test(answer)) return { accepted: false, reason: 'postponed' }
    if (!isYes(answer)) return { accepted: false, reason: 'endUserRejection' }
  }
  if (!confirmationCodeRequired || confirmationCode !== undefined) return { accepted: true, confirmationCode }
  const typed = await terminal.ask?.('confirmation code of the operator: ', { signal, hidden: true })
  if (typed === undefined && deadline.aborted) return { accepted: false, reason: 'timeout' }
  return { accepted: true, confirmationCode: typed?.trim() }
}

/** The session was put off and the order waits, or the person said no: both are for the person to hear, not the card's fault. */
const explain = (error: unknown): unknown => {
  if (isLpaError(error, 'confirmation-code-missing'))
    return new BenchError('wrong-use', 'the operator asks for a confirmation code: give it with --confirmation-code', {
      cause: error,
    })
  if (isLpaError(error, 'rejected'))
    return new BenchError('not-wanted', `nothing was installed; card and server were told ${error.data.cancelReason}`, {
      cause: error,
    })
  return error
}

const report = (at: CardWork, done: Download): void => {
  const profile = viewProfile(done.profile)
  const { smdpAddress, transactionId, notificationSent, packageLength, seqNumber } = done
  at.lpac?.success({ seqNumber, iccid: profile.iccid, bppCommandId: 'unknown', errorReason: 'unknown' })
  at.json({ profile, smdpAddress, transactionId, notificationSent, packageLength })
  at.terminal.line(`installed ${profile.iccid} (${packageLength} bytes), state ${profile.state}`)
  if (!notificationSent) at.terminal.line('its notification waits on the card: esim-bench card notifications send')
  if (profile.state !== 'enabled') at.terminal.line(`to use it: esim-bench card enable ${profile.iccid}`)
}
