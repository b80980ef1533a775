import { EventEmitter } from 'node:events'
import { flyoutWithoutPlan } from '../../app/flyout.ts'
import { createPortalFrame, type PortalFrameController } from '../../app/portal/portal-frame.ts'
import { type AppState, CLOSED, type UserAction } from '../../app/state.ts'
import type { RigSummary } from '../../evidence/events.ts'
import { BenchError } from '../../host/error.ts'
import type { Fetch } from '../../rsp/fetch.ts'
import type { DeviceAction, DeviceState, ScriptCall } from '../api-contract.ts'
import { type Activation, openActivation, SetupFailed } from '../run/activation.ts'
import type { Bench } from '../run/bench.ts'
import { viewDevice } from './device-view.ts'

const FRAME_ROOT = '/device/frame/'

/** The interactive device of the page. */
export interface DeviceSession {
  state(): DeviceState
  act(action: DeviceAction): Promise<DeviceState>
  /** The portal as the web view of the device shows it. */
  readonly frame: Fetch
  onChange(listener: (state: DeviceState) => void): () => void
  onScript(listener: (call: ScriptCall) => void): () => void
}

/** The current visit; `ended`: its run ends or has ended, and only its screen remains. */
interface Session {
  readonly runId: string
  readonly rig: RigSummary
  readonly frame: PortalFrameController
  readonly activation: Activation
  readonly free: () => void
  ended: Promise<void> | undefined
}

/** The interactive device: the same app as in an unattended run. Each visit from `open` on is a run. */
export const createDeviceSession = (
  bench: Bench,
  settings: {
    readonly rig: string | undefined
    readonly summary: RigSummary
    readonly random: (length: number) => Uint8Array
  },
): DeviceSession & { close(): Promise<void> } => {
  const emitter = new EventEmitter<{ change: [DeviceState]; script: [ScriptCall] }>()
  emitter.setMaxListeners(0)
  let session: Session | undefined
  let beginning: Promise<Session> | undefined
  /** The state before the first visit: a desktop with its flyout, without an app. */
  let idle: AppState = CLOSED

  const state = (): DeviceState =>
    session
      ? viewDevice(session.activation.app.state, { runId: session.runId, rig: session.rig, frame: session.frame })
      : viewDevice(idle, { runId: null, rig: settings.summary })
  const changed = (): void => void emitter.emit('change', state())

  const end = (over: Session): Promise<void> => {
    over.ended ??= finish(over)
    return over.ended
  }
  const finish = async (over: Session): Promise<void> => {
    try {
      const { runId, verdict, summary } = await over.activation.finish()
      bench.workplace.log.info({ runId, verdict }, summary)
    } finally {
      over.free()
      changed()
    }
  }
  /** True if the screen shows the balance or a failure, or the app is closed. */
  const isAtEnd = ({ screen, flyout, line }: AppState): boolean =>
    (flyout !== null && flyout.state !== 'loading' && line !== null) ||
    (screen.name === 'result' && screen.outcome !== 'connected') ||
    (screen.name === 'closed' && line === null)

  const begin = async (): Promise<Session> => {
    const taken = await bench.take(settings.rig)
    let activation: Activation | undefined
    const frame = createPortalFrame({
      web: bench.services.toPortal,
      root: FRAME_ROOT,
      random: settings.random,
      callScript: call => void emitter.emit('script', call),
      changed,
      note: text => activation?.note(text),
    })
    let made: Session | undefined
    try {
      activation = await openActivation({
        ...taken.settings,
        portal: frame.view,
        onState(now) {
          if (!made) return
          changed()
          const current = made
          // Run after the app has handled this event.
          if (isAtEnd(now))
            queueMicrotask(() => void end(current).catch(error => bench.workplace.log.error({ err: error })))
        },
      })
    } catch (error) {
      taken.free()
      if (error instanceof SetupFailed) throw new BenchError('unavailable-action', error.message, { cause: error })
      throw error
    }
    const { run, device } = taken.settings
    made = { runId: run.runId, rig: device.rig, frame, activation, free: taken.free, ended: undefined }
    return made
  }

  const open = async (): Promise<void> => {
    if (session && !session.ended) {
      const before = session.activation.app.state
      session.activation.app.act({ action: 'open' })
      if (session.activation.app.state === before) throw notNow('open')
      return
    }
    const begun = begin()
    beginning = begun
    session = await begun
    session.activation.app.act({ action: 'open' })
  }
  const notNow = (action: string): BenchError =>
    new BenchError('unavailable-action', `${action} is not offered by what the device shows now`)

  const act = async (action: DeviceAction): Promise<DeviceState> => {
    const isRestart = action.action === 'try-again' && session?.ended !== undefined
    if (action.action === 'open' || isRestart) {
      await open()
    } else if (!session) {
      if (action.action === 'open-flyout') idle = { ...idle, flyout: flyoutWithoutPlan() }
      else if (action.action === 'close-flyout') idle = { ...idle, flyout: null }
      else throw notNow(action.action)
      changed()
    } else if (action.action === 'portal-navigate') session.frame.navigated(action.path)
    else if (action.action === 'back') session.frame.back()
    else if (action.action === 'bridge') session.frame.call(action.call)
    else {
      const { app } = session.activation
      const before = app.state
      app.act(action satisfies UserAction)
      // An accepted action always creates a new state.
      if (app.state === before) throw notNow(action.action)
    }
    return state()
  }

  return {
    state,
    act,
    frame: request => (session ? session.frame.serve(request) : Promise.resolve(new Response(null, { status: 404 }))),
    onChange(listener) {
      emitter.on('change', listener)
      return () => void emitter.off('change', listener)
    },
    onScript(listener) {
      emitter.on('script', listener)
      return () => void emitter.off('script', listener)
    },
    async close() {
      const begun = await beginning?.catch(() => undefined)
      if (begun) await end(begun)
    },
  }
}
