import type { Channel } from '../../apdu/channel.ts'
import { isApduError } from '../../apdu/errors.ts'
import { withServePending } from '../../apdu/layers/handle-proactive.ts'
import {
  closeIfOpen,
  closeLeftOpen,
  LAST_CHANNEL,
  openLogicalChannel,
  selectByAid,
} from '../../apdu/logical-channel.ts'
import type { RefreshQualifier } from '../../apdu/proactive.ts'
import { type LearnedSize, withSegmentSizeFallback } from '../../apdu/segment-size-fallback.ts'
import { describeStatus } from '../../apdu/status.ts'
import { toHex } from '../../asn1/bytes.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { decode, encode } from '../../asn1/schema.ts'
import { getChildren, isConstructed, readOnlyTlv, type Tlv } from '../../asn1/tlv.ts'
import type { Es10Function } from '../../rsp/interfaces/es10-function.ts'
import { ISD_R_AID, ISDRProprietaryApplicationTemplate } from '../../rsp/isdr.ts'
import { LpaError } from '../errors.ts'
import { type Report, reported, silent, stepOf } from '../report.ts'
import { sendTerminalCapability } from './terminal-capability.ts'

export interface IsdrOptions {
  /** Tried in order; some makers give their ISD-R another AID than SGP.22 does. */
  readonly aids?: readonly Uint8Array[] | undefined
  /** Bytes of a STORE DATA block: 255, or less where the way to the card loses long commands. */
  readonly segmentSize?: number | undefined
  /** Told what this card or the way to it turned out to be like, for the next session to begin with. */
  readonly onLearned?: ((fact: Learned) => void) | undefined
  readonly report?: Report | undefined
}

/** The AID that answered, or a size of block that passes where a longer one did not. */
export type Learned = { readonly aid: Uint8Array } | LearnedSize

/** The card's side of the LPA (SGP.22 §5.7.1): the ISD-R, selected on a logical channel of its own. */
export interface Isdr {
  /** The AID that answered. */
  readonly aid: Uint8Array
  readonly logicalChannel: number
  /** What the FCI of the ISD-R says of it; absent where it says nothing. */
  readonly template: ISDRProprietaryApplicationTemplate | undefined
  readonly report: Report
  /** Modes of the REFRESH commands that the card has asked for, in order. */
  readonly refreshes: readonly (RefreshQualifier | number)[]
  /** One function of a table. */
  call<Request, Response>(row: Es10Function<Request, Response>, request: Request): Promise<Response>
  /** One STORE DATA chain, for what is not a whole message; resolves with what the card returned, often nothing. */
  send(payload: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

export const openIsdr = async (
  way: Channel,
  { aids = [ISD_R_AID], segmentSize = 255, report = silent, onLearned }: IsdrOptions = {},
): Promise<Isdr> => {
  const channel = withServePending(way)
  await sendTerminalCapability(channel)
  const logicalChannel = await openChannel(channel, report)
  const refreshes: (RefreshQualifier | number)[] = []
  // An answer is complete when it is here; what the card asks besides must not cost it. A way that broke says so again.
  const serveWaiting = async (): Promise<void> => {
    try {
      for (const { refresh } of await channel.servePending())
        if (refresh !== undefined) {
          refreshes.push(refresh)
          report({ kind: 'noted', text: `the card asks for REFRESH (${refresh})` })
        }
    } catch (error) {
      if (!isApduError(error)) throw error
      report({ kind: 'noted', text: `a proactive command could not be served: ${error.message}`, error })
    }
  }
  let selected: { aid: Uint8Array; fci: Uint8Array }
  try {
    selected = await selectFirst(channel, logicalChannel, aids)
    await serveWaiting()
  } catch (error) {
    await closeIfOpen(channel, logicalChannel)
    throw error
  }
  onLearned?.({ aid: selected.aid })

  const sendBlocks = withSegmentSizeFallback(channel, logicalChannel, {
    segmentSize,
    onLearned: size => {
      const then = size.isConfirmed ? 'are sent from here on' : 'are for the next try'
      report({
        kind: 'noted',
        text: `blocks of ${size.tooLong} bytes get lost on the way to the card; ${size.segmentSize} bytes ${then}`,
      })
      onLearned?.(size)
    },
  })
  const send = async (payload: Uint8Array): Promise<Uint8Array> => {
    const answer = await sendBlocks(payload)
    await serveWaiting()
    return answer
  }

  return {
    aid: selected.aid,
    logicalChannel,
    template: templateOf(selected.fci),
    report,
    refreshes,
    send,
    call: (row, request) =>
      reported(report, row, async () => {
        const step = stepOf(row)
        let answer: Uint8Array
        try {
          const payload = encode(row.request, request)
          answer = await send(payload).catch((error: unknown) => {
            // Nobody knows whether the card heard it. To be asked twice changes nothing where it is only asked.
            if (!isApduError(error, 'exchange-lost') || !READING.has(step)) throw error
            report({ kind: 'noted', text: `${step} got lost on the way and is sent again: ${error.message}`, error })
            return send(payload)
          })
        } catch (error) {
          throw cardRefused(step, error)
        }
        return readAnswer(row, answer)
      }),
    close: async () => {
      await closeIfOpen(channel, logicalChannel)
    },
  }
}

/** Functions that change nothing on the card (SGP.22 §5.7). A challenge does: it ends the session before it. */
const READING: ReadonlySet<string> = new Set([
  'ES10a.GetEuiccConfiguredAddresses',
  'ES10b.GetEUICCInfo1',
  'ES10b.GetEUICCInfo2',
  'ES10b.ListNotification',
  'ES10b.RetrieveNotificationsList',
  'ES10b.GetRAT',
  'ES10c.GetEID',
  'ES10c.GetProfilesInfo',
])

/** Opens the ISD-R, works, and closes the channel whatever comes of it. */
export const withIsdr = async <T>(
  channel: Channel,
  options: IsdrOptions,
  work: (isdr: Isdr) => Promise<T>,
): Promise<T> => {
  const isdr = await openIsdr(channel, options)
  try {
    return await work(isdr)
  } finally {
    await isdr.close()
  }
}

/** The answer of one function by its row; what cannot be read is the card's fault. */
export const readAnswer = <Request, Response>(row: Es10Function<Request, Response>, answer: Uint8Array): Response => {
  const step = stepOf(row)
  if (answer.length === 0) throw new LpaError('bad-card-answer', 'card', `${step}: the card answered nothing`, { step })
  try {
    return decode(row.response, answer)
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    throw new LpaError(
      'bad-card-answer',
      'card',
      `${step}: the card's answer cannot be read: ${error.message}`,
      { step },
      error,
    )
  }
}

/** A status word that said no becomes the procedure's error; a card that is gone stays what it is. */
export const cardRefused = (step: string, error: unknown): unknown =>
  isApduError(error, 'refused')
    ? new LpaError('card-refused', 'card', `${step}: ${error.message}`, { step, status: error.status }, error)
    : error

/** The error value of a function: the card carried the command out and says no. */
export const functionRefused = (
  row: { readonly interface: string; readonly name: string },
  result: string | number | symbol,
  fault: LpaError['fault'] = 'card',
): LpaError => {
  const step = `${row.interface}.${row.name}`
  const value = typeof result === 'symbol' ? String(result) : result
  return new LpaError('card-refused', fault, `${step}: the card refused: ${value}`, { step, result: value })
}

/** Channels that nearly every card has; to close all nineteen costs a modem seconds. */
const USUAL_CHANNELS = 3

const openChannel = async (channel: Channel, report: Report): Promise<number> => {
  try {
    return await openLogicalChannel(channel)
  } catch (error) {
    // All taken: a session that died has left its channels open. Nobody else is on the card now, so they can go.
    if (!isApduError(error, 'no-channel')) throw error
    const left =
      (await closeLeftOpen(channel, 1, USUAL_CHANNELS)) ||
      (await closeLeftOpen(channel, USUAL_CHANNELS + 1, LAST_CHANNEL))
    if (left === 0) throw error
    report({ kind: 'noted', text: `${left} logical channel(s) that an earlier session left open were closed` })
    return openLogicalChannel(channel)
  }
}

const selectFirst = async (
  channel: Channel,
  number: number,
  aids: readonly Uint8Array[],
): Promise<{ aid: Uint8Array; fci: Uint8Array }> => {
  const refusals: string[] = []
  let status: number | undefined
  for (const aid of aids)
    try {
      return { aid, fci: await selectByAid(channel, number, aid) }
    } catch (error) {
      if (!isApduError(error, 'refused')) throw error
      status = error.status
      refusals.push(`${toHex(aid).toUpperCase()} ${describeStatus(error.status!)}`)
    }
  throw new LpaError('no-isdr', 'card', `the card has no ISD-R under the known AIDs: ${refusals.join('; ')}`, {
    status,
  })
}

/** ISDRProprietaryApplicationTemplate stands in the FCI template, on its top level or in the proprietary data 'A5'. */
const templateOf = (fci: Uint8Array): ISDRProprietaryApplicationTemplate | undefined => {
  if (fci.length === 0) return undefined
  try {
    const found = findTag(readOnlyTlv(fci), 0xe0)
    return found && ISDRProprietaryApplicationTemplate.decodeTlv(found)
  } catch (error) {
    // Cards of before SGP.22 2.0 have other things here; nothing below depends on it.
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}

const findTag = (tlv: Tlv, tag: number): Tlv | undefined => {
  if (tlv.tag === tag) return tlv
  if (!isConstructed(tlv.tag)) return undefined
  for (const child of getChildren(tlv)) {
    const found = findTag(child, tag)
    if (found !== undefined) return found
  }
  return undefined
}
