import { ActivationCodeError, parseActivationCode } from '../../rsp/activation-code.ts'
import type { MobilePlansActivationError } from '../operation-status.ts'

/** A bridge call as the page of the portal sent it. */
export interface BridgeCall {
  readonly object: string
  readonly method: string
  readonly arguments: readonly unknown[]
  /** The operation id, if the page had to create it because it cannot wait for the app. */
  readonly operationId?: string
}
/** The immediate result of `notifyProfileDownload`. */
export interface MobilePlansOperationContext {
  readonly Id: string
}

/** The purchase metadata of the operator (reference §4.2), with the names of its table. */
export interface PurchaseMetadata {
  readonly userAccount?: string
  readonly purchaseInstrument?: string
  readonly line?: string
  readonly moDirectStatus: string
  readonly planName: string
}

/** The request of a bridge call. `findings`: tolerated deviations from the contract. */
export type BridgeRequest =
  | { readonly ask: 'listen'; readonly event: 'activation' | 'registration'; readonly script: string }
  | {
      readonly ask: 'download'
      readonly activationCode: string
      readonly metadata: PurchaseMetadata
      readonly findings: readonly string[]
    }
  | { readonly ask: 'download-refused'; readonly error: MobilePlansActivationError; readonly reason: string }
  | { readonly ask: 'cancel'; readonly metadata: PurchaseMetadata; readonly findings: readonly string[] }
  /** The app ignores the call and does not notify the page. */
  | { readonly ask: 'nothing'; readonly reason: string }

/** Allows https pages of the configured host, with any path (reference §4). */
export const mayCall = (documentUrl: string, bridgeHost: string): boolean => {
  if (!URL.canParse(documentUrl)) return false
  const { protocol, hostname } = new URL(documentUrl)
  return protocol === 'https:' && hostname === bridgeHost
}

export const readBridgeCall = (call: BridgeCall): BridgeRequest => {
  const listening = LISTENERS[call.method]
  if (listening !== undefined) {
    const [script] = call.arguments
    return typeof script === 'string' && /^[A-Za-z_$][\w$]*$/.test(script)
      ? { ask: 'listen', event: listening, script }
      : { ask: 'nothing', reason: `${call.method} must be the name of a function` }
  }
  if (call.method === 'notifyProfileDownload' || call.method === 'notifyInlineProfileDownload')
    return readDownload(call)
  if (call.method === 'notifyCancelledPurchase') {
    const read = readMetadata(call.arguments[0])
    return read === undefined
      ? {
          ask: 'cancel',
          metadata: { moDirectStatus: '', planName: '' },
          findings: ['the purchase metadata is not an object'],
        }
      : { ask: 'cancel', metadata: read.metadata, findings: [...read.findings, ...judge(read.metadata, 'cancelled')] }
  }
  return { ask: 'nothing', reason: `${call.object}.${call.method} is not offered` }
}

const LISTENERS: Readonly<Record<string, 'activation' | 'registration'>> = {
  profileActivationCompleteScript: 'activation',
  registrationChangedScript: 'registration',
  registrationCompleteScript: 'registration', // the name in the contract's diagrams
}

const readDownload = (call: BridgeCall): BridgeRequest => {
  const [given, code, delay] = call.arguments
  const read = readMetadata(given)
  if (read === undefined)
    return { ask: 'download-refused', error: 'invalidJson', reason: 'the purchase metadata is not an object' }
  if (delay !== undefined && delay !== 0)
    return {
      ask: 'download-refused',
      error: 'unknownError',
      reason: 'a delayed download was requested; this app downloads immediately',
    }
  const refused = (reason: string): BridgeRequest => ({
    ask: 'download-refused',
    error: 'invalidActivationCode',
    reason,
  })
  if (typeof code !== 'string') return refused('the activation code is not a text')
  if (/^\s*LPA:/i.test(code)) return refused('the activation code must not begin with LPA:')
  try {
    if (parseActivationCode(code).confirmationCodeRequired)
      return {
        ask: 'download-refused',
        error: 'confirmationCodeMissing',
        reason: 'the activation code of a Mobile Plans profile must not require a confirmation code',
      }
  } catch (error) {
    if (error instanceof ActivationCodeError) return refused(error.message)
    throw error
  }
  const findings = [...read.findings, ...judge(read.metadata, 'complete')]
  return { ask: 'download', activationCode: code, metadata: read.metadata, findings }
}

/** The names in the newer samples of the contract. Its table has other names. */
const OTHER_NAMES: Readonly<Record<string, string>> = { lineType: 'line', modirectStatus: 'moDirectStatus' }

const readMetadata = (given: unknown): { metadata: PurchaseMetadata; findings: string[] } | undefined => {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) return undefined
  const findings: string[] = []
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) {
    const known = OTHER_NAMES[name] ?? name
    if (known !== name) findings.push(`${name} has the name ${known} in the table of the contract`)
    if (typeof value === 'string') values[known] = value
    else if (value !== null && value !== undefined) findings.push(`${name} must be text`)
  }
  const { userAccount, purchaseInstrument, line, moDirectStatus = '', planName = '' } = values
  const metadata: PurchaseMetadata = {
    moDirectStatus,
    planName,
    ...(userAccount !== undefined && { userAccount }),
    ...(purchaseInstrument !== undefined && { purchaseInstrument }),
    ...(line !== undefined && { line }),
  }
  return { metadata, findings }
}

/** The values of the table. bridge-objects.ts injects enum objects with exactly these values. */
export const METADATA_VALUES = {
  userAccount: ['New', 'Existing', 'Bailed', 'None'],
  purchaseInstrument: ['New', 'Existing', 'Bailed', 'None'],
  line: ['New', 'Existing', 'Bailed', 'None'],
  moDirectStatus: [
    'Complete',
    'ServiceError',
    'InvalidSIM',
    'LogOnFailed',
    'PurchaseFailed',
    'ClientError',
    'BillingError',
    'Cancelled', // only in samples, and only with notifyCancelledPurchase
  ],
} as const

const judge = (metadata: PurchaseMetadata, outcome: 'complete' | 'cancelled'): string[] => {
  const findings: string[] = []
  for (const [name, values] of Object.entries(METADATA_VALUES)) {
    const value = metadata[name as keyof PurchaseMetadata]
    if (value !== undefined && value !== '' && !(values as readonly string[]).includes(value))
      findings.push(`${name} "${value}" is not one of ${values.join(', ')}`)
  }
  if (metadata.moDirectStatus === '') findings.push('moDirectStatus is missing')
  if (outcome === 'complete') {
    if (metadata.planName === '') findings.push('planName is required if a plan was bought')
    if (metadata.moDirectStatus !== '' && metadata.moDirectStatus !== 'Complete')
      findings.push(`moDirectStatus ${metadata.moDirectStatus} contradicts a download`)
  } else {
    if (metadata.planName !== '') findings.push('planName must be empty if no plan was bought')
    if (metadata.moDirectStatus === 'Complete') findings.push('moDirectStatus Complete contradicts a cancellation')
  }
  return findings
}
