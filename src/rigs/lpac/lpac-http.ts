import type { Fetch } from '../../rsp/fetch.ts'

/** The status for lpac if the server cannot be reached (RFC 9110 §15.6.3). */
const BAD_GATEWAY = 502

const readPayload = (payload: unknown): Request | undefined => {
  if (payload === null || typeof payload !== 'object') return undefined
  const { url, tx, headers } = payload as Record<string, unknown>
  if (typeof url !== 'string' || typeof tx !== 'string' || !/^([0-9a-f]{2})*$/i.test(tx)) return undefined
  const lines = Array.isArray(headers) ? headers.filter(line => typeof line === 'string') : []
  try {
    return new Request(url, {
      method: 'POST',
      headers: lines.map((line): [string, string] => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
      }),
      body: new Uint8Array(Buffer.from(tx, 'hex')),
    })
  } catch {
    return undefined
  }
}

/** Answers one request of lpac's stdio HTTP: `{"url", "tx": hex, "headers": ["Name: value"]}` in, `{"rcode", "rx": hex}` out. */
export const answerHttp = async (
  fetch: Fetch,
  payload: unknown,
  onFailure: (error: unknown) => void,
): Promise<string> => {
  const reply = (rcode: number, rx: Uint8Array): string =>
    JSON.stringify({ type: 'http', payload: { rcode, rx: Buffer.from(rx).toString('hex') } })
  const request = readPayload(payload)
  if (request === undefined) return reply(BAD_GATEWAY, new Uint8Array(0))
  try {
    const response = await fetch(request)
    return reply(response.status, new Uint8Array(await response.arrayBuffer()))
  } catch (error) {
    onFailure(error)
    return reply(BAD_GATEWAY, new Uint8Array(0))
  }
}
