import { BenchError } from '../../host/error.ts'
import { OWN_SMDP_HOST } from '../../host/pki/card-pki.ts'
import type { Runtime } from '../../host/runtime.ts'
import { formatActivationCode } from '../../rsp/activation-code.ts'
import { ES2p } from '../../rsp/interfaces/es2p.ts'
import { iccidText } from '../../server/smdp/iccid.ts'
import { type OrderAccess, openStoreAccess } from '../../services/smdp/order-access.ts'
import { openStoreAt } from '../../services/smdp/store-location.ts'
import { createTerminal, printJson } from '../terminal.ts'
import type { CancelOrderOptions, ConfirmOrderOptions, CreateOrderOptions, OrderOptions } from './smdp-options.ts'
import { openAccessOver } from './smdp-order-access.ts'

/** The host of the server, which its store does not contain. ES2+ responses contain it. */
type NamedOptions = OrderOptions & { readonly host?: string | undefined }

const withAccess = async (
  runtime: Runtime,
  options: NamedOptions & { readonly smds?: string | undefined },
  work: (access: OrderAccess) => Promise<number>,
): Promise<number> => {
  if (options.url !== undefined) {
    const access = openAccessOver(runtime, options.url, options)
    return work(access).finally(() => access.close())
  }
  if (options.smds !== undefined)
    throw new BenchError('usage', '--smds needs --url: only a running server registers an event at an SM-DS')
  const store = await openStoreAt(options.db, runtime, { mustExist: true })
  const access = openStoreAccess({ ...runtime, store, host: options.host ?? OWN_SMDP_HOST, as: options.as })
  try {
    return await work(access)
  } finally {
    await access.close()
    await store.close()
  }
}

const readIccid = (text: string): string => {
  const iccid = text.replace(/[\s-]/g, '').replace(/f$/i, '')
  if (!/^\d{18,20}$/.test(iccid))
    throw new BenchError('usage', `${JSON.stringify(text)} is not an ICCID: 18 to 20 digits are expected`)
  return iccidText(iccid)
}

const confirm = async (
  runtime: Runtime,
  access: OrderAccess,
  iccid: string,
  { eid, matchingId, confirmationCode, smds, release = false, ...options }: ConfirmOrderOptions,
  created = false,
): Promise<number> => {
  const confirmed = await access.call(ES2p.ConfirmOrder, {
    iccid,
    ...(eid !== undefined && { eid }),
    ...(matchingId !== undefined && { matchingId }),
    ...(confirmationCode !== undefined && { confirmationCode }),
    ...(smds !== undefined && { smdsAddress: smds }),
    releaseFlag: release,
  })
  const terminal = createTerminal(runtime, options.json)
  const activationCode =
    confirmed.smdpAddress === undefined
      ? undefined
      : `LPA:${formatActivationCode({
          smdpAddress: confirmed.smdpAddress,
          matchingId: confirmed.matchingId,
          confirmationCodeRequired: confirmationCode !== undefined,
        })}`
  const digits = iccid.replace(/F$/, '')
  if (options.json) printJson(runtime, { iccid: digits, ...confirmed, activationCode, released: release })
  terminal.line(
    `${digits} is ${created ? 'ordered and ' : ''}${release ? 'released' : 'confirmed'}, matching ID ${confirmed.matchingId || '(empty)'}`,
  )
  if (activationCode !== undefined) terminal.line(activationCode)
  if (options.url === undefined && options.host === undefined)
    terminal.line(`(the server name is ${confirmed.smdpAddress}; set another one with --host NAME)`)
  return 0
}

/** Cancels an order whose confirmation was rejected: it would keep its profile out of the stock. */
const cancelRejected = async (access: OrderAccess, iccid: string, rejection: unknown): Promise<never> => {
  const digits = iccid.replace(/F$/i, '')
  try {
    await access.call(ES2p.CancelOrder, { iccid, finalProfileStatusIndicator: 'Available' })
  } catch {
    if (!(rejection instanceof BenchError)) throw rejection
    const hint = `the order of ${digits} remains; cancel it with: esim-bench smdp order cancel ${digits}`
    throw new BenchError(rejection.code, `${rejection.message}; ${hint}`, { data: rejection.data, cause: rejection })
  }
  throw rejection
}

export const createOrderCommand = (runtime: Runtime, options: CreateOrderOptions): Promise<number> => {
  const { iccid, type, eid } = options
  if (iccid === undefined && type === undefined)
    throw new BenchError('usage', 'no profile is given; give --iccid DIGITS, or --type NAME for any profile of a type')
  const given = (['matchingId', 'confirmationCode', 'smds'] as const).find(name => options[name] !== undefined)
  if (!options.confirm && given !== undefined)
    throw new BenchError(
      'usage',
      '--matching-id, --confirmation-code and --smds belong to the confirmation of an order; add --confirm',
    )
  return withAccess(runtime, options, async access => {
    const ordered = await access.call(ES2p.DownloadOrder, {
      ...(iccid !== undefined && { iccid: readIccid(iccid) }),
      ...(type !== undefined && { profileType: type }),
      ...(eid !== undefined && { eid }),
    })
    if (options.confirm)
      return confirm(runtime, access, ordered.iccid, { ...options, release: true }, true).catch(error =>
        cancelRejected(access, ordered.iccid, error),
      )
    const digits = ordered.iccid.replace(/F$/i, '')
    if (options.json) printJson(runtime, { iccid: digits })
    createTerminal(runtime, options.json).line(
      `${digits} is ordered; confirm it with: esim-bench smdp order confirm ${digits}`,
    )
    return 0
  })
}

export const confirmOrderCommand = (runtime: Runtime, iccid: string, options: ConfirmOrderOptions): Promise<number> => {
  const target = readIccid(iccid)
  return withAccess(runtime, options, access => confirm(runtime, access, target, options))
}

export const releaseOrderCommand = (runtime: Runtime, iccid: string, options: OrderOptions): Promise<number> => {
  const target = readIccid(iccid)
  return withAccess(runtime, options, async access => {
    await access.call(ES2p.ReleaseProfile, { iccid: target })
    if (options.json) printJson(runtime, { iccid: target.replace(/F$/, ''), released: true })
    createTerminal(runtime, options.json).line(`${target.replace(/F$/, '')} is released`)
    return 0
  })
}

export const cancelOrderCommand = (runtime: Runtime, iccid: string, options: CancelOrderOptions): Promise<number> => {
  const target = readIccid(iccid)
  const finalProfileStatusIndicator = options.unavailable ? 'Unavailable' : 'Available'
  return withAccess(runtime, options, async access => {
    await access.call(ES2p.CancelOrder, { iccid: target, finalProfileStatusIndicator })
    if (options.json) printJson(runtime, { iccid: target.replace(/F$/, ''), state: finalProfileStatusIndicator })
    createTerminal(runtime, options.json).line(
      `the order of ${target.replace(/F$/, '')} is canceled; the profile is ${finalProfileStatusIndicator}`,
    )
    return 0
  })
}
