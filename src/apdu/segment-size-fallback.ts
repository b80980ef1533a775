import type { Channel } from './channel.ts'
import { isApduError } from './errors.ts'
import { type Block, type StoreDataOptions, storeData } from './store-data.ts'

/** Sizes that readers and modems are known to carry where they lose the longest block; 63 passes everywhere. */
const SIZES = [255, 120, 63] as const
const SMALLEST = 63

/** What a way to a card was found to carry. */
export interface LearnedSize {
  /** Bytes of a block. */
  readonly segmentSize: number
  /** The size that was too much. */
  readonly tooLong: number
  /** False: the longer one got lost where it could not be repeated, and this one is for the next session to try. */
  readonly isConfirmed: boolean
}

export interface StepDownOptions {
  /** To begin with. */
  readonly segmentSize?: number | undefined
  readonly onLearned?: ((size: LearnedSize) => void) | undefined
}

type Send = (payload: Uint8Array, options?: Omit<StoreDataOptions, 'segmentSize' | 'onBlock'>) => Promise<Uint8Array>

/**
 * STORE DATA with blocks that shrink where the way to the card chokes on them.
 *
 * A chain may begin anew as long as its last block has not been sent: until then the card has only collected, and
 * block 0 begins anew (GPCS §11.11.2.2). So what breaks on an earlier block is tried again with the next smaller size.
 * A last block that got lost may have been carried out; it is not sent twice here, and the smaller size is for what
 * follows, which mostly is the next session. The exception is 67xx, with which a card says that it did not carry the
 * command out because of its length (ISO 7816-4 §5.6).
 *
 * A card that says no for a reason of its own says it again at each smaller size; then its first word counts, and this
 * session tries no more.
 */
export const withSegmentSizeFallback = (
  channel: Channel,
  number: number,
  { segmentSize: first = 255, onLearned }: StepDownOptions = {},
): Send => {
  let size = first
  let isSettled = false
  return async function sendInSegments(payload, options = {}) {
    let block: Block | undefined
    const attempt = (segmentSize: number): Promise<Uint8Array> =>
      storeData(channel, number, payload, {
        ...options,
        segmentSize,
        onBlock: next => {
          block = next
        },
      })
    /** What is thrown in the end, and what happened last: they differ where a chain that was begun anew was refused. */
    let failure: unknown
    let latest: unknown
    try {
      return await attempt(size)
    } catch (error) {
      failure = latest = error
    }
    const tooLong = size
    const smaller = SIZES.filter(each => each < tooLong && Math.ceil(payload.length / each) <= 256)
    if (isSettled || smaller.length === 0) throw failure
    for (const next of smaller) {
      const cause = causeOf(latest, block, next)
      if (cause === 'other') break
      if (cause === 'last-block-lost') {
        size = next
        onLearned?.({ segmentSize: next, tooLong, isConfirmed: false })
        break
      }
      isSettled = true
      try {
        const answer = await attempt(next)
        size = next
        isSettled = false
        onLearned?.({ segmentSize: next, tooLong, isConfirmed: true })
        return answer
      } catch (error) {
        latest = error
        // What the card says to a chain that was broken before is no word of its own.
        if (!isApduError(error, 'refused')) failure = error
      }
    }
    throw failure
  }
}

/** Whether the block's length may be why it failed, and whether the chain can begin anew. */
const causeOf = (error: unknown, block: Block | undefined, next: number): 'length' | 'last-block-lost' | 'other' => {
  if (block === undefined || block.length <= SMALLEST || block.length <= next) return 'other'
  if (isApduError(error, 'refused')) {
    if (error.status! >> 8 === 0x67) return 'length'
    return !block.isLast && MANGLED.has(error.status!) ? 'length' : 'other'
  }
  if (!isApduError(error, 'exchange-lost', 'card-mute', 'bad-response')) return 'other'
  if (!block.isLast) return 'length'
  return isApduError(error, 'exchange-lost') ? 'last-block-lost' : 'other'
}

/** What cards have said to a block that reached them cut or changed, and would not say before they have the last. */
const MANGLED: ReadonlySet<number> = new Set([0x6f00, 0x6a80, 0x6601])
