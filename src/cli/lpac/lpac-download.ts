import { isLpaError } from '../../lpa/errors.ts'
import type { CardWork } from '../card/with-card.ts'
import { createLpacJsonOutput, lpacFunction, toSnakeCase } from './lpac-json-output.ts'

/** Steps for which lpac prints progress with the address of the server. It prints the first two as one. */
const REPORTED_STEPS: readonly string[] = [
  'ES10b.GetEUICCChallenge',
  'ES9+.InitiateAuthentication',
  'ES11.InitiateAuthentication',
  'ES10b.AuthenticateServer',
  'ES9+.AuthenticateClient',
  'ES11.AuthenticateClient',
  'ES10b.PrepareDownload',
  'ES9+.GetBoundProfilePackage',
  'ES10b.LoadBoundProfilePackage',
]

/** Prints the progress lines of downloads and discoveries until the returned function is called. */
export const printServerProgress = (at: Pick<CardWork, 'lpac' | 'listen'>, address: string): (() => void) => {
  const { lpac } = at
  let isOver = false
  at.listen(event => {
    if (lpac === undefined || isOver) return
    if (event.kind === 'started' && REPORTED_STEPS.includes(event.step))
      lpac.progress(lpacFunction(event.step), address)
  })
  return () => {
    isOver = true
  }
}

/** Reports a download that fails before its first request. lpac prints cancellations here too. */
export const failBeforeDownload = (
  runtime: Parameters<typeof createLpacJsonOutput>[0],
  { message, data, address }: { message: string; data: string; address: string | null },
): number => {
  const output = createLpacJsonOutput(runtime)
  output.progress('es10b_cancel_session', address)
  output.progress('es9p_cancel_session', address)
  return output.failure(message, data)
}

/** Prints the cancellations of a failed download, as lpac does also without a session. */
export const printFailureProgress = (
  { lpac }: Pick<CardWork, 'lpac'>,
  address: string | null,
  iccid: () => string,
): void =>
  lpac?.onFailure(error => {
    if (isLpaError(error, 'install-failed')) {
      const { seqNumber, bppCommandId, errorReason } = error.data
      lpac.progress('es10b_load_bound_profile_package:result', {
        seqNumber: seqNumber ?? 0,
        iccid: iccid(),
        bppCommandId: toSnakeCase(String(bppCommandId)),
        errorReason: toSnakeCase(String(errorReason)),
      })
    }
    if (isLpaError(error, 'confirmation-code-missing')) lpac.progress('es10b_prepare_download', address)
    lpac.progress('es10b_cancel_session', address)
    lpac.progress('es9p_cancel_session', address)
  })
