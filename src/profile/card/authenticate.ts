import { concat } from '../../asn1/bytes.ts'
import type { AkaAlgorithm } from '../aka/algorithm.ts'
import { gsmKey, gsmResponse } from '../aka/algorithm.ts'
import { toAkaAlgorithm } from '../aka/to-aka-algorithm.ts'
import { answerChallenge } from '../aka/usim.ts'
import type { AkaDefinition, Directory } from '../file-tree.ts'
import { hasService, isOpen } from './application.ts'
import { type CardCommandResult, type CardFiles, getUsimState, type Selection, withUsimState } from './card-files.ts'
import type { CardCommand } from './command.ts'

const [OK, WRONG_LENGTH, NOT_ALLOWED, NOT_SATISFIED, WRONG_DATA, WRONG_P1_P2, NO_KEY, MAC_FAILURE, NO_CONTEXT] = [
  0x9000, 0x6700, 0x6982, 0x6985, 0x6a80, 0x6a86, 0x6a88, 0x9862, 0x9864,
]
/** P2 of AUTHENTICATE (TS 31.102 §7.1.2.1): bit 8, then the context. */
const CONTEXT = { gsm: 0x80, umts: 0x81 }
const SUCCESS = 0xdb
const SYNCHRONIZATION_FAILURE = 0xdc

const withLength = (bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(bytes.length), bytes)

/** The length-prefixed fields of the command data; undefined if they do not fill the data. */
const fieldsOf = (data: Uint8Array): Uint8Array[] | undefined => {
  const fields: Uint8Array[] = []
  for (let at = 0; at < data.length; ) {
    const end = at + 1 + data[at]!
    if (end > data.length) return undefined
    fields.push(data.subarray(at + 1, end))
    at = end
  }
  return fields
}

/** USIM services: Kc requires GSM access, and the GSM context requires its own service. */
const GSM_ACCESS = 27
const GSM_SECURITY_CONTEXT = 38

/** AUTHENTICATE (TS 31.102 §7.1, TS 31.103 §7.1) in the GSM and in the 3G security context. */
export const handleAuthenticate = (card: CardFiles, selection: Selection, command: CardCommand): CardCommandResult => {
  const { p1, p2, data } = command
  const refuse = (status: number): CardCommandResult => ({ card, selection, status })
  if (p1 !== 0 || (p2 !== CONTEXT.gsm && p2 !== CONTEXT.umts)) return refuse(WRONG_P1_P2)
  const adf = selection.application
  const aka = adf && card.profile.aka.get(adf.key)
  if (adf === undefined) return refuse(NOT_SATISFIED)
  if (aka === undefined) return refuse(NO_KEY)
  if (!isOpen(card, adf)) return refuse(NOT_ALLOWED)
  const fields = fieldsOf(data)
  const rand = fields?.[0]
  if (rand?.length !== 16) return refuse(fields === undefined ? WRONG_LENGTH : WRONG_DATA)
  const algorithm = toAkaAlgorithm(aka.algorithm)
  if (p2 === CONTEXT.gsm) {
    if (!hasService(card, adf, GSM_SECURITY_CONTEXT)) return refuse(NO_CONTEXT)
    return fields?.length === 1 ? answerGsm(card, selection, algorithm, rand) : refuse(WRONG_LENGTH)
  }
  const autn = fields?.[1]
  // AUTN: SQN xor AK, AMF, and a MAC whose length depends on the algorithm.
  const autnLength = 8 + algorithm.f1(rand, new Uint8Array(6), new Uint8Array(2)).length
  if (fields?.length !== 2 || autn?.length !== autnLength) return refuse(WRONG_DATA)
  return answerUmts(card, selection, { adf, aka, algorithm, rand, autn })
}

/** SRES and Kc from the conversion functions c2 and c3 (TS 33.102 §6.8.1.2). */
const answerGsm = (
  card: CardFiles,
  selection: Selection,
  algorithm: AkaAlgorithm,
  rand: Uint8Array,
): CardCommandResult => {
  const kc = gsmKey(algorithm.f3(rand).subarray(0, 16), algorithm.f4(rand).subarray(0, 16))
  const sres = gsmResponse(algorithm.f2(rand))
  return { card, selection, status: OK, data: concat(withLength(sres), withLength(kc)) }
}

const answerUmts = (
  card: CardFiles,
  selection: Selection,
  call: {
    readonly adf: Directory
    readonly aka: AkaDefinition
    readonly algorithm: AkaAlgorithm
    readonly rand: Uint8Array
    readonly autn: Uint8Array
  },
): CardCommandResult => {
  const { adf, aka, algorithm, rand, autn } = call
  const { state, answer } = answerChallenge(algorithm, aka.rules, getUsimState(card, aka.stateKey), rand, autn)
  const after = withUsimState(card, aka.stateKey, state)
  switch (answer.result) {
    case 'success': {
      const kc = hasService(card, adf, GSM_ACCESS) ? withLength(answer.kc) : new Uint8Array(0)
      const keys = concat(withLength(answer.res), withLength(answer.ck), withLength(answer.ik), kc)
      return { card: after, selection, status: OK, data: concat(Uint8Array.of(SUCCESS), keys) }
    }
    case 'synchronization-failure':
      return {
        card: after,
        selection,
        status: OK,
        data: concat(Uint8Array.of(SYNCHRONIZATION_FAILURE), withLength(answer.auts)),
      }
    case 'mac-failure':
      return { card: after, selection, status: MAC_FAILURE }
    case 'exhausted':
      return { card, selection, status: NOT_SATISFIED }
  }
}
