import { type Json, type JsonMessage, list, message, text, transactionId } from '../json.ts'
import { ES9p } from './es9p.ts'
import { httpFunction } from './http-function.ts'

/**
 * The server that has an event for the eUICC, and the event id, which that server accepts as a matching id (SGP.22
 * §3.6).
 */
export const EventEntry = message({
  eventId: text(/^[\s\S]{1,255}$/, 'an event id'),
  rspServerAddress: text(/./, 'the address of an SM-DP+ or SM-DS'),
})
export type EventEntry = ReturnType<typeof EventEntry.fromJson>

/** Some LPAs name the address `smdsAddress`; LPAs that share code with ES9+ name it `smdpAddress`. */
const eitherAddress = <T>(schema: JsonMessage<T>): JsonMessage<T> => ({
  toJson: schema.toJson,
  fromJson: json => {
    if (json === null || typeof json !== 'object' || Array.isArray(json)) return schema.fromJson(json)
    const { smdsAddress, ...rest } = json as { readonly [key: string]: Json }
    return schema.fromJson(smdsAddress === undefined ? json : { smdpAddress: smdsAddress, ...rest })
  },
})

/**
 * SGP.22 §5.8 and §6.5.2: the LPA to the SM-DS. The mutual authentication uses the messages of ES9+.
 *
 * The paths are those of ES9+ as well, because the SM-DSs in operation use them.
 */
export const ES11 = {
  InitiateAuthentication: httpFunction({
    ...ES9p.InitiateAuthentication,
    interface: 'ES11',
    clause: '5.8.1',
    request: eitherAddress(ES9p.InitiateAuthentication.request),
  }),
  AuthenticateClient: httpFunction({
    interface: 'ES11',
    name: 'AuthenticateClient',
    clause: '5.8.2',
    path: ES9p.AuthenticateClient.path,
    request: ES9p.AuthenticateClient.request,
    response: message({ transactionId: transactionId(), eventEntries: list(EventEntry) }),
  }),
} as const

/** The path that some LPAs use for ES11. An SM-DS of the bench answers there as well. */
export const toEs11Path = (row: { readonly path: string }): string => row.path.replace('/es9plus/', '/es11/')
