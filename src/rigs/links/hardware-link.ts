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

/** Errors of the transport, which show nothing about the card. */
const TRANSPORT_ERRORS: readonly ApduErrorCode[] = ['card-removed', 'port-gone', 'reader-busy', 'exchange-lost']

/** The reason why a card cannot be opened. Rethrows an unexpected error. */
const reasonOf = (error: unknown): string => {
  if (error instanceof PcscError || error instanceof ModemError || error instanceof ApduError) return error.message
  throw error
}

/**
 * A rig counts as attached only if its card opens an ISD-R. A probe opens the card, so an opened rig is not probed, and
 * probing and opening exclude each other.
 */
export const hardwareLink = (
  reach: (rig: Rig) => Promise<Card | OpenedCard>,
  isdrOptionsOf: IsdrOptionsOf = () => ({}),
  /** The transport does not show whether the card is a software eUICC, so the card is queried. */
  { probeCardType = false }: { readonly probeCardType?: boolean } = {},
): Link => {
  const runExclusive = createMutex()
  const openRigs = new Set<string>()
  return {
    look: rig =>
      runExclusive(async () => {
        if (openRigs.has(rig.name)) return { attached: true }
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
          return { attached: false, reason: `its card does not open an ISD-R, so it is no eUICC (${error.message})` }
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
        openRigs.add(rig.name)
        const card = forward(reached.card, {
          close: () => reached.card.close().finally(() => openRigs.delete(rig.name)),
        })
        if (!probeCardType) return { ...reached, card }
        const options = isdrOptionsOf(rig, reached)
        return { ...reached, card, prepare: async opened => ({ isSoftware: await isSoftwareCard(opened, options) }) }
      }),
  }
}

/** A card without facts of the transport. */
const asReached = (found: Card | OpenedCard): OpenedCard => ('card' in found ? found : { card: found })
