import type { RequestListener } from 'node:http'
import type { Backend } from '../../bench/api/backend.ts'
import { createHttpApi } from '../../bench/api/http-api.ts'
import { openLive } from '../../bench/api/live.ts'
import { BenchError } from '../../host/error.ts'
import { type OpenServer, openPlainServer } from '../../host/net/tls-server.ts'
import { DASHBOARD_FOLDER } from '../../host/version.ts'

/** Where the page is, unless somebody says otherwise. */
export const DEFAULT_PORT = 8150

export interface PageServer {
  readonly address: string
  close(): Promise<void>
}

const openUsual = async (api: RequestListener, usual: number): Promise<OpenServer> => {
  try {
    return await openPlainServer(api, usual)
  } catch (error) {
    if (error instanceof BenchError && error.code === 'port-in-use') return openPlainServer(api, 0)
    throw error
  }
}

/** Serves the page. A port that was asked for must be free; the usual one gives way to any other. */
export const openPageServer = async (
  backend: Backend,
  port: number | undefined,
  report: (error: unknown) => void,
  { folder = DASHBOARD_FOLDER, usual = DEFAULT_PORT }: { folder?: string; usual?: number } = {},
): Promise<PageServer> => {
  const api = createHttpApi(backend, folder, report)
  const server = await (port === undefined ? openUsual(api, usual) : openPlainServer(api, port))
  const live = openLive(server.server, backend)
  return {
    address: `http://127.0.0.1:${server.port}/`,
    // At once: alone, the live part waits for connections that a browser opened in advance and said nothing on.
    async close() {
      await Promise.all([live.close(), server.close()])
    },
  }
}
