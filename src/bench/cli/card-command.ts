import { X509Certificate } from 'node:crypto'
import { deviceInfoOf } from '../../lpa/device-info.ts'
import { downloadProfile } from '../../lpa/download.ts'
import { isLpaError } from '../../lpa/errors.ts'
import { describeEuicc } from '../../lpa/euicc.ts'
import { type Isdr, type IsdrOptions, withIsdr } from '../../lpa/isdr.ts'
import { listNotifications, sendNotifications } from '../../lpa/notifications.ts'
import {
  deleteProfile,
  disableProfile,
  enableProfile,
  listProfiles,
  setNickname,
  WHOLE_PROFILE_INFO,
} from '../../lpa/profiles.ts'
import type { LpaEvent } from '../../lpa/report.ts'
import { parseActivationCode } from '../../rsp/activation-code.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import { BenchError } from '../error.ts'
import { type Address, createAddressBook } from '../net/address-book.ts'
import { openLpaFetch } from '../net/lpa-fetch.ts'
import type { Device } from '../rigs/attach.ts'
import { showProfiles, viewCard, viewNotification, viewProfile } from './card-view.ts'
import { type CardOptions, readInput } from './options.ts'
import { createTerminal, printJson, type Terminal, type World } from './terminal.ts'
import { atWork, type Workplace } from './workplace.ts'

export interface ServerOptions {
  readonly connectTo?: Address
  readonly ca?: string
}
export interface DownloadOptions extends CardOptions, ServerOptions {
  readonly smdp?: string
  readonly matchingId?: string
  readonly activationCode?: string
  readonly confirmationCode?: string
}

/** A TAC of the range for test equipment (reporting body 00, TS 23.003 §6), for a device that is a test bench. */
const BENCH_TAC = '00100200'

interface CardWork {
  readonly workplace: Workplace
  readonly device: Device
  readonly terminal: Terminal
  readonly isdrOptions: IsdrOptions
}

const reporter =
  (terminal: Terminal) =>
  (event: LpaEvent): void => {
    if (event.kind === 'started') terminal.progress(event.step)
    else if (event.kind === 'progress') terminal.progress(`${event.step}: ${event.done} of ${event.total} bytes`)
    else if (event.kind === 'noted') terminal.line(`note: ${event.text}`)
  }

const withCard = (world: World, options: CardOptions, work: (at: CardWork) => Promise<number>): Promise<number> =>
  atWork(world, options, async workplace => {
    const device = await workplace.open(options.rig)
    const terminal = createTerminal(world, options.json)
    try {
      const { segmentSize } = device
      const isdrOptions = { segmentSize, report: reporter(terminal) }
      return await work({ workplace, device, terminal, isdrOptions })
    } finally {
      await device.close()
    }
  })

/** Opens the ISD-R alone on the card, for the time of `work`. */
const onIsdr = <T>({ device, isdrOptions }: CardWork, work: (isdr: Isdr) => Promise<T>): Promise<T> =>
  device.card.exclusive(channel => withIsdr(channel, isdrOptions, work))

const subjectKeyIdOf = (der: Uint8Array): Uint8Array | undefined => parseCertificate(der).subjectKeyId

/** One or more certificates of a PEM file. */
const readPem = (path: string): Uint8Array[] => {
  const text = Buffer.from(readInput(path, 'CA file')).toString('latin1')
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (!blocks) throw new BenchError('certificates', `${path} holds no certificate in PEM form`)
  try {
    return blocks.map(block => new Uint8Array(new X509Certificate(block).raw))
  } catch (error) {
    throw new BenchError('certificates', `${path} holds a certificate that cannot be read`, { cause: error })
  }
}

/** The LPA's fetch for servers out there, or for the one that `--connect-to` names. */
const withServers = async <T>(
  world: World,
  at: CardWork,
  isdr: Isdr,
  options: ServerOptions & { readonly hosts: readonly string[] },
  work: (fetch: (request: Request) => Promise<Response>) => Promise<T>,
): Promise<T> => {
  const { connectTo, ca, hosts } = options
  const opened = await openLpaFetch(isdr, {
    addresses: createAddressBook(new Map(connectTo ? hosts.map(host => [host, connectTo]) : [])),
    openWorld: true,
    clock: world.clock,
    certificates: [at.workplace.pki.ci.certificate.der],
    ...(ca === undefined ? {} : { instead: readPem(ca) }),
    subjectKeyIdOf,
  })
  try {
    return await work(opened.fetch)
  } finally {
    await opened.close()
  }
}

const sourceOf = (options: DownloadOptions) => {
  const { smdp, matchingId, activationCode } = options
  if (activationCode !== undefined) {
    if (smdp !== undefined || matchingId !== undefined)
      throw new BenchError('wrong-use', 'give either --activation-code, or --smdp and --matching-id')
    return parseActivationCode(activationCode)
  }
  if (smdp === undefined)
    throw new BenchError('wrong-use', 'which server? give --smdp HOST and --matching-id ID, or --activation-code')
  return parseActivationCode(`1$${smdp}$${matchingId ?? ''}`)
}

/** The session was put off and the order waits: what is missing is for the person to give. */
const explained = (error: unknown): never => {
  if (!isLpaError(error, 'confirmation-code-missing')) throw error
  throw new BenchError('wrong-use', 'the operator asks for a confirmation code: give it with --confirmation-code', {
    cause: error,
  })
}

export const downloadCommand = async (world: World, options: DownloadOptions): Promise<number> => {
  const source = sourceOf(options)
  // A wrong file is found out before the card is touched.
  if (options.ca !== undefined) readPem(options.ca)
  return withCard(world, options, at =>
    onIsdr(at, async isdr => {
      const { terminal } = at
      const servers = { ...options, hosts: [source.smdpAddress] }
      const done = await withServers(world, at, isdr, servers, fetch =>
        downloadProfile({
          isdr,
          fetch,
          activationCode: source,
          deviceInfo: deviceInfoOf(BENCH_TAC),
          signal: world.interrupt,
          async confirm(metadata, { ppr }) {
            terminal.line(`profile: ${metadata.profileName} of ${metadata.serviceProviderName}`)
            if (ppr.length > 0) terminal.line(`policy rules: ${ppr.join(', ')}`)
            return { accepted: true, confirmationCode: options.confirmationCode }
          },
        }).catch(explained),
      )
      const profile = viewProfile(done.profile)
      const { smdpAddress, transactionId, notificationSent, packageLength } = done
      if (options.json) printJson(world, { profile, smdpAddress, transactionId, notificationSent, packageLength })
      terminal.line(`installed ${profile.iccid} (${packageLength} bytes), state ${profile.state}`)
      if (!notificationSent) terminal.line('its notification waits on the card: esim-bench card notifications --send')
      return 0
    }),
  )
}

export const listCommand = (world: World, options: CardOptions): Promise<number> =>
  withCard(world, options, at =>
    onIsdr(at, async isdr => {
      const profiles = (await listProfiles(isdr, { tagList: WHOLE_PROFILE_INFO })).map(viewProfile)
      if (options.json) printJson(world, { rig: at.device.rig.name, profiles })
      for (const line of showProfiles(profiles)) at.terminal.line(line)
      return 0
    }),
  )

export const infoCommand = (world: World, options: CardOptions): Promise<number> =>
  withCard(world, options, at =>
    onIsdr(at, async isdr => {
      const view = viewCard(await describeEuicc(isdr))
      if (options.json) printJson(world, { rig: at.device.rig.name, ...view })
      at.terminal.line(`EID ${view.eid}`)
      for (const [name, value] of Object.entries(view))
        if (name !== 'eid') at.terminal.line(`${name} ${JSON.stringify(value, undefined, 2)}`)
      return 0
    }),
  )

/** An ICCID as a person types it: with blanks, with or without the filler. */
const readIccid = (text: string): { iccid: string } => {
  const iccid = text.replace(/[\s-]/g, '').replace(/f$/i, '')
  if (!/^\d{18,20}$/.test(iccid))
    throw new BenchError('wrong-use', `${JSON.stringify(text)} is not an ICCID: 18 to 20 digits are expected`)
  return { iccid }
}

export const switchCommand = (
  world: World,
  action: 'enable' | 'disable',
  iccid: string,
  options: CardOptions,
): Promise<number> => {
  const profile = readIccid(iccid)
  return withCard(world, options, async ({ device, terminal, isdrOptions }) => {
    const change = action === 'enable' ? enableProfile : disableProfile
    const view = viewProfile(await change({ card: device.card, profile, isdrOptions, refreshFlag: true }))
    if (options.json) printJson(world, { profile: view })
    terminal.line(`${view.iccid} is ${view.state}`)
    return 0
  })
}

export const deleteCommand = (world: World, iccid: string, options: CardOptions): Promise<number> => {
  const profile = readIccid(iccid)
  return withCard(world, options, at =>
    onIsdr(at, async isdr => {
      await deleteProfile(isdr, profile)
      if (options.json) printJson(world, { deleted: profile.iccid })
      at.terminal.line(`${profile.iccid} is deleted`)
      return 0
    }),
  )
}

export const nicknameCommand = (
  world: World,
  iccid: string,
  nickname: string,
  options: CardOptions,
): Promise<number> => {
  const profile = readIccid(iccid)
  if (Buffer.byteLength(nickname) > 64) throw new BenchError('wrong-use', 'a nickname may have 64 bytes')
  return withCard(world, options, at =>
    onIsdr(at, async isdr => {
      await setNickname(isdr, profile.iccid, nickname)
      if (options.json) printJson(world, { iccid: profile.iccid, nickname })
      at.terminal.line(
        nickname === '' ? `${profile.iccid} has no nickname now` : `${profile.iccid} is called ${nickname}`,
      )
      return 0
    }),
  )
}

export const notificationsCommand = (
  world: World,
  options: CardOptions & ServerOptions & { readonly send?: boolean },
): Promise<number> =>
  withCard(world, options, at =>
    onIsdr(at, async isdr => {
      const { terminal } = at
      const waiting = await listNotifications(isdr)
      if (!options.send) {
        const notifications = waiting.map(viewNotification)
        if (options.json) printJson(world, { rig: at.device.rig.name, notifications })
        if (notifications.length === 0) terminal.line('no notifications wait on this card')
        for (const each of notifications)
          terminal.line(`${each.seqNumber}  ${each.operation}  ${each.iccid ?? ''}  to ${each.address}`)
        return 0
      }
      const hosts = waiting.map(({ notificationAddress }) => notificationAddress.trim().toLowerCase())
      const { sent, kept } = await withServers(world, at, isdr, { ...options, hosts }, fetch =>
        sendNotifications({ isdr, fetch, signal: world.interrupt }),
      )
      if (options.json)
        printJson(world, {
          sent: sent.map(viewNotification),
          kept: kept.map(({ metadata, error }) => ({
            ...viewNotification(metadata),
            ...(error instanceof Error ? { error: error.message } : {}),
          })),
        })
      terminal.line(`${sent.length} sent, ${kept.length} kept`)
      return kept.length > 0 ? 1 : 0
    }),
  )
