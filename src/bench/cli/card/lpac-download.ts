import type { CardWork } from './at-card.ts'
import { lpacFunction } from './lpac-voice.ts'

/** Steps that lpac tells of, each with the address of the server; it counts the card's first two as one. */
const TOLD: readonly string[] = [
  'ES10b.GetEUICCChallenge',
  'ES9+.InitiateAuthentication',
  'ES10b.AuthenticateServer',
  'ES9+.AuthenticateClient',
  'ES10b.PrepareDownload',
  'ES9+.GetBoundProfilePackage',
  'ES10b.LoadBoundProfilePackage',
  'ES10b.CancelSession',
  'ES9+.CancelSession',
]

/** The progress lines of `lpac profile download`. The preview, which is no function, is told where it is made. */
export const followDownload = (at: CardWork, address: string, isDefault: boolean): void => {
  const { lpac } = at
  if (lpac === undefined) return
  if (isDefault) lpac.progress('es10a_get_euicc_configured_addresses')
  at.listen(event => {
    if (event.kind === 'started' && TOLD.includes(event.step)) lpac.progress(lpacFunction(event.step), address)
  })
}
