import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import type { ConsentRequest, DeviceDownload } from '../../../src/bench/api-contract.ts'
import type { BenchStore } from '../bench/bench-store.ts'
import { formatBytes } from '../run/wording.ts'

type Act = BenchStore['act']

/** Covers a part of the portal. The portal remains usable. */
export const DownloadOverlay = ({ download }: { download: DeviceDownload }) => {
  const measured = download.total !== undefined && download.done !== undefined
  const over = download.phase === 'done' || download.phase === 'failed'
  return (
    <div className={`download download-${download.phase}`} role="status" data-phase={download.phase}>
      <b>{download.text}</b>
      {!over && (
        <progress
          aria-label="Download of the profile"
          {...(measured && { max: download.total, value: download.done })}
        />
      )}
      {measured && (
        <small>
          {formatBytes(download.done ?? 0)} of {formatBytes(download.total ?? 0)}
        </small>
      )}
    </div>
  )
}

export const ConsentDialog = ({ consent, act }: { consent: ConsentRequest; act: Act }) => {
  const [code, setCode] = useState('')
  const refuse = (): void => void act({ action: 'consent', accept: false })
  return (
    <Dialog title="Download this plan's profile?" onEscape={refuse}>
      <form
        onSubmit={event => {
          event.preventDefault()
          void act({
            action: 'consent',
            accept: true,
            ...(consent.confirmationCodeRequired && { confirmationCode: code }),
          })
        }}
      >
        <dl className="facts facts-tall">
          <div>
            <dt>Profile</dt>
            <dd>{consent.profileName}</dd>
          </div>
          <div>
            <dt>Operator</dt>
            <dd>{consent.serviceProviderName}</dd>
          </div>
          <div>
            <dt>ICCID</dt>
            <dd className="mono">{consent.iccid}</dd>
          </div>
        </dl>
        {consent.rules.length > 0 && (
          <>
            <p>By downloading, you accept these rules of the operator:</p>
            <ul className="rules">
              {consent.rules.map(rule => (
                <li key={rule}>{rule}</li>
              ))}
            </ul>
          </>
        )}
        {consent.confirmationCodeRequired && (
          <label className="code-field">
            Confirmation code
            <input
              value={code}
              onChange={event => setCode(event.target.value)}
              autoComplete="one-time-code"
              inputMode="numeric"
              required
            />
          </label>
        )}
        {consent.problem && (
          <p className="bad" role="alert">
            {consent.problem}
          </p>
        )}
        <div className="dialog-buttons">
          <button type="submit" className="app-primary">
            Download
          </button>
          <button type="button" className="app-secondary" onClick={refuse}>
            Not now
          </button>
        </div>
      </form>
    </Dialog>
  )
}

export const LeavingDialog = ({ act }: { act: Act }) => (
  <Dialog title="Leave the operator's page?" onEscape={() => void act({ action: 'leave', confirm: false })}>
    <p>Your purchase is not complete. If you leave, your input is lost.</p>
    <div className="dialog-buttons">
      <button type="button" className="app-primary" onClick={() => void act({ action: 'leave', confirm: true })}>
        Leave
      </button>
      <button type="button" className="app-secondary" onClick={() => void act({ action: 'leave', confirm: false })}>
        Stay
      </button>
    </div>
  </Dialog>
)

/** Modal within the screen of the device. The rest of the page remains usable. */
const Dialog = ({ title, onEscape, children }: { title: string; onEscape: () => void; children: ReactNode }) => {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const before = document.activeElement
    box.current?.querySelector<HTMLElement>('input, button')?.focus()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <div className="dialog-shade">
      <div
        ref={box}
        className="dialog"
        role="dialog"
        aria-labelledby={id}
        onKeyDown={event => {
          if (event.key === 'Escape') onEscape()
        }}
      >
        <h3 id={id}>{title}</h3>
        {children}
      </div>
    </div>
  )
}
