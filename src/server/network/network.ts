import { timingSafeEqual } from 'node:crypto'
import type { AkaAlgorithm } from '../../profile/aka/algorithm.ts'
import { type AuthenticationVector, generateVector, nextSqn, resynchronize } from '../../profile/aka/auc.ts'

/** A subscriber of the AuC. Only `algorithm` holds the keys. */
export interface SubscriberRecord {
  readonly imsi: string
  readonly iccid: string
  readonly algorithm: AkaAlgorithm
  /** MCC and MNC of the home networks. Default: the ones at the start of the IMSI. */
  readonly homePlmns?: readonly string[]
}

/** The reason for a rejected registration. The device shows the state `denied`. */
export type NetworkRefusal =
  | 'unknown-subscriber'
  | 'no-challenge' // a response without a challenge, or to an expired one
  | 'wrong-response' // RES does not match the key of the subscriber
  | 'bad-resynchronization' // the USIM of the subscriber did not create this AUTS
  | 'out-of-step' // the USIM requested a second resynchronization directly after the first

/** A registered subscriber and its network. */
export interface RegisteredSubscriber {
  readonly imsi: string
  readonly iccid: string
  readonly plmn: string
  readonly kind: 'home' | 'roaming'
  readonly at: Date
}

export interface NetworkChallenge {
  readonly rand: Uint8Array
  readonly autn: Uint8Array
}
export interface NetworkRejection {
  readonly refused: NetworkRefusal
}
export interface NetworkAcceptance {
  readonly accepted: true
  readonly registration: 'home' | 'roaming'
  readonly operator: string
  readonly plmn: string
}

/** The network side of a registration. src/modem declares the same shape for the device side. */
export interface Network {
  challenge(imsi: string): Promise<NetworkChallenge | NetworkRejection>
  answer(
    imsi: string,
    answer: { readonly res: Uint8Array } | { readonly auts: Uint8Array },
  ): Promise<NetworkAcceptance | { readonly challenge: NetworkChallenge } | NetworkRejection>
  /** Removes a device that was switched off or whose profile was disabled. */
  detach(imsi: string): void
  registered(): readonly RegisteredSubscriber[]
}

export interface NetworkSettings {
  /** The visited network. */
  readonly here: { readonly plmn: string; readonly name: string }
  readonly subscribers: (imsi: string) => SubscriberRecord | undefined
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  readonly onRegistered?: (subscriber: RegisteredSubscriber) => void
}

interface Attempt {
  readonly vector: AuthenticationVector
  readonly since: number
  readonly resynchronized: boolean
}

/** A card responds within a second. A minute leaves time for debugging. */
const CHALLENGE_LIFETIME = 60_000

/** The AuC of the home network and the register of the visited network. Authentication follows TS 33.102 §6.3; each challenge allows one response. */
export const createNetwork = (settings: NetworkSettings): Network => {
  const { clock, random, here } = settings
  const lastSqn = new Map<string, Uint8Array>()
  const attempts = new Map<string, Attempt>()
  const register = new Map<string, RegisteredSubscriber>()

  const ask = ({ imsi, algorithm }: SubscriberRecord, resynchronized: boolean): NetworkChallenge => {
    const sqn = nextSqn(lastSqn.get(imsi) ?? new Uint8Array(6))
    lastSqn.set(imsi, sqn)
    const vector = generateVector(algorithm, { rand: random(16), sqn })
    attempts.set(imsi, { vector, since: clock().getTime(), resynchronized })
    return { rand: vector.rand, autn: vector.autn }
  }

  const admit = (subscriber: SubscriberRecord): NetworkAcceptance => {
    const { imsi, iccid, homePlmns } = subscriber
    const isHome = homePlmns === undefined ? imsi.startsWith(here.plmn) : homePlmns.includes(here.plmn)
    const entry: RegisteredSubscriber = {
      imsi,
      iccid,
      plmn: here.plmn,
      kind: isHome ? 'home' : 'roaming',
      at: clock(),
    }
    register.set(imsi, entry)
    settings.onRegistered?.(entry)
    return { accepted: true, registration: entry.kind, operator: here.name, plmn: here.plmn }
  }

  return {
    async challenge(imsi) {
      const subscriber = settings.subscribers(imsi)
      if (subscriber === undefined) return { refused: 'unknown-subscriber' }
      return ask(subscriber, false)
    },

    async answer(imsi, answer) {
      const subscriber = settings.subscribers(imsi)
      if (subscriber === undefined) return { refused: 'unknown-subscriber' }
      const attempt = attempts.get(imsi)
      attempts.delete(imsi)
      if (attempt === undefined || clock().getTime() - attempt.since > CHALLENGE_LIFETIME)
        return { refused: 'no-challenge' }

      if ('auts' in answer) {
        if (attempt.resynchronized) return { refused: 'out-of-step' }
        const sqnMs = resynchronize(subscriber.algorithm, { rand: attempt.vector.rand, auts: answer.auts })
        if (sqnMs === undefined) return { refused: 'bad-resynchronization' }
        lastSqn.set(imsi, sqnMs) // TS 33.102 §6.3.5: the AuC continues from the sequence number of the USIM
        return { challenge: ask(subscriber, true) }
      }

      const { xres } = attempt.vector
      if (answer.res.length !== xres.length || !timingSafeEqual(answer.res, xres)) return { refused: 'wrong-response' }
      return admit(subscriber)
    },

    detach(imsi) {
      register.delete(imsi)
      attempts.delete(imsi)
    },
    registered: () => [...register.values()],
  }
}
