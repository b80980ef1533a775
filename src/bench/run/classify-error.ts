import { ApduError, type ApduErrorCode } from '../../apdu/errors.ts'
import { AppError, type AppErrorCode } from '../../app/error.ts'
import { EuiccError } from '../../euicc/error.ts'
import type { Cause, Verdict } from '../../evidence/events.ts'
import { BenchError } from '../../host/error.ts'
import { LpaError } from '../../lpa/errors.ts'
import { ModemError } from '../../modem/errors.ts'
import { FetchError } from '../../rsp/fetch.ts'
import { OperatorError } from '../../server/operator/error.ts'
import { SmdpError } from '../../server/smdp/error.ts'

/** The verdict, the cause and the summary of an error. */
export interface Classification {
  readonly verdict: Exclude<Verdict, 'pass' | 'inapplicable'>
  readonly cause: Cause
  readonly summary: string
  readonly errorCode: string
  /** False for an unexpected error, which is a defect of the bench. */
  readonly isForeseen: boolean
}

const fail = (cause: Cause) => ({ verdict: 'fail' as const, cause })
const blocked = (cause: Cause) => ({ verdict: 'blocked' as const, cause })

/**
 * A card that rejects a command or does not answer is the device under test; a missing card is a problem of the rig. A
 * modem must send a final result code in every case; a missing one is a modem failure.
 */
const APDU: Readonly<Record<ApduErrorCode, ReturnType<typeof fail> | ReturnType<typeof blocked>>> = {
  'card-removed': blocked('rig'),
  'port-gone': blocked('rig'),
  'reader-busy': blocked('rig'),
  'exchange-lost': blocked('rig'),
  'card-mute': fail('card'),
  'timed-out': blocked('modem'),
  'bad-response': fail('card'),
  'no-channel': fail('card'),
  refused: fail('card'),
  'link-garbage': blocked('rig'),
  'link-overlong': blocked('rig'),
  'link-silent': blocked('rig'),
  'link-protocol': blocked('rig'),
  'link-refused': blocked('rig'),
  'link-closed': blocked('rig'),
  'recording-exhausted': blocked('bench'),
  'invalid-recording': blocked('bench'),
  'bad-command': blocked('bench'),
}

const APP: Readonly<Record<AppErrorCode, Pick<Classification, 'verdict' | 'cause'>>> = {
  'service-unreachable': blocked('network'),
  'portal-unreachable': blocked('network'),
  'service-failed': fail('server'),
  'portal-failed': fail('server'),
  'portal-stuck': fail('server'),
  'unavailable-action': blocked('bench'),
}

/**
 * Without coverage, or with a network that does not know the profile, the bench cannot test the card. A modem that
 * does not use the enabled profile fails itself.
 */
const classifyModemError = ({ code, fault }: ModemError): Pick<Classification, 'verdict' | 'cause'> => {
  if (fault === 'user' || fault === 'rig') return blocked('rig')
  if (code === 'not-registered') return blocked('network')
  return fault === 'modem' && code !== 'stale-profile' ? blocked('modem') : fail(fault)
}

const classifyKnownError = (error: unknown): Pick<Classification, 'verdict' | 'cause'> | undefined => {
  if (error instanceof ApduError)
    return error.cause instanceof ModemError ? classifyModemError(error.cause) : APDU[error.code]
  if (error instanceof FetchError) {
    if (error.code === 'untrusted') return fail('server')
    return blocked(error.code === 'recording-exhausted' ? 'bench' : 'network')
  }
  if (error instanceof AppError) return APP[error.code]
  if (error instanceof LpaError) {
    if (error.fault === 'network') return blocked('network')
    if (error.fault === 'user') return blocked('bench')
    return fail(error.fault)
  }
  if (error instanceof ModemError) return classifyModemError(error)
  // The state of the software eUICC has another version, belongs to another card or is damaged: a problem of the rig.
  if (error instanceof EuiccError) return blocked('rig')
  if (error instanceof SmdpError || error instanceof OperatorError) return fail('server')
  if (error instanceof BenchError)
    return blocked(error.code === 'rig-not-attached' || error.code === 'protected' ? 'rig' : 'bench')
  return undefined
}

/** Maps an error by its class and code, never by its text. */
export const classifyError = (error: unknown): Classification => {
  if (error instanceof StepFailure)
    return { ...error.classification, summary: error.message, errorCode: error.code, isForeseen: true }
  const found = classifyKnownError(error)
  const message = error instanceof Error ? error.message : String(error)
  if (found) return { ...found, summary: message, errorCode: (error as { code: string }).code, isForeseen: true }
  return {
    ...blocked('bench'),
    summary: `the bench failed: ${message}`,
    errorCode: 'unexpected',
    isForeseen: false,
  }
}

/** A failure that a step detected itself, with its verdict: a missing page, a balance that is not shown. */
export class StepFailure extends Error {
  readonly code: string
  readonly classification: Pick<Classification, 'verdict' | 'cause'>

  constructor(
    code: string,
    classification: Pick<Classification, 'verdict' | 'cause'>,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause })
    this.name = 'StepFailure'
    this.code = code
    this.classification = classification
  }
}
