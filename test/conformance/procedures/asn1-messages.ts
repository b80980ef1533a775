import { expect } from 'vitest'
import { decode, encode, type Schema, type SchemaValue } from '../../../src/asn1/schema.ts'
import type { Fetch } from '../../../src/rsp/fetch.ts'
import { ASN1_CONTENT_TYPE, ASN1_PATH, remoteProfileProvisioning } from '../../../src/rsp/interfaces/es9p-asn1.ts'
import { post } from '../../server/smdp/smdp-fixture.ts'

export const postAsn1 = (fetch: Fetch, body: Uint8Array): Promise<Response> =>
  fetch(post(ASN1_PATH, new Uint8Array(body), { 'Content-Type': ASN1_CONTENT_TYPE }))

export const requestOf = (row: { readonly request: unknown }, request: unknown): Uint8Array =>
  encode(remoteProfileProvisioning(row.request as Schema<unknown>), request)

/** What the function gave, or the name of its error (SGP.22 §6.6). */
export const callAsn1 = async <F extends { readonly request: unknown; readonly response: unknown }>(
  fetch: Fetch,
  row: F,
  request: SchemaValue<F['request']>,
): Promise<SchemaValue<F['response']>> => {
  const response = await postAsn1(fetch, requestOf(row, request))
  expect([response.status, response.headers.get('Content-Type')]).toEqual([200, ASN1_CONTENT_TYPE])
  const schema = remoteProfileProvisioning(row.response as Schema<unknown>)
  return decode(schema, new Uint8Array(await response.arrayBuffer())) as SchemaValue<F['response']>
}

export const okOf = <R>(answer: { readonly ok: R } | { readonly error: unknown }): R => {
  if ('ok' in answer && answer.ok !== undefined) return answer.ok
  throw new Error(`refused: ${(answer as { error: unknown }).error}`)
}
