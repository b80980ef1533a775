import type { IncomingMessage } from 'node:http'

/**
 * Any web page may send requests to a port on 127.0.0.1, and a name of its own may point there. So the Host must be
 * this machine by one of its own names, and an Origin, which browsers give, must be the same.
 */
export const isOwnHost = (host: string | undefined): boolean =>
  host !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host)

export const isSameOrigin = ({ headers }: IncomingMessage): boolean =>
  isOwnHost(headers.host) && (headers.origin === undefined || headers.origin === `http://${headers.host}`)
