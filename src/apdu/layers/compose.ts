import type { Card, Channel } from '../channel.ts'

/** Adds one behavior to a card: takes the card below and returns the card for the layer above. */
export type CardLayer = (below: Card) => Card

/** Wraps `card` in `layers`, the lowest first. Absent layers are skipped. */
export const compose = (card: Card, layers: readonly (CardLayer | undefined)[]): Card =>
  layers.reduce<Card>((below, layer) => (layer === undefined ? below : layer(below)), card)

/** `card` with other operations. `atr` stays a getter, because each reset may change the ATR. */
export const forward = (card: Card, operations: Partial<Omit<Card, 'atr'>>): Card => ({
  get atr() {
    return card.atr
  },
  reset: () => card.reset(),
  exclusive: procedure => card.exclusive(procedure),
  close: () => card.close(),
  ...operations,
})

/** `channel` with another `transmit`. Other members of the channel are unchanged. */
export const forwardChannel = <C extends Channel>(channel: C, transmit: Channel['transmit']): C => ({
  ...channel,
  transmit,
})
