import { optional, sequenceOf } from '../asn1/constructed.ts'
import { integer, namedInteger, nothing, utf8 } from '../asn1/primitives.ts'
import { decode, encode, type SchemaValue } from '../asn1/schema.ts'
import { automatic } from './elements/automatic-tags.ts'

/** SAIP §8.11.  The statuses that an eUICC reports for a profile element. */
const PE_STATUS = {
  ok: 0,
  'pe-not-supported': 1,
  'memory-failure': 2,
  'bad-values': 3,
  'not-enough-memory': 4,
  'invalid-request-format': 5,
  'invalid-parameter': 6,
  'runtime-not-supported': 7,
  'lib-not-supported': 8,
  'template-not-supported': 9,
  'feature-not-supported': 10,
  'pin-code-missing': 11,
  'unsupported-profile-version': 31,
} as const
export type PEStatusName = keyof typeof PE_STATUS

/** SAIP §8.11.  PEStatus: a status, its element, and the position in it. */
const PEStatus = automatic(
  {
    status: namedInteger(PE_STATUS),
    identification: optional(integer(0, 32767)),
    'additional-information': optional(integer(0, 255)),
    offset: optional(integer(0, 2147483647)),
  },
  'PEStatus',
)
export type PEStatus = SchemaValue<typeof PEStatus>

/** SAIP §8.11.  EUICCResponse: the `simaResponse` of a ProfileInstallationResult. */
export const EUICCResponse = automatic(
  {
    peStatus: sequenceOf(PEStatus, 'peStatus'),
    profileInstallationAborted: optional(nothing()),
    statusMessage: optional(utf8(64)),
  },
  'EUICCResponse',
)
export type EUICCResponse = SchemaValue<typeof EUICCResponse>

export const encodeEuiccResponse = (response: EUICCResponse): Uint8Array => encode(EUICCResponse, response)
export const decodeEuiccResponse = (bytes: Uint8Array): EUICCResponse => decode(EUICCResponse, bytes)
