import { expect } from 'vitest'
import { createBufferedRequest } from '../../../../src/rsp/buffered-message.ts'
import type { Fetch } from '../../../../src/rsp/fetch.ts'
import { createMutations, LEVELS, type Model } from './mutations.ts'

/** So many a function (issue 4, "How it is shown to be done"). */
export const REQUESTS = 10_000
/** A few seconds on a machine at rest; a busy one may take longer. */
export const PATIENCE = 240_000
const TAKEN = [200, 204, 400, 401, 404, 405, 413]

export interface Trial {
  readonly fetch: Fetch
  /** Right messages, made anew when one was taken: of sessions that are open, over, or somebody else's. */
  models(): Promise<readonly Model[]>
  /** What belongs to others, and is in no request: as text, and as hexadecimal where it crosses in binary. */
  readonly secrets: readonly string[]
  readonly seed: number
}

/** Sends every other request with its body in memory, as the HTTP server does. */
const send = async (fetch: Fetch, request: Request, index: number): Promise<Response> => {
  if (index % 2 === 0 || request.method !== 'POST') return fetch(request)
  const { method, url, headers } = request
  const body = new Uint8Array(await request.clone().arrayBuffer())
  const getHeader = (name: string) => headers.get(name) ?? undefined
  return fetch(createBufferedRequest({ method, url, getHeader, listHeaders: () => headers.entries(), body }))
}

/** Every text of an answer as it may carry something: itself, and what its base64 stands for. */
const insideOf = (text: string): string[] =>
  [...text.matchAll(/"([A-Za-z0-9+/]{24,}={0,2})"/g)].flatMap(([, base64]) => {
    const bytes = Buffer.from(base64!, 'base64')
    return [bytes.toString('latin1'), bytes.toString('hex')]
  })

/** Answers of each kind, by their HTTP status and, where they are 200, by what the function said. */
export type Tally = Record<string, number>

/**
 * Throws ten thousand wrong requests at one function. Each is answered, with a status of the RSP and in its form, and
 * with nothing of what is others'. Gives how often which answer came, so that a test can tell that it tested.
 */
export const throwMutations = async ({ fetch, models, secrets, seed }: Trial): Promise<Tally> => {
  const { request, pick } = createMutations(seed)
  const forbidden = secrets.map(secret => secret.toLowerCase())
  const tally: Tally = {}
  let current = await models()
  for (let index = 0; index < REQUESTS; index += 1) {
    const level = LEVELS[(index >> 1) % LEVELS.length]!
    const wrong = request(pick(current), level)
    const what = () => `request ${index} of seed ${seed} (${level})`
    const response = await send(fetch, wrong, index)
    const { status } = response
    if (!TAKEN.includes(status)) expect.unreachable(`${what()}: HTTP ${status}`)
    if (response.headers.get('X-Admin-Protocol') === null) expect.unreachable(`${what()}: no X-Admin-Protocol`)
    const bytes = Buffer.from(await response.arrayBuffer())
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json') === true
    const text = bytes.toString(isJson ? 'utf8' : 'latin1')
    const kind = isJson ? statusIn(text, what) : `${status}`
    if (!isJson && status === 204 && bytes.length > 0) expect.unreachable(`${what()}: 204 with a body`)
    const places = [text, ...(isJson ? insideOf(text) : [bytes.toString('hex')])].map(place => place.toLowerCase())
    for (const secret of forbidden)
      if (places.some(place => place.includes(secret))) expect.unreachable(`${what()}: tells ${secret}`)
    tally[kind] = (tally[kind] ?? 0) + 1
    if (kind === 'Executed-Success' || (!isJson && status === 200)) current = await models()
  }
  return tally
}

const statusIn = (text: string, what: () => string): string => {
  const json = JSON.parse(text) as { header?: { functionExecutionStatus?: { status?: string } } }
  const status = json.header?.functionExecutionStatus?.status
  if (status === 'Failed') {
    if (Object.keys(json).join() !== 'header') expect.unreachable(`${what()}: a refusal with ${Object.keys(json)}`)
    return status
  }
  if (status !== 'Executed-Success') expect.unreachable(`${what()}: status ${status}`)
  return status!
}
