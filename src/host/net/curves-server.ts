import type { RequestListener } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type ClientHello, GROUPS, readClientHello } from './client-hello.ts'
import { type ListenPlace, listen } from './listen.ts'
import { type ServerIdentity, tlsOptions } from './tls-server.ts'

/** A TLS certificate and the CI that it chains to. */
export interface CurveIdentity extends ServerIdentity {
  /** Subject key identifier of the CI, hexadecimal. */
  readonly ciKeyId?: string
  /** The host name of the certificate, if several hosts share a port. */
  readonly host?: string
}

export interface CurvesServer {
  readonly host: string
  readonly port: number
  /** Closes the port. Requests in progress have `graceMs` milliseconds to finish. */
  close(graceMs?: number): Promise<void>
}

export interface CurvesServerSettings extends ListenPlace {
  /**
   * Requests a client certificate and closes a refused connection before it reads a request. This function decides and
   * not TLS, because the rules of TLS are not those of SGP.22.
   */
  readonly admit?: (certificate: Uint8Array | undefined) => boolean
}

const HELLO_TIMEOUT_MS = 10_000
const MAX_HELLO = 1 << 14

/**
 * OpenSSL has one certificate for all elliptic curves. A server with one for each curve reads the ClientHello: first
 * the CI that the client names, then the first of its groups that matches a certificate.
 */
export const chooseIdentity = (
  identities: readonly CurveIdentity[],
  hello: ClientHello | undefined | null,
): CurveIdentity => {
  if (hello) {
    const { serverName } = hello
    const named = identities.filter(
      ({ host }) => host !== undefined && host.toLowerCase() === serverName?.toLowerCase(),
    )
    const candidates = named.length > 0 ? named : identities
    const trusted = candidates.find(({ ciKeyId }) => ciKeyId !== undefined && hello.trustedKeyIds.includes(ciKeyId))
    if (trusted !== undefined) return trusted
    for (const group of hello.groups) {
      const found = candidates.find(({ curve }) => (GROUPS[curve] as readonly number[]).includes(group))
      if (found !== undefined) return found
    }
    return candidates[0]!
  }
  return identities[0]!
}

/** A TLS server that sends each client the certificate whose curve the client supports. */
export const openCurvesServer = async (
  handler: RequestListener,
  identities: readonly CurveIdentity[],
  settings: CurvesServerSettings,
): Promise<CurvesServer> => {
  const servers = new Map(identities.map(identity => [identity, httpsServer(handler, identity, settings)]))
  const sockets = new Set<Socket>()
  const front = createServer({ noDelay: true }, socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    passOn(socket, hello => servers.get(chooseIdentity(identities, hello))!)
  })
  await listen(front, settings)
  return {
    host: settings.host,
    port: (front.address() as AddressInfo).port,
    async close(graceMs = 0) {
      const closed = new Promise<void>(done => front.close(() => done()))
      for (const server of servers.values()) server.closeIdleConnections()
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, graceMs)
      await closed
      clearTimeout(timer)
      for (const server of servers.values()) server.closeAllConnections()
    },
  }
}

/** Reads until the ClientHello is complete, puts the bytes back and passes the socket to the chosen server. */
const passOn = (socket: Socket, serverFor: (hello: ClientHello | null) => HttpsServer): void => {
  let received = Buffer.alloc(0)
  const timer = setTimeout(() => socket.destroy(), HELLO_TIMEOUT_MS)
  socket.on('close', () => clearTimeout(timer))
  const onData = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk])
    const hello = received.length > MAX_HELLO + 5 ? null : readClientHello(received)
    if (hello === undefined) return
    clearTimeout(timer)
    socket.off('data', onData)
    socket.pause()
    socket.unshift(received)
    serverFor(hello).emit('connection', socket)
  }
  socket.on('data', onData)
}

const httpsServer = (
  handler: RequestListener,
  identity: CurveIdentity,
  { admit }: CurvesServerSettings,
): HttpsServer => {
  const server = createHttpsServer(
    { ...tlsOptions(identity), requestCert: admit !== undefined, rejectUnauthorized: false },
    handler,
  )
  // A client that does not finish its request occupies a connection, not the server.
  server.headersTimeout = 30_000
  server.requestTimeout = 120_000
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  if (admit !== undefined)
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      if (!admit(socket.getPeerX509Certificate()?.raw)) socket.destroy()
    })
  return server
}
