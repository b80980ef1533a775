import { timingSafeEqual } from 'node:crypto'
import type { AkaAlgorithm } from '../../profile/aka/algorithm.ts'
import { type AuthenticationVector, generateVector, nextSqn, resynchronize } from '../../profile/aka/auc.ts'

/** A subscriber as the AuC and the subscriber register know it. The keys stay inside `algorithm`. */
export interface SubscriberRecord {
  readonly imsi: string
  readonly iccid: string
  readonly algorithm: AkaAlgorithm
  /** MCC and MNC of the networks on which the subscriber is at home; none: those its IMSI begins with. */
  readonly homePlmns?: readonly string[]
}

/** Why a device was not let in; the device shows it as its registration state `denied`. */
export type NetworkRefusal =
  | 'unknown-subscriber'
  | 'no-challenge' // an answer without a question, or to one that is too old
  | 'wrong-response' // RES is not the one that the subscriber's key gives
  | 'bad-resynchronization' // AUTS is not from the subscriber's USIM
  | 'out-of-step' // the USIM asked for resynchronization again, right after one

/** Who is on the network, and where. */
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

/** What a device says to the network while it attaches. The same shape as the modem room declares for its side. */
export interface Network {
  challenge(imsi: string): Promise<NetworkChallenge | NetworkRejection>
  answer(
    imsi: string,
    answer: { readonly res: Uint8Array } | { readonly auts: Uint8Array },
  ): Promise<NetworkAcceptance | { readonly challenge: NetworkChallenge } | NetworkRejection>
  /** The device has gone: switched off, or its profile disabled. */
  detach(imsi: string): void
  registered(): readonly RegisteredSubscriber[]
}

export interface NetworkSettings {
  /** The network at the place where the device is. */
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

/** A challenge is answered within a second by a card; a minute is for a person who debugs one. */
const CHALLENGE_LIFETIME = 60_000

/**
 * The home network's AuC and the register of the network the device stands in, in one: authentication as in TS 33.102 §6.3,
 * without the radio. Each challenge is good for one answer.
 */
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
        lastSqn.set(imsi, sqnMs) // TS 33.102 §6.3.5: the AuC goes on counting from where the USIM is
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
