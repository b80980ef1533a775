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

/** What an error says about a run: how it ended, through whom, in one line. */
export interface Judgement {
  readonly verdict: Exclude<Verdict, 'pass' | 'inapplicable'>
  readonly cause: Cause
  readonly summary: string
  readonly errorCode: string
  /** False: nobody thought of this error, so it is the bench's own. */
  readonly isForeseen: boolean
}

const fail = (cause: Cause) => ({ verdict: 'fail' as const, cause })
const blocked = (cause: Cause) => ({ verdict: 'blocked' as const, cause })

/**
 * A card that says no, or nothing, is what is tested; a card that is not there is the rig's affair. A modem owes a final
 * result code whatever the card does, so that one that gives none is wrong itself.
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

const APP: Readonly<Record<AppErrorCode, Pick<Judgement, 'verdict' | 'cause'>>> = {
  'service-unreachable': blocked('network'),
  'portal-unreachable': blocked('network'),
  'service-failed': fail('server'),
  'portal-failed': fail('server'),
  'portal-stuck': fail('server'),
  'unavailable-action': blocked('bench'),
}

/**
 * A modem that finds no network where it stands, and a network that was never told of the profile, say nothing of the
 * card: the bench could not ask. A modem that does not use the profile that is enabled is wrong itself.
 */
const judgeModem = ({ code, fault }: ModemError): Pick<Judgement, 'verdict' | 'cause'> => {
  if (fault === 'user' || fault === 'rig') return blocked('rig')
  if (code === 'not-registered') return blocked('network')
  return fault === 'modem' && code !== 'stale-profile' ? blocked('modem') : fail(fault)
}

const judge = (error: unknown): Pick<Judgement, 'verdict' | 'cause'> | undefined => {
  if (error instanceof ApduError) return error.cause instanceof ModemError ? judgeModem(error.cause) : APDU[error.code]
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
  if (error instanceof ModemError) return judgeModem(error)
  // Its memory is of another version, of another card, or damaged: it is the place that is wrong, not the card.
  if (error instanceof EuiccError) return blocked('rig')
  if (error instanceof SmdpError || error instanceof OperatorError) return fail('server')
  if (error instanceof BenchError)
    return blocked(error.code === 'rig-not-attached' || error.code === 'protected' ? 'rig' : 'bench')
  return undefined
}

/** By the error's class and code, never by its words. */
export const classifyError = (error: unknown): Judgement => {
  if (error instanceof StepFailure)
    return { ...error.judgement, summary: error.message, errorCode: error.code, isForeseen: true }
  const found = judge(error)
  const message = error instanceof Error ? error.message : String(error)
  if (found) return { ...found, summary: message, errorCode: (error as { code: string }).code, isForeseen: true }
  return {
    ...blocked('bench'),
    summary: `the bench failed: ${message}`,
    errorCode: 'unexpected',
    isForeseen: false,
  }
}

/** What a step found wrong by itself, with its verdict: a page that is not there, a balance that is not shown. */
export class StepFailure extends Error {
  readonly code: string
  readonly judgement: Pick<Judgement, 'verdict' | 'cause'>

  constructor(code: string, judgement: Pick<Judgement, 'verdict' | 'cause'>, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StepFailure'
    this.code = code
    this.judgement = judgement
  }
}
