import type { Channel } from './channel.ts'
import { ApduError } from './errors.ts'
import { type ExchangeOptions, transceive } from './exchange.ts'
import { classFor } from './logical-channel.ts'
import { isOk, refusal } from './status.ts'

export interface StoreDataOptions extends ExchangeOptions {
  /** Bytes of payload in a command, 1 to 255. Some readers and modems lose long commands. */
  readonly segmentSize?: number | undefined
  /** Stops between two segments. The promise rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
  /** Called for each segment before it is sent. */
  readonly onBlock?: ((block: Block) => void) | undefined
}

export interface Block {
  readonly length: number
  readonly isLast: boolean
}

/**
 * Sends STORE DATA in segments (GPCS §11.11, SGP.22 §5.7.2): P1 '11' for more segments, '91' for the last, P2 counts from
 * 0, each with Le (case 4). P2 is one byte: more than 256 segments throw an ApduError `bad-command` before the first.
 *
 * If the card returns data before the last segment, the remaining segments are not sent.
 */
export const storeData = async (
  channel: Channel,
  number: number,
  payload: Uint8Array,
  { segmentSize = 255, signal, onProactive, onBlock }: StoreDataOptions = {},
): Promise<Uint8Array> => {
  if (!Number.isInteger(segmentSize) || segmentSize < 1 || segmentSize > 255)
    throw new ApduError(
      'bad-command',
      `STORE DATA: a segment size of ${segmentSize} bytes is not in the range 1 to 255`,
    )
  const blocks = Math.max(1, Math.ceil(payload.length / segmentSize))
  if (blocks > 256)
    throw new ApduError(
      'bad-command',
      `STORE DATA: ${payload.length} bytes need ${blocks} segments, and the maximum is 256`,
    )
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
