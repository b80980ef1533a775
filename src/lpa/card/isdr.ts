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
import { getStepName, type Report, reported, silent } from '../report.ts'
import { sendTerminalCapability } from './terminal-capability.ts'

export interface IsdrOptions {
  /** Tried in order. Some manufacturers use another AID than SGP.22. */
  readonly aids?: readonly Uint8Array[] | undefined
  /** Bytes of a STORE DATA segment: 255, or less if the link loses long commands. */
  readonly segmentSize?: number | undefined
  /** Receives facts about the card or the link for the next session. */
  readonly onLearned?: ((fact: Learned) => void) | undefined
  readonly report?: Report | undefined
}

/** The AID that answered, or a working segment size. */
export type Learned = { readonly aid: Uint8Array } | LearnedSize

/** The ISD-R, selected on a separate logical channel (SGP.22 §5.7.1). */
export interface Isdr {
  /** The AID that answered. */
  readonly aid: Uint8Array
  readonly logicalChannel: number
  /** The proprietary template in the FCI of the ISD-R, if present. */
  readonly template: ISDRProprietaryApplicationTemplate | undefined
  readonly report: Report
  /** Modes of the received REFRESH commands, in order. */
  readonly refreshes: readonly (RefreshQualifier | number)[]
  /** Calls an ES10 function. */
  call<Request, Response>(row: Es10Function<Request, Response>, request: Request): Promise<Response>
  /** Sends one STORE DATA chain, for a part of a message. Resolves with the response data, which may be empty. */
  send(payload: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

export const openIsdr = async (
  transport: Channel,
  { aids = [ISD_R_AID], segmentSize = 255, report = silent, onLearned }: IsdrOptions = {},
): Promise<Isdr> => {
  const channel = withServePending(transport)
  await sendTerminalCapability(channel)
  const logicalChannel = await openChannel(channel, report)
  const refreshes: (RefreshQualifier | number)[] = []
  // Serve pending proactive commands after the response. Report errors here, but do not discard the response.
  const serveWaiting = async (): Promise<void> => {
    try {
      for (const { refresh } of await channel.servePending())
        if (refresh !== undefined) {
          refreshes.push(refresh)
          report({ kind: 'noted', text: `the card requests REFRESH (${refresh})` })
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
      const use = size.isConfirmed ? 'are used from now on' : 'are used in the next attempt'
      report({
        kind: 'noted',
        text: `the link loses segments of ${size.tooLong} bytes; segments of ${size.segmentSize} bytes ${use}`,
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
        const step = getStepName(row)
        let answer: Uint8Array
        try {
          const payload = encode(row.request, request)
          answer = await send(payload).catch((error: unknown) => {
            // It is unknown whether the card received the command. A function that only reads can be repeated.
            if (!isApduError(error, 'exchange-lost') || !READING.has(step)) throw error
            report({
              kind: 'noted',
              text: `${step}: the response was lost, the command is repeated: ${error.message}`,
              error,
            })
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

/** Functions that do not change the card (SGP.22 §5.7). GetEUICCChallenge is not one: it ends the previous session. */
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

/** Opens the ISD-R, runs `work`, and always closes the channel. */
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

/** Decodes the response of a function. An invalid response is an error of the card. */
export const readAnswer = <Request, Response>(row: Es10Function<Request, Response>, answer: Uint8Array): Response => {
  const step = getStepName(row)
  if (answer.length === 0) throw new LpaError('bad-card-answer', 'card', `${step}: the card returned no data`, { step })
  try {
    return decode(row.response, answer)
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    throw new LpaError(
      'bad-card-answer',
      'card',
      `${step}: the response of the card cannot be decoded: ${error.message}`,
      { step },
      error,
    )
  }
}

/** Converts an error status word to an LpaError. Other errors remain unchanged. */
export const cardRefused = (step: string, error: unknown): unknown =>
  isApduError(error, 'refused')
    ? new LpaError('card-refused', 'card', `${step}: ${error.message}`, { step, status: error.status }, error)
    : error

/** Creates the error for a function whose response contains an error value. */
export const functionRefused = (
  row: { readonly interface: string; readonly name: string },
  result: string | number | symbol,
  fault: LpaError['fault'] = 'card',
): LpaError => {
  const step = `${row.interface}.${row.name}`
  const value = typeof result === 'symbol' ? String(result) : result
  return new LpaError('card-refused', fault, `${step}: the card refused: ${value}`, { step, result: value })
}

/** Nearly every card has this number of channels. Closing all 19 takes seconds on a modem. */
const USUAL_CHANNELS = 3

const openChannel = async (channel: Channel, report: Report): Promise<number> => {
  try {
    return await openLogicalChannel(channel)
  } catch (error) {
    // An aborted session may have left channels open. Access is exclusive, so they can be closed.
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
