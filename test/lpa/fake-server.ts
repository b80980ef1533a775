import type { Fetch } from '../../src/rsp/fetch.ts'
import type { HttpFunction } from '../../src/rsp/interfaces/http-function.ts'

export interface Refused {
  readonly refused: { readonly subjectCode: string; readonly reasonCode: string; readonly message?: string }
}
/** How the server answers one function: a message, a refusal, or any response at all. */
export interface Served {
  readonly path: string
  readonly name: string
  respond(body: string): Response
}

export const served = <Request, Answer>(
  row: HttpFunction<Request, Answer>,
  answer: (request: Request) => Answer | Refused | Response,
): Served => ({
  path: row.path,
  name: row.name,
  respond: body => {
    const said = answer(row.request.fromJson(JSON.parse(body)))
    if (said instanceof Response) return said
    if (row.response === undefined) return new Response(null, { status: 204 })
    if (isRefused(said))
      return json({ header: { functionExecutionStatus: { status: 'Failed', statusCodeData: said.refused } } })
    return json({
      header: { functionExecutionStatus: { status: 'Executed-Success' } },
      ...row.response.toJson(said),
    })
  },
})

const isRefused = (said: unknown): said is Refused => typeof said === 'object' && said !== null && 'refused' in said
const json = (body: unknown): Response =>
  new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } })

export interface FakeServer {
  readonly fetch: Fetch
  /** `smdp.example.com InitiateAuthentication`. */
  readonly log: string[]
  readonly requests: Request[]
}

/** A server for every host, told what it can do; it answers all else with 404. */
export const fakeServer = (functions: readonly Served[]): FakeServer => {
  const log: string[] = []
  const requests: Request[] = []
  return {
    log,
    requests,
    fetch: async request => {
      const { host, pathname } = new URL(request.url)
      const known = functions.find(({ path }) => path === pathname)
      requests.push(request.clone() as Request)
      log.push(`${host} ${known?.name ?? pathname}`)
      return known?.respond(await request.text()) ?? new Response('not found', { status: 404 })
    },
  }
}
