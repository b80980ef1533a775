import type { Card, Channel } from '../apdu/channel.ts'
import { ApduError } from '../apdu/errors.ts'
import { createMutex } from '../apdu/mutex.ts'
import { atrOf } from './commands/atr.ts'
import { createFraming } from './commands/framing.ts'
import { createNetworkFiles } from './commands/network-files.ts'
import { createToolkit, type RefreshMode } from './commands/toolkit.ts'
import { completeSwitch } from './es10/profile-state.ts'
import type { Protocol } from './es10/response.ts'
import { NO_SESSION } from './es10/session.ts'
import { updateMetadata } from './es10/update-metadata.ts'
import type { CardData } from './state/card-data.ts'
import { checkIdentity, type EuiccIdentity } from './state/identity.ts'
import type { NonVolatileMemory } from './state/memory.ts'
import { changesBetween, loadState } from './state/persistence.ts'
import type { CardState } from './state/state.ts'

export interface EuiccOptions {
  readonly identity: EuiccIdentity
  readonly memory: NonVolatileMemory
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  /** How responses longer than their command allows are handed over. T=1 unless said otherwise. */
  readonly protocol?: Protocol
  /** How the terminal is asked to take a changed profile in: by resetting the card, unless said otherwise. */
  readonly refreshMode?: RefreshMode
  /** Asks nothing of a terminal that has not said by TERMINAL PROFILE that it can, as cards in the field do. */
  readonly waitsForProfile?: boolean
  /** Told of a fault of the card's own, to which it answered 6F00. */
  readonly onFault?: (fault: unknown) => void
}

export interface SoftwareEuicc extends Card {
  /** Takes the power away and gives it back: everything volatile is gone, the state is read anew from the memory. */
  powerCycle(): Promise<void>
  /** The operator's way over the air to the MNO-SD of the Enabled Profile: ES6 (see `update-metadata.ts`). */
  readonly operator: Channel
}

/**
 * The software eUICC.
 *
 *     transmit ── framing.ts   class byte, logical channel, GET RESPONSE, 61xx 6Cxx 91xx
 *                 commands.ts  by instruction: channels, SELECT, toolkit, files, STORE DATA
 *                 es10.ts      by tag: the rows of ES10a, ES10b, ES10c and their answers
 *                 state.ts     the state, which an answer replaces
 *                 memory.ts    one commit, then the response leaves
 */
export const createEuicc = async (options: EuiccOptions): Promise<SoftwareEuicc> => {
  const { identity, memory, protocol = 't1' } = options
  checkIdentity(identity)
  const atr = atrOf(protocol)
  const runExclusive = createMutex()
  let isClosed = false
  /** Undefined while the power is off, which it is after a commit that failed. */
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
        const changes = changesBetween(inMemory, next)
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
    // A reset does what a REFRESH that nobody answered was to do (SGP.22 §5.7.16).
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
