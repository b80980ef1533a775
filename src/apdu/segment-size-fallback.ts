import type { Channel } from './channel.ts'
import { isApduError } from './errors.ts'
import { type Block, type StoreDataOptions, storeData } from './store-data.ts'

/** Sizes that readers and modems carry if they lose the longest segment. All of them carry 63. */
const SIZES = [255, 120, 63] as const
const MIN_SEGMENT_SIZE = 63

/** The segment size that a link carries. */
export interface LearnedSize {
  /** Bytes of a segment. */
  readonly segmentSize: number
  /** The size that failed. */
  readonly tooLong: number
  /** False if the failed segment must not be repeated: the smaller size is for the next session. */
  readonly isConfirmed: boolean
}

export interface StepDownOptions {
  /** The first size. */
  readonly segmentSize?: number | undefined
  readonly onLearned?: ((size: LearnedSize) => void) | undefined
}

type Send = (payload: Uint8Array, options?: Omit<StoreDataOptions, 'segmentSize' | 'onBlock'>) => Promise<Uint8Array>

/**
 * Sends STORE DATA, and repeats a request with smaller segments after an error before its last segment: the card only
 * collects until then, and segment 0 starts again (GPCS §11.11.2.2).
 *
 * A lost last segment may have been executed and is not repeated, except after SW 67xx (ISO/IEC 7816-4 §5.6). If the card
 * rejects every size, the first error is thrown, and the session stops trying.
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
    /** The error to throw, and the last error. They differ if the card rejected a repeated request. */
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
        // A status word after an interrupted request may be a consequence of the interruption.
        if (!isApduError(error, 'refused')) failure = error
      }
    }
    throw failure
  }
}

/** Whether the length of the segment may be the cause, and whether the request can be repeated. */
const causeOf = (error: unknown, block: Block | undefined, next: number): 'length' | 'last-block-lost' | 'other' => {
  if (block === undefined || block.length <= MIN_SEGMENT_SIZE || block.length <= next) return 'other'
  if (isApduError(error, 'refused')) {
    if (error.status! >> 8 === 0x67) return 'length'
    return !block.isLast && MANGLED.has(error.status!) ? 'length' : 'other'
  }
  if (!isApduError(error, 'exchange-lost', 'card-mute', 'bad-response')) return 'other'
  if (!block.isLast) return 'length'
  return isApduError(error, 'exchange-lost') ? 'last-block-lost' : 'other'
}

/** Status words of cards for a truncated or changed segment before the last one. */
const MANGLED: ReadonlySet<number> = new Set([0x6f00, 0x6a80, 0x6601])
