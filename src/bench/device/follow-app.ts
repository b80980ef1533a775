import type { AppEvent, AppState } from '../../app/state.ts'
import type { Cause } from '../../evidence/events.ts'
import { StepFailure } from '../run/classify-error.ts'
import type { StepTracker } from '../run/step-tracker.ts'

/**
 * Maps each event of the app to the step that it begins or ends. `lastFailure` returns the last failure of the LPA or
 * the modem.
 */
export const followApp =
  (tracker: StepTracker, lastFailure: () => unknown) =>
  (state: AppState, event: AppEvent): void => {
    if (event.kind === 'user' && event.action === 'open') tracker.enter(1)
    if (event.kind === 'providers')
      tracker.summarize(
        `${event.providers.length} operator${event.providers.length === 1 ? '' : 's'} offered in ${event.country}`,
      )
    if (event.kind === 'user' && event.action === 'continue') tracker.enter(2)
    if (event.kind === 'portal-ready') {
      tracker.summarize(`the portal of ${state.provider?.brandName ?? 'the operator'} is open`)
      tracker.enter(3)
    }
    if (event.kind === 'download') {
      tracker.summarize('the portal returned the activation code')
      tracker.enter(5)
    }
    if (event.kind === 'user' && event.action === 'open-flyout' && state.line) tracker.enter(7)
    if (event.kind === 'flyout') followFlyout(tracker, event)
    if (state.screen.name === 'result' && state.screen.outcome !== 'connected')
      tracker.fail(lastFailure() ?? failureOn(state.screen))
  }

const followFlyout = (tracker: StepTracker, { flyout }: Extract<AppEvent, { kind: 'flyout' }>): void => {
  if (flyout.state === 'failed')
    tracker.fail(
      new StepFailure(
        'no-balance',
        { verdict: 'fail', cause: 'server' },
        flyout.problem ?? 'the service returned no balance',
      ),
    )
  else if (flyout.balance)
    tracker.summarize([flyout.balance.headline, flyout.balance.detail].filter(Boolean).join(', '))
  else if (flyout.state === 'shown') tracker.summarize('a postpaid plan has no balance to show')
  if (flyout.state === 'shown') tracker.complete()
}

/** The dialog of the app, if neither LPA nor modem reported a failure. */
const failureOn = (screen: Extract<AppState['screen'], { name: 'result' }>): StepFailure =>
  new StepFailure(screen.errorCode ?? screen.outcome, verdictOf(screen.errorCode), `${screen.title}: ${screen.text}`)

/** An unreachable service or portal is not the device under test. */
const verdictOf = (code: string | undefined): { verdict: 'fail' | 'blocked'; cause: Cause } =>
  code === 'service-unreachable' || code === 'portal-unreachable'
    ? { verdict: 'blocked', cause: 'network' }
    : { verdict: 'fail', cause: 'server' }
