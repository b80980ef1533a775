import type { Card, Channel } from '../apdu/channel.ts'
import { ApduError } from '../apdu/errors.ts'
import { createMutex } from '../apdu/mutex.ts'
import { createAtr } from './commands/atr.ts'
import { createFraming } from './commands/framing.ts'
import { createNetworkFiles } from './commands/network-files.ts'
import { createToolkit, type RefreshMode } from './commands/toolkit.ts'
import { completeSwitch } from './es10/profile-state.ts'
import type { Protocol } from './es10/response.ts'
import { NO_SESSION } from './es10/session.ts'
import { updateMetadata } from './es10/update-metadata.ts'
import type { CardData } from './state/card-data.ts'
import { checkCardIdentity, type EuiccIdentity } from './state/identity.ts'
import type { NonVolatileMemory } from './state/memory.ts'
import { getStateChanges, loadState } from './state/persistence.ts'
import type { CardState } from './state/state.ts'

export interface EuiccOptions {
  readonly identity: EuiccIdentity
  readonly memory: NonVolatileMemory
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  /** The transmission protocol; default T=1. */
  readonly protocol?: Protocol
  /** How the terminal is informed about a profile switch; default: reset of the card. */
  readonly refreshMode?: RefreshMode
  /** Sends no REFRESH to a terminal that has not reported support in TERMINAL PROFILE. */
  readonly waitsForProfile?: boolean
  /** Called with an internal error of the card, which it answered with 6F00. */
  readonly onFault?: (fault: unknown) => void
}

export interface SoftwareEuicc extends Card {
  /** Switches the power off and on: volatile data is lost, the state is read from the memory. */
  powerCycle(): Promise<void>
  /** The over-the-air channel of the operator to the MNO-SD of the enabled profile: ES6 (see `update-metadata.ts`). */
  readonly operator: Channel
}

/**
 * The software eUICC: framing.ts (class byte, channels, 61xx 6Cxx 91xx) calls commands.ts (by INS), which calls es10.ts
 * (by tag). A function returns a new state; the memory commits it before the response.
 */
export const createEuicc = async (options: EuiccOptions): Promise<SoftwareEuicc> => {
  const { identity, memory, protocol = 't1' } = options
  checkCardIdentity(identity)
  const atr = createAtr(protocol)
  const runExclusive = createMutex()
  let isClosed = false
  /** Undefined while the power is off, and after a failed commit. */
  let running: ReturnType<typeof start> | undefined

  const cutOff = (cause: unknown): ApduError => {
    running = undefined
    return new ApduError('card-mute', 'the power of the software eUICC failed', { cause })
  }

  const start = (loaded: CardState, written: CardState | undefined) => {
    let state = loaded
    let inMemory = written
    const device: CardData = {
      identity,
      clock: options.clock,
      random: options.random,
      get state() {
        return state
      },
      commit: async next => {
        const changes = getStateChanges(inMemory, next)
        if (changes.size > 0)
          await memory.commit(changes).catch(cause => {
            throw cutOff(cause)
          })
        state = next
        inMemory = next
      },
      channels: new Map([[0, { application: 'files' }]]),
      toolkit: createToolkit(options.refreshMode ?? 'uicc-reset', options),
      files: createNetworkFiles({ state: () => state, commit: next => device.commit(next) }),
      switchFiles: () => {
        for (const [number, { application }] of device.channels)
          if (number > 0 && application === 'files') device.channels.delete(number)
        device.files.restart()
      },
      session: NO_SESSION,
      loading: undefined,
      operatorAssembly: undefined,
    }
    return { device, framing: createFraming(device, protocol, options.onFault) }
  }

  const powerUp = async (): Promise<void> => {
    running = undefined
    const state = await loadState(memory, identity.eid)
    running = start(state, memory.names().length > 0 ? state : undefined)
    const { device } = running
    // A reset has the effect of an unanswered REFRESH (SGP.22 §5.7.16).
    const completed = completeSwitch(state, identity)
    if (completed !== undefined) await device.commit(completed)
  }

  const powered = () => {
    if (isClosed) throw new ApduError('card-removed', 'the software eUICC was closed')
    if (running === undefined) throw new ApduError('card-mute', 'the software eUICC has no power; power-cycle it')
    return running
  }
  const transmit = async (command: Uint8Array) => powered().framing.process(command)

  await powerUp()
  return {
    get atr() {
      return atr
    },
    reset: () =>
      runExclusive(async () => {
        if (isClosed) throw new ApduError('card-removed', 'the software eUICC was closed')
        await powerUp()
        return atr
      }),
    exclusive: procedure => runExclusive(() => procedure({ transmit })),
    close: async () => {
      isClosed = true
    },
    powerCycle: () => runExclusive(powerUp),
    operator: {
      transmit: command => runExclusive(() => updateMetadata(powered().device, command)),
    },
  }
}
