import { useEffect, useRef } from 'react'
import type { DeviceScreen, FrameCommand, FrameMessage } from '../../../src/bench/api-contract.ts'
import { useStore } from '../bench/use-bench.ts'

const FRAME_ROOT = '/device/frame/'

/**
 * The operator's portal in the web view of the app. The sandbox gives the frame an opaque origin, so its pages reach the
 * bench only through bridge messages, which this component forwards.
 */
export const PortalScreen = ({ screen }: { screen: Extract<DeviceScreen, { name: 'portal' }> }) => {
  const store = useStore()
  const frame = useRef<HTMLIFrameElement>(null)
  const { path, revision, address } = screen.frame
  // `path` follows the navigation in the frame. Only a new revision navigates the frame: setting each followed path would
  // load each page twice, and the portal delivers the page with the activation code only once.
  const sent = useRef({ path, revision })
  if (sent.current.revision !== revision) sent.current = { path, revision }

  useEffect(() => {
    const onMessage = (event: MessageEvent<unknown>): void => {
      if (frame.current === null || event.source !== frame.current.contentWindow) return
      const message = readMessage(event.data)
      if (message?.esimBench === 'bridge') void store.act({ action: 'bridge', call: message.call })
      else if (message?.esimBench === 'navigated') void store.act({ action: 'portal-navigate', path: message.path })
    }
    addEventListener('message', onMessage)
    return () => removeEventListener('message', onMessage)
  }, [store])

  useEffect(
    () =>
      store.onScript(call => {
        const command: FrameCommand = { esimBench: 'script', call }
        // The origin of the frame is opaque, so no target origin matches it. Every page in the frame may receive the message.
        frame.current?.contentWindow?.postMessage(command, '*')
      }),
    [store],
  )

  return (
    <div className="portal-screen">
      <p className="portal-address">
        <svg viewBox="0 0 12 14" aria-hidden="true">
          <path d="M2.5 6V4a3.5 3.5 0 0 1 7 0v2M1.5 6h9v7h-9z" />
        </svg>
        <span>{address}</span>
      </p>
      {path.startsWith(FRAME_ROOT) ? (
        <iframe
          key={revision}
          ref={frame}
          src={sent.current.path}
          title={`Portal of ${screen.provider.name}`}
          sandbox="allow-scripts allow-forms"
          referrerPolicy="no-referrer"
        />
      ) : (
        <p className="quiet">The bench sent a path outside of the portal: {path}</p>
      )}
    </div>
  )
}

const readMessage = (data: unknown): FrameMessage | null => {
  if (typeof data !== 'object' || data === null || !('esimBench' in data)) return null
  const message = data as FrameMessage
  if (message.esimBench === 'navigated') return String(message.path).startsWith(FRAME_ROOT) ? message : null
  return message.esimBench === 'bridge' && typeof message.call?.method === 'string' ? message : null
}
