import type { IncomingMessage } from 'node:http'

/**
 * Any web page can send requests to a port on 127.0.0.1, and its own host name can resolve to it. The Host must be a
 * name of this machine, and an Origin must match it.
 */
export const isOwnHost = (host: string | undefined): boolean =>
  host !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host)

export const isSameOrigin = ({ headers }: IncomingMessage): boolean =>
  isOwnHost(headers.host) && (headers.origin === undefined || headers.origin === `http://${headers.host}`)
