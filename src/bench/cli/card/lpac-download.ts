import { isLpaError } from '../../../lpa/errors.ts'
import type { CardWork } from './at-card.ts'
import { createLpacVoice, lpacFunction, snake } from './lpac-voice.ts'

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
export const followServer = (at: Pick<CardWork, 'lpac' | 'listen'>, address: string): void => {
  const { lpac } = at
  if (lpac === undefined) return
  at.listen(event => {
    if (event.kind === 'started' && TOLD.includes(event.step)) lpac.progress(lpacFunction(event.step), address)
  })
}

/** An activation code that cannot be read: lpac says that it cancels, too. */
export const failOnCode = (world: Parameters<typeof createLpacVoice>[0], error: Error): number => {
  const voice = createLpacVoice(world)
  voice.progress('es10b_cancel_session')
  voice.progress('es9p_cancel_session')
  return voice.failure('activation_code', error.message)
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

/** The progress lines of `lpac notification process`: for each number, what is done with it. */
export const followNotifications = (at: Pick<CardWork, 'lpac' | 'listen'>, numbers: readonly number[]): void => {
  const { lpac } = at
  if (lpac === undefined) return
  let current = -1
  at.listen(event => {
    if (event.kind !== 'started') return
    if (event.step === 'ES10b.RetrieveNotificationsList') current++
    else if (event.step !== 'ES9+.HandleNotification' && event.step !== 'ES10b.RemoveNotificationFromList') return
    lpac.progress(lpacFunction(event.step), String(numbers[current]))
  })
}
