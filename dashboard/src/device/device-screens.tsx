import type { DeviceScreen, ProviderCard } from '../../../src/bench/api-contract.ts'
import type { BenchStore } from '../bench/bench-store.ts'

type Shown<N extends DeviceScreen['name']> = Extract<DeviceScreen, { name: N }>
type Act = BenchStore['act']

export const ClosedScreen = ({ act }: { act: Act }) => (
  <div className="closed-screen">
    <button type="button" className="app-tile" onClick={() => void act({ action: 'open' })}>
      <span className="tile-icon" aria-hidden="true">
        <img src="/favicon.svg" alt="" width="30" height="30" />
      </span>
      Mobile Plans
    </button>
    <p>Open the app, or select the network icon at the lower right.</p>
  </div>
)

export const LoadingScreen = ({ screen }: { screen: Shown<'loading'> }) => (
  <div className="centered">
    <progress aria-label={screen.text} />
    <p>{screen.text}</p>
  </div>
)

export const CatalogScreen = ({ screen, act }: { screen: Shown<'catalog'>; act: Act }) => (
  <div className="catalog">
    <h3>Choose a mobile operator</h3>
    <p className="quiet">Operators that sell plans in {countryName(screen.country)}</p>
    {screen.providers.length === 0 ? (
      <p>No operator sells plans for this device in this country.</p>
    ) : (
      <ul>
        {screen.providers.map(provider => (
          <li key={provider.id}>
            <button
              type="button"
              className="provider"
              data-provider={provider.id}
              onClick={() => void act({ action: 'choose-provider', provider: provider.id })}
            >
              <Logo provider={provider} />
              <span>
                <b>{provider.name}</b>
                {provider.tagline && <small>{provider.tagline}</small>}
              </span>
            </button>
          </li>
        ))}
      </ul>
    )}
  </div>
)

/** The operator's template sets text and colors. The app sets the text about the data that it shares with the operator. */
export const GatewayScreen = ({ screen, act }: { screen: Shown<'gateway'>; act: Act }) => {
  const { provider, template } = screen
  const image = sameOrigin(template.image)
  return (
    <div
      className="gateway"
      style={{ background: hexColor(template.backgroundColor), color: hexColor(template.bodyFontColor) }}
    >
      <div className="gateway-brand">
        {image ? <img src={image} alt="" /> : <Logo provider={provider} />}
        <h3>{provider.name}</h3>
      </div>
      <p className="gateway-text">{template.bodyText}</p>
      <p className="gateway-disclaimer">{template.disclaimer}</p>
      <div className="gateway-buttons">
        <button
          type="button"
          className="app-primary"
          style={{ background: hexColor(template.buttonColor), color: hexColor(template.buttonFontColor) }}
          onClick={() => void act({ action: 'continue' })}
        >
          {template.buttonText}
        </button>
        <button type="button" className="app-link" onClick={() => void act({ action: 'choose-another' })}>
          Choose a different operator
        </button>
      </div>
    </div>
  )
}

export const ResultScreen = ({ screen, act }: { screen: Shown<'result'>; act: Act }) => (
  <div className="centered result" data-outcome={screen.outcome}>
    <svg className="result-mark" viewBox="0 0 48 48" aria-hidden="true">
      <circle cx="24" cy="24" r="21" />
      <path d={RESULT_SHAPES[screen.outcome]} />
    </svg>
    <h3>{screen.title}</h3>
    <p>{screen.text}</p>
    {(screen.errorCode || screen.correlationId) && (
      <p className="quiet">
        {screen.errorCode && <code>{screen.errorCode}</code>}
        {screen.correlationId && <> CV: {screen.correlationId}</>}
      </p>
    )}
    <div className="gateway-buttons">
      {screen.canTryAgain && (
        <button type="button" className="app-primary" onClick={() => void act({ action: 'try-again' })}>
          Try again
        </button>
      )}
      <button
        type="button"
        className={screen.canTryAgain ? 'app-link' : 'app-primary'}
        onClick={() => void act({ action: 'cancel' })}
      >
        Close
      </button>
    </div>
  </div>
)

const RESULT_SHAPES: Readonly<Record<Shown<'result'>['outcome'], string>> = {
  connected: 'M14.5 24.5l6.5 6.5 12.5-14',
  'installed-not-registered': 'M24 13v13M24 33v1',
  failed: 'M16.5 16.5l15 15M31.5 16.5l-15 15',
  cancelled: 'M15 24h18',
}

const Logo = ({ provider }: { provider: ProviderCard }) => {
  const logo = sameOrigin(provider.logo)
  return logo ? (
    <img className="logo" src={logo} alt="" />
  ) : (
    <span className="logo" style={{ background: hexColor(provider.color) }} aria-hidden="true">
      {provider.name.slice(0, 1)}
    </span>
  )
}

/** Accepts `#rrggbb` and `#rrggbbaa` only, so that an operator's value cannot set any other style. */
const hexColor = (text: string | undefined): string | undefined =>
  text !== undefined && /^#[0-9a-f]{6}([0-9a-f]{2})?$/i.test(text) ? text : undefined

const sameOrigin = (address: string | undefined): string | null =>
  address !== undefined && (/^\/(?!\/)/.test(address) || address.startsWith('data:image/')) ? address : null

const countryName = (code: string): string => {
  try {
    return new Intl.DisplayNames('en', { type: 'region' }).of(code.toUpperCase()) ?? code
  } catch {
    return code
  }
}
