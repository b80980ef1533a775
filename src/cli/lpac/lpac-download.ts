import { isLpaError } from '../../lpa/errors.ts'
import type { CardWork } from '../card/with-card.ts'
import { createLpacJsonOutput, lpacFunction, snake } from './lpac-json-output.ts'

/** Steps that lpac tells of, each with the address of the server; it counts the card's first two as one. */
const TOLD: readonly string[] = [
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

/** The progress lines of lpac's downloads and discoveries. The preview, which is no function, is told where it is made. */
export const followServer = (at: Pick<CardWork, 'lpac' | 'listen'>, address: string): (() => void) => {
  const { lpac } = at
  let isOver = false
  at.listen(event => {
    if (lpac === undefined || isOver) return
    if (event.kind === 'started' && TOLD.includes(event.step)) lpac.progress(lpacFunction(event.step), address)
  })
  return () => {
    isOver = true
  }
}

/** A download that ends before it has begun: lpac says that it cancels, too. */
export const failBefore = (
  runtime: Parameters<typeof createLpacJsonOutput>[0],
  { message, data, address }: { message: string; data: string; address: string | null },
): number => {
  const voice = createLpacJsonOutput(runtime)
  voice.progress('es10b_cancel_session', address)
  voice.progress('es9p_cancel_session', address)
  return voice.failure(message, data)
}

/** After a failed download lpac says that it cancels, whether there is a session or not. */
export const followFailure = ({ lpac }: Pick<CardWork, 'lpac'>, address: string | null, iccid: () => string): void =>
  lpac?.onFailure(error => {
    if (isLpaError(error, 'install-failed')) {
      const { seqNumber, bppCommandId, errorReason } = error.data
      lpac.progress('es10b_load_bound_profile_package:result', {
        seqNumber: seqNumber ?? 0,
        iccid: iccid(),
        bppCommandId: snake(String(bppCommandId)),
        errorReason: snake(String(errorReason)),
      })
    }
    if (isLpaError(error, 'confirmation-code-missing')) lpac.progress('es10b_prepare_download', address)
    lpac.progress('es10b_cancel_session', address)
    lpac.progress('es9p_cancel_session', address)
  })
