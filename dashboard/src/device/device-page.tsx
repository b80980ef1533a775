import type { DeviceState } from '../../../src/bench/api-contract.ts'
import { useSnapshot, useStore } from '../bench/use-bench.ts'
import { plannedSteps } from '../run/run-state.ts'
import { StateMark } from '../run/state-mark.tsx'
import { formatDuration, SOFTWARE_MARK } from '../run/wording.ts'
import { ConsentDialog, DownloadOverlay, LeavingDialog } from './device-overlays.tsx'
import { CatalogScreen, ClosedScreen, GatewayScreen, LoadingScreen, ResultScreen } from './device-screens.tsx'
import { NetworkFlyout } from './network-flyout.tsx'
import { PortalScreen } from './portal-screen.tsx'

/** The screen of the device, and the steps of the activation next to it. */
export const DevicePage = () => {
  const store = useStore()
  const { device, connection } = useSnapshot()
  if (device === null)
    return (
      <div className="empty">
        <h2>Waiting for the device</h2>
        <p>
          {connection === 'live' ? 'The bench has not sent the state of the device.' : 'The bench does not respond.'}
        </p>
      </div>
    )
  const { screen } = device
  const flyoutOpen = device.flyout !== null
  return (
    <div className="device-page" data-subject={device.rig.subject}>
      <section className="device" aria-label="The device's screen">
        <div className="desktop">
          {screen.name === 'closed' ? (
            <ClosedScreen act={store.act} />
          ) : (
            <div className="app-window" data-screen={screen.name}>
              <header className="app-title">
                {screen.name === 'portal' && screen.frame.canGoBack && (
                  <button
                    type="button"
                    className="app-button"
                    aria-label="Back"
                    onClick={() => void store.act({ action: 'back' })}
                  >
                    <svg viewBox="0 0 16 16" aria-hidden="true">
                      <path d="M9.5 3L4.5 8l5 5" />
                    </svg>
                  </button>
                )}
                <h2>Mobile Plans</h2>
                <button
                  type="button"
                  className="app-button"
                  aria-label="Close the app"
                  onClick={() => void store.act({ action: 'cancel' })}
                >
                  <svg viewBox="0 0 16 16" aria-hidden="true">
                    <path d="M4 4l8 8M12 4l-8 8" />
                  </svg>
                </button>
              </header>
              <div className="app-body">
                <Screen device={device} />
                {device.download && !isShownByScreen(device) && <DownloadOverlay download={device.download} />}
                {device.consent && <ConsentDialog consent={device.consent} act={store.act} />}
                {device.leaving && <LeavingDialog act={store.act} />}
              </div>
              {device.banner && (
                <div className="app-banner" role="status">
                  <span>{device.banner}</span>
                  <button type="button" onClick={() => void store.act({ action: 'dismiss-banner' })}>
                    Dismiss
                  </button>
                </div>
              )}
            </div>
          )}
          {device.flyout && <NetworkFlyout flyout={device.flyout} act={store.act} />}
        </div>
        <footer className="taskbar">
          <span className="grow" />
          <button
            type="button"
            className="network-button"
            aria-expanded={flyoutOpen}
            aria-label="Network"
            title="Network"
            onClick={() => void store.act({ action: flyoutOpen ? 'close-flyout' : 'open-flyout' })}
          >
            <svg viewBox="0 0 20 16" aria-hidden="true">
              <path d="M3 15v-3M7.5 15V9M12 15V5.5M16.5 15V2" />
            </svg>
          </button>
        </footer>
      </section>
      <DeviceSteps device={device} />
      <p className="visually-hidden" role="status" aria-live="polite">
        {announce(device)}
      </p>
    </div>
  )
}

/** The result screen describes a failed download in more detail than the overlay. */
const isShownByScreen = ({ screen, download }: DeviceState): boolean =>
  screen.name === 'result' && download?.phase === 'failed'

const Screen = ({ device }: { device: DeviceState }) => {
  const { act } = useStore()
  const { screen } = device
  switch (screen.name) {
    case 'closed':
      return null
    case 'loading':
      return <LoadingScreen screen={screen} />
    case 'catalog':
      return <CatalogScreen screen={screen} act={act} />
    case 'gateway':
      return <GatewayScreen screen={screen} act={act} />
    case 'portal':
      return <PortalScreen screen={screen} />
    case 'result':
      return <ResultScreen screen={screen} act={act} />
  }
}

const DeviceSteps = ({ device }: { device: DeviceState }) => {
  const { run } = useSnapshot()
  const steps = run === null || run.runId !== device.runId ? [] : plannedSteps(run)
  return (
    <aside className="panel device-steps" aria-label="Steps of this session">
      <h2>
        Activation steps
        {device.runId && <a href={`#/run/${encodeURIComponent(device.runId)}`}>Open the run</a>}
      </h2>
      {device.rig.subject === 'software' && (
        <p className="software-mark" data-mark="software">
          <span>{SOFTWARE_MARK}</span>
        </p>
      )}
      {steps.length === 0 ? (
        <p className="quiet">Open the app on the device. The steps of the activation then appear here.</p>
      ) : (
        <ol>
          {steps.map(view => (
            <li key={view.step} data-state={view.state}>
              <StateMark state={view.state} />
              <span>
                {view.step}. {view.name}
                {view.summary && <small>{view.summary}</small>}
              </span>
              <span className="step-took">{view.took === undefined ? '' : formatDuration(view.took)}</span>
            </li>
          ))}
        </ol>
      )}
    </aside>
  )
}

const announce = (device: DeviceState): string => {
  if (device.consent) return `The device asks for consent to download ${device.consent.profileName}.`
  if (device.download) return device.download.text
  const { screen } = device
  switch (screen.name) {
    case 'closed':
      return 'The app is closed.'
    case 'loading':
      return screen.text
    case 'catalog':
      return `The catalog shows ${screen.providers.length === 1 ? '1 operator' : `${screen.providers.length} operators`}.`
    case 'gateway':
      return `The gateway page of ${screen.provider.name}.`
    case 'portal':
      return `The portal of ${screen.provider.name}.`
    case 'result':
      return `${screen.title}. ${screen.text}`
  }
}
