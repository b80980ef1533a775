import type { ApiError } from '../../../src/bench/api-contract.ts'

/** The bench was not reachable or rejected the request. The page shows `message` to the user. */
class BenchApiError extends Error {
  readonly code: string
  constructor(code: 'unreachable' | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BenchApiError'
    this.code = code
  }
}

export const getJson = async <T>(path: string): Promise<T> =>
  request<T>(path, { headers: { accept: 'application/json' } })

export const postJson = async <T>(path: string, body: unknown): Promise<T> =>
  request<T>(path, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const request = async <T>(path: string, init: RequestInit): Promise<T> => {
  let response: Response
  try {
    response = await fetch(path, init)
  } catch (cause) {
    throw new BenchApiError('unreachable', 'The bench does not respond. Check that it is running.', { cause })
  }
  if (response.ok) return (await response.json()) as T
  const refusal = (await response.json().catch(() => null)) as ApiError | null
  throw new BenchApiError(
    refusal?.error?.code ?? `http-${response.status}`,
    refusal?.error?.message ?? `The bench answered ${path} with HTTP status ${response.status}.`,
  )
}
