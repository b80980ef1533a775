import type { Card } from '../../apdu/channel.ts'
import { ApduError, type ApduErrorCode, isApduError } from '../../apdu/errors.ts'
import { forward } from '../../apdu/layers/compose.ts'
import { createMutex } from '../../apdu/mutex.ts'
import { BenchError } from '../../host/error.ts'
import { openIsdr } from '../../lpa/card/isdr.ts'
import { LpaError } from '../../lpa/errors.ts'
import { ModemError } from '../../modem/errors.ts'
import { PcscError } from '../../pcsc/errors.ts'
import type { IsdrOptionsOf } from '../card-knowledge.ts'
import { isSoftwareCard } from '../device-under-test.ts'
import type { Rig } from '../rig.ts'
import type { Link, OpenedCard } from './link.ts'

/** With these nothing is known of the card. */
const TRANSPORT_ERRORS: readonly ApduErrorCode[] = ['card-removed', 'port-gone', 'reader-busy', 'exchange-lost']

/** Why a card cannot be had, where that is foreseen; each of these sentences says what to do. */
const reasonOf = (error: unknown): string => {
  if (error instanceof PcscError || error instanceof ModemError || error instanceof ApduError) return error.message
  throw error
}

/**
 * Attached is a rig whose card is an eUICC: a reader with a bank card in it is no rig. To see that, looking takes the
 * card for a moment; so a rig that is in hand is not looked at, and looks and openings go one after another.
 */
export const hardwareLink = (
  reach: (rig: Rig) => Promise<Card | OpenedCard>,
  isdrOptionsOf: IsdrOptionsOf = () => ({}),
  /** The way may lead anywhere, and tells nothing of the card: it is asked what it is. */
  { probeCardType = false }: { readonly probeCardType?: boolean } = {},
): Link => {
  const runExclusive = createMutex()
  const inHand = new Set<string>()
  return {
    look: rig =>
      runExclusive(async () => {
        if (inHand.has(rig.name)) return { attached: true }
        let reached: OpenedCard
        try {
          reached = asReached(await reach(rig))
        } catch (error) {
          return { attached: false, reason: reasonOf(error) }
        }
        const { card } = reached
        try {
          await reached.prepare?.(card)
          await card.exclusive(async channel => (await openIsdr(channel, isdrOptionsOf(rig, reached))).close())
          return { attached: true }
        } catch (error) {
          if (!(error instanceof ApduError || error instanceof LpaError)) throw error
          if (isApduError(error, ...TRANSPORT_ERRORS)) return { attached: false, reason: error.message }
          return { attached: false, reason: `the card in it is no eUICC that opens its ISD-R (${error.message})` }
        } finally {
          await card.close()
        }
      }),
    open: rig =>
      runExclusive(async () => {
        let reached: OpenedCard
        try {
          reached = asReached(await reach(rig))
        } catch (cause) {
          throw new BenchError('rig-not-attached', `the rig ${rig.name} is not attached: ${reasonOf(cause)}`, {
            data: { rig: rig.name },
            cause,
          })
        }
        inHand.add(rig.name)
        const card = forward(reached.card, {
          close: () => reached.card.close().finally(() => inHand.delete(rig.name)),
        })
        if (!probeCardType) return { ...reached, card }
        const options = isdrOptionsOf(rig, reached)
        return { ...reached, card, prepare: async opened => ({ isSoftware: await isSoftwareCard(opened, options) }) }
      }),
  }
}

/** Of a bare card there is nothing more to be known. */
const asReached = (found: Card | OpenedCard): OpenedCard => ('card' in found ? found : { card: found })
