import { type Fetch, FetchError } from '../../../src/rsp/fetch.ts'
import { ES2p } from '../../../src/rsp/interfaces/es2p.ts'
import { RequestHeader } from '../../../src/rsp/interfaces/http-function.ts'
import type { Json } from '../../../src/rsp/json.ts'

export interface Es2Call {
  readonly name: string
  readonly body: { readonly [key: string]: Json }
}
export type Fault =
  | { readonly on: string; readonly refuse: { readonly subjectCode: string; readonly reasonCode: string } }
  | { readonly on: string; readonly unreachable: true }
  | { readonly on: string; readonly raw: Response }

/** A fake ES2+ server that decodes requests and encodes responses with the table. It checks the order state (SGP.22 §5.3). */
export const createSmdpStub = (iccid = '8944100000000000013'): { fetch: Fetch; calls: Es2Call[]; faults: Fault[] } => {
  const calls: Es2Call[] = []
  const faults: Fault[] = []
  let state: 'stock' | 'allocated' | 'confirmed' | 'released' = 'stock'
  const success = { header: { functionExecutionStatus: { status: 'Executed-Success' } } }
  const refused = (subjectCode: string, reasonCode: string): Response =>
    Response.json({
      header: { functionExecutionStatus: { status: 'Failed', statusCodeData: { subjectCode, reasonCode } } },
    })
  const fetch: Fetch = async request => {
    const path = new URL(request.url).pathname
    const row = Object.values(ES2p).find(one => one.path === path)
    if (row === undefined || request.method !== 'POST') return new Response(null, { status: 404 })
    const body = (await request.json()) as { [key: string]: Json }
    calls.push({ name: row.name, body })
    const fault = faults.find(({ on }) => on === row.name)
    if (fault !== undefined) {
      if ('refuse' in fault) return refused(fault.refuse.subjectCode, fault.refuse.reasonCode)
      if ('raw' in fault) return fault.raw.clone()
      throw new FetchError('unreachable', 'connection refused', { url: request.url })
    }
    RequestHeader.fromJson(body)
    switch (row.name) {
      case 'DownloadOrder': {
        ES2p.DownloadOrder.request.fromJson(body)
        if (state !== 'stock') return refused('8.2.1', '3.3')
        state = 'allocated'
        return Response.json({ ...success, ...ES2p.DownloadOrder.response!.toJson({ iccid: `${iccid}F` }) })
      }
      case 'ConfirmOrder': {
        const { releaseFlag } = ES2p.ConfirmOrder.request.fromJson(body)
        if (state !== 'allocated') return refused('8.2.1', '3.5')
        state = releaseFlag ? 'released' : 'confirmed'
        return Response.json({ ...success, ...ES2p.ConfirmOrder.response!.toJson({ matchingId: 'BENCH-0001' }) })
      }
      case 'ReleaseProfile':
        ES2p.ReleaseProfile.request.fromJson(body)
        if (state !== 'confirmed') return refused('8.2.1', '3.5')
        state = 'released'
        return Response.json(success)
      case 'CancelOrder':
        ES2p.CancelOrder.request.fromJson(body)
        state = 'stock'
        return Response.json(success)
      default:
        return refused('1.6', '3.1')
    }
  }
  return { fetch, calls, faults }
}

/** A seeded random source. */
export const countingRandom = (): ((length: number) => Uint8Array) => {
  let next = 1
  return length => Uint8Array.from({ length }, () => (next = (next * 73 + 41) % 251))
}
