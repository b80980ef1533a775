import { Asn1Error } from '../../asn1/error.ts'
import { decode, encode } from '../../asn1/schema.ts'
import { ES10a } from '../../rsp/interfaces/es10a.ts'
import { ES10b } from '../../rsp/interfaces/es10b.ts'
import { ES10c } from '../../rsp/interfaces/es10c.ts'
import type { AnyHandler, AnyRow, Es10Handlers, FunctionContext } from '../commands/answer.ts'
import { interruptLoading, isSegment, loadSegment } from '../package/load-package.ts'
import type { CardData } from '../state/card-data.ts'
import { sessionAnswers } from './authenticate-server.ts'
import { configuredAddressesAnswers } from './configured-addresses.ts'
import { euiccInfoAnswers } from './euicc-info.ts'
import { loadCrlAnswers } from './load-crl.ts'
import { memoryResetAnswers } from './memory-reset.ts'
import { notificationAnswers } from './notifications.ts'
import { prepareDownloadAnswers } from './prepare-download.ts'
import { profileStateAnswers } from './profile-state.ts'
import { profilesInfoAnswers } from './profiles-info.ts'
import type { Reply } from './response.ts'

/** The package is not one element, so its function is separate. */
const { LoadBoundProfilePackage: _inPieces, ...ES10bWhole } = ES10b
const ROWS = { ...ES10a, ...ES10bWhole, ...ES10c }

/** The type requires a function for each row of ES10a, ES10b and ES10c. */
const ANSWERS: Es10Handlers<typeof ROWS> = {
  ...configuredAddressesAnswers,
  ...euiccInfoAnswers,
  ...sessionAnswers,
  ...prepareDownloadAnswers,
  ...loadCrlAnswers,
  ...notificationAnswers,
  ...profilesInfoAnswers,
  ...profileStateAnswers,
  ...memoryResetAnswers,
}

const BY_TAG = new Map<number, { row: AnyRow; answer: AnyHandler }>(
  Object.entries(ROWS).flatMap(([name, row]) =>
    (row.request.tags ?? []).map(
      tag => [tag, { row: row as AnyRow, answer: ANSWERS[name as keyof typeof ROWS] as AnyHandler }] as const,
    ),
  ),
)

/** The tag at the start of possibly truncated bytes; undefined if none. */
const tagOf = ([first, second]: Uint8Array): number | undefined => {
  if (first === undefined || (first & 0x1f) !== 0x1f) return first
  return second === undefined ? undefined : (first << 8) | second
}

const situationOf = (device: CardData): FunctionContext => ({
  state: device.state,
  session: device.session,
  identity: device.identity,
  now: device.clock(),
  random: device.random,
  proactiveSession: device.toolkit.isBusy,
})

/**
 * Executes an ES10 command after its last block (SGP.22 §5.7.2). An unknown tag is 6A88, an invalid request 6A80. The
 * state is committed before the response; if the power fails, there is no response.
 */
export const answerEs10 = async (device: CardData, payload: Uint8Array): Promise<Reply> => {
  const tag = tagOf(payload)
  if (tag === undefined) return { status: 0x6a80 }
  if (isSegment(tag)) return loadSegment(device, payload)
  const found = BY_TAG.get(tag)
  // During a package, unknown data is a damaged segment.
  if (found === undefined) return device.loading ? loadSegment(device, payload) : { status: 0x6a88 }
  const { row, answer } = found
  let request: unknown
  try {
    request = decode(row.request, payload)
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    return device.loading ? loadSegment(device, payload) : { status: 0x6a80 }
  }
  await interruptLoading(device)
  const outcome = answer(request, situationOf(device))
  if (!('response' in outcome)) return { status: outcome.status }
  const data = encode(row.response, outcome.response)
  if (outcome.state !== undefined) await device.commit(outcome.state)
  if (outcome.session !== undefined) device.session = outcome.session
  if (outcome.profileChange !== undefined && outcome.profileChange !== 'switch') device.toolkit.requestRefresh()
  if (outcome.profileChange !== undefined && outcome.profileChange !== 'ask') device.switchFiles()
  return { status: 0x9000, data }
}
