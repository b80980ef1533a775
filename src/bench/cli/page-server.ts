import { createServer } from 'node:net'
import type { Backend } from '../api/backend.ts'
import { createHttpApi } from '../api/http-api.ts'
import { openLive } from '../api/live.ts'
import { type OpenServer, openPlainServer } from '../net/tls-server.ts'
import { DASHBOARD_FOLDER } from '../version.ts'

/** Where the page is, unless somebody says otherwise. */
export const DEFAULT_PORT = 8150

export interface PageServer {
  readonly address: string
  close(): Promise<void>
}

const isFree = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })

/** Serves the page. A port that was asked for must be free; the usual one gives way to any other. */
export const openPageServer = async (
  backend: Backend,
  port: number | undefined,
  report: (error: unknown) => void,
  folder: string = DASHBOARD_FOLDER,
): Promise<PageServer> => {
  const wanted = port ?? ((await isFree(DEFAULT_PORT)) ? DEFAULT_PORT : 0)
  const server: OpenServer = await openPlainServer(createHttpApi(backend, folder, report), wanted)
  const live = openLive(server.server, backend)
  return {
    address: `http://127.0.0.1:${server.port}/`,
    // At once: alone, the live part waits for connections that a browser opened in advance and said nothing on.
    async close() {
      await Promise.all([live.close(), server.close()])
    },
  }
}
