import type { DeviceAction, Flyout } from '../../../src/bench/api-contract.ts'
import type { BenchStore } from '../bench/bench-store.ts'

const REGISTRATION_WORDS: Readonly<Record<Flyout['registration'], string>> = {
  none: 'Not connected',
  searching: 'Searching',
  home: 'Connected',
  roaming: 'Connected, roaming',
  denied: 'Registration denied',
}

const BARS: Readonly<Record<Flyout['registration'], number>> = { none: 0, searching: 1, home: 4, roaming: 4, denied: 0 }

export const NetworkFlyout = ({ flyout, act }: { flyout: Flyout; act: BenchStore['act'] }) => (
  <div className="flyout" role="dialog" aria-label="Network" data-state={flyout.state}>
    <div className="flyout-operator">
      <svg viewBox="0 0 20 16" aria-hidden="true">
        {[0, 1, 2, 3].map(bar => (
          <path
            key={bar}
            className={bar < BARS[flyout.registration] ? 'bar-on' : 'bar-off'}
            d={`M${3 + bar * 4.5} 15v${-(3 + bar * 3.4)}`}
          />
        ))}
      </svg>
      <span>
        <b>{flyout.operator || 'Cellular'}</b>
        <small>{REGISTRATION_WORDS[flyout.registration]}</small>
      </span>
    </div>
    {flyout.state === 'loading' && <progress aria-label="Loading the balance" />}
    {flyout.balance && (
      <div className={`balance${flyout.balance.low ? ' balance-low' : ''}`} data-balance>
        <b>{flyout.balance.headline}</b>
        {flyout.balance.detail && <small>{flyout.balance.detail}</small>}
      </div>
    )}
    {flyout.problem && (
      <p className="bad" role="alert">
        {flyout.problem}
      </p>
    )}
    {flyout.links.map(link => (
      <button
        key={link.text}
        type="button"
        className="app-link"
        onClick={() => void act({ action: link.action } as DeviceAction)}
      >
        {link.text}
      </button>
    ))}
  </div>
)
