import type { PortalFrameController } from '../../app/portal/portal-frame.ts'
import type { Provider } from '../../app/service-client.ts'
import type { AppState, Screen } from '../../app/state.ts'
import type { RigSummary } from '../../evidence/events.ts'
import type { DeviceScreen, DeviceState, ProviderCard } from '../api-contract.ts'

const viewProvider = ({ id, brandName, tagline, brandColor }: Provider): ProviderCard => ({
  id,
  name: brandName,
  ...(tagline === undefined ? {} : { tagline }),
  ...(brandColor === undefined ? {} : { color: brandColor }),
})

const viewScreen = (screen: Screen, frame: PortalFrameController | undefined): DeviceScreen => {
  switch (screen.name) {
    case 'closed':
    case 'loading':
      return screen
    case 'catalog':
      return { name: 'catalog', country: screen.country, providers: screen.providers.map(viewProvider) }
    case 'gateway': {
      const { bodyText, buttonText, disclaimer, backgroundColor, bodyFontColor, buttonColor, buttonFontColor } =
        screen.page
      return {
        name: 'gateway',
        provider: viewProvider(screen.provider),
        template: {
          bodyText,
          buttonText,
          disclaimer,
          backgroundColor,
          bodyFontColor,
          buttonFontColor,
          ...(buttonColor === null ? {} : { buttonColor }),
        },
      }
    }
    case 'portal': {
      const shown = frame?.shown
      return shown
        ? { name: 'portal', provider: viewProvider(screen.provider), frame: shown }
        : { name: 'loading', text: `Opening ${screen.provider.brandName}…` }
    }
    case 'result': {
      const { retry, ...shown } = screen
      return { ...shown, canTryAgain: retry !== undefined }
    }
  }
}

/** Converts the state of the app to the part that the page draws. */
export const viewDevice = (
  state: AppState,
  at: {
    readonly runId: string | null
    readonly rig: Pick<RigSummary, 'name' | 'link' | 'subject'>
    readonly frame?: PortalFrameController
  },
): DeviceState => {
  const { download, consent, leaving, flyout, banner } = state
  const { name, link, subject } = at.rig
  return {
    runId: at.runId,
    rig: { name, link, subject },
    screen: viewScreen(state.screen, at.frame),
    download,
    consent,
    leaving,
    flyout,
    banner,
  }
}
