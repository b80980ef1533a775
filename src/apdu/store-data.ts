import type { Channel } from './channel.ts'
import { ApduError } from './errors.ts'
import { type ExchangeOptions, transceive } from './exchange.ts'
import { classFor } from './logical-channel.ts'
import { isOk, refusal } from './status.ts'

export interface StoreDataOptions extends ExchangeOptions {
  /** Bytes of payload a command, 1 to 255. Readers and modems that lose long commands want less. */
  readonly segmentSize?: number | undefined
  /** Stops between two blocks; rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Told of each block before it is sent. */
  readonly onBlock?: ((block: Block) => void) | undefined
}

export interface Block {
  readonly length: number
  readonly isLast: boolean
}

/**
 * STORE DATA in blocks (GPCS §11.11, SGP.22 §5.7.2): P1 '11' more blocks follow, '91' last block, P2 counts from 0.
 * Both announce an ISO case 4 command, so each has its Le.
 *
 * P2 is one byte: what needs more than 256 blocks cannot be sent, and is refused before the first.
 * A card that returns data to a block that was not the last has said its last word: the rest is not sent.
 */
export const storeData = async (
  channel: Channel,
  number: number,
  payload: Uint8Array,
  { segmentSize = 255, signal, onProactive, onBlock }: StoreDataOptions = {},
): Promise<Uint8Array> => {
  if (!Number.isInteger(segmentSize) || segmentSize < 1 || segmentSize > 255)
    throw new ApduError('bad-command', `STORE DATA: a block of ${segmentSize} bytes; 1 to 255 are possible`)
  const blocks = Math.max(1, Math.ceil(payload.length / segmentSize))
  if (blocks > 256)
    throw new ApduError('bad-command', `STORE DATA: ${payload.length} bytes need ${blocks} blocks; 256 are possible`)
  const cla = classFor(number, 0x80)
  for (let block = 0; ; block++) {
    signal?.throwIfAborted()
    const last = block === blocks - 1
    const data = payload.subarray(block * segmentSize, (block + 1) * segmentSize)
    onBlock?.({ length: data.length, isLast: last })
    const { data: answer, status } = await transceive(
      channel,
      { cla, ins: 0xe2, p1: last ? 0x91 : 0x11, p2: block, data, le: 0x100 },
      { onProactive },
    )
    if (!isOk(status)) throw refusal(`STORE DATA block ${block + 1} of ${blocks}`, status)
    if (last || answer.length > 0) return answer
  }
}
