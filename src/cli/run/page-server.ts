import type { RequestListener } from 'node:http'
import type { Backend } from '../../bench/api/backend.ts'
import { createHttpApi } from '../../bench/api/http-api.ts'
import { openLive } from '../../bench/api/live.ts'
import { BenchError } from '../../host/error.ts'
import { type OpenServer, openPlainServer } from '../../host/net/tls-server.ts'
import { DASHBOARD_FOLDER } from '../../host/version.ts'

/** The port of the dashboard if the user gives none. */
export const DEFAULT_PORT = 8150

export interface PageServer {
  readonly address: string
  close(): Promise<void>
}

const openDefault = async (api: RequestListener, port: number): Promise<OpenServer> => {
  try {
    return await openPlainServer(api, port)
  } catch (error) {
    if (error instanceof BenchError && error.code === 'port-in-use') return openPlainServer(api, 0)
    throw error
  }
}

/** Serves the dashboard. A port of the user must be free; the default port is replaced by any free one. */
export const openPageServer = async (
  backend: Backend,
  port: number | undefined,
  report: (error: unknown) => void,
  { folder = DASHBOARD_FOLDER, usual = DEFAULT_PORT }: { folder?: string; usual?: number } = {},
): Promise<PageServer> => {
  const api = createHttpApi(backend, folder, report)
  const server = await (port === undefined ? openDefault(api, usual) : openPlainServer(api, port))
  const live = openLive(server.server, backend)
  return {
    address: `http://127.0.0.1:${server.port}/`,
    // Close both together: `live` alone waits for idle connections that a browser opened in advance.
    async close() {
      await Promise.all([live.close(), server.close()])
    },
  }
}
