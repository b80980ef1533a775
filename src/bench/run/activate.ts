import { createPortalHost } from '../../app/portal/portal-host.ts'
import type { AppState } from '../../app/state.ts'
import { type ActivationSettings, openActivation, type RunOutcome, SetupFailed } from './activation.ts'
import { StepFailure } from './classify-error.ts'
import { unlessStopped } from './unless-stopped.ts'

const isOver = ({ screen }: AppState): boolean => screen.name === 'result'

/**
 * The scenario `activate`: an unattended user, from the start of the app to the balance in the flyout. It uses only
 * the buttons of the app and the pages of the portal.
 */
export const activate = async (settings: Omit<ActivationSettings, 'portal'>): Promise<RunOutcome> => {
  const { services, signal, random } = settings
  let noteLater: (text: string) => void = () => undefined
  const host = createPortalHost({ web: services.toPortal, note: text => noteLater(text) })
  let activation: Awaited<ReturnType<typeof openActivation>>
  try {
    activation = await openActivation({ ...settings, portal: host.view })
  } catch (error) {
    if (error instanceof SetupFailed) return error.outcome
    throw error
  }
  const { app, tracker, note } = activation
  noteLater = note
  const untilOver = (wanted: (state: AppState) => boolean): Promise<AppState> =>
    app.until(state => wanted(state) || isOver(state))
  const until = (wanted: (state: AppState) => boolean): Promise<AppState> => unlessStopped(untilOver(wanted), signal)
  /** The step tracker has received the result that the screen shows. */
  const goesOn = (state: AppState): boolean => !isOver(state)

  const walk = async (): Promise<void> => {
    app.act({ action: 'open' })
    const offered = await until(({ screen }) => screen.name === 'catalog')
    if (!goesOn(offered)) return
    const [provider] = offered.providers
    if (!provider)
      throw new StepFailure('no-provider', { verdict: 'fail', cause: 'server' }, 'the service offers no operator here')
    app.act({ action: 'choose-provider', provider: provider.id })
    if (!goesOn(await until(({ screen }) => screen.name === 'gateway'))) return
    app.act({ action: 'continue' })
    if (!goesOn(await until(({ screen }) => screen.name === 'portal' && screen.ready))) return

    // A new customer for each run. The password is random and not stored.
    const tag = Buffer.from(random(6)).toString('hex')
    const account = {
      email: `user-${tag}@device.bench.example`,
      password: Buffer.from(random(18)).toString('base64url'),
      name: 'Bench User',
      isNew: true,
    }
    // The app can ask before the walk ends; the walk reports an interruption.
    const consent = untilOver(({ consent, download }) => consent !== null || download?.phase === 'failed')
    const { end } = await unlessStopped(host.shop({ account }), signal)
    if (end === 'cancelled')
      throw new StepFailure(
        'purchase-cancelled',
        { verdict: 'fail', cause: 'server' },
        'the portal cancelled the purchase',
      )
    const asked = await unlessStopped(consent, signal)
    if (!goesOn(asked)) return
    const { consent: request } = asked
    if (request) {
      note(`the user is shown ${request.profileName} of ${request.serviceProviderName}, and agrees`)
      app.act({ action: 'consent', accept: true })
    }
    if (!goesOn(await until(({ download }) => download?.phase === 'done'))) return
    await unlessStopped(host.finish(), signal)

    app.act({ action: 'open-flyout' })
    await until(({ flyout }) => flyout !== null && flyout.state !== 'loading')
  }

  try {
    await walk()
  } catch (error) {
    tracker.fail(error)
  }
  return activation.finish()
}
