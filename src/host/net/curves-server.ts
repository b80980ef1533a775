import type { RequestListener } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type ClientHello, GROUPS, readClientHello } from './client-hello.ts'
import { type ListenPlace, listen } from './listen.ts'
import { type ServerIdentity, tlsOptions } from './tls-server.ts'

/** A TLS certificate, and the CI under which it is. */
export interface CurveIdentity extends ServerIdentity {
  /** Subject key id of the CI, hexadecimal. */
  readonly ciKeyId?: string
  /** The host whose certificate it is, where several share a port. */
  readonly host?: string
}

export interface CurvesServer {
  readonly host: string
  readonly port: number
  /** Ends the port; connections in the middle of a request have `graceMs` to finish it. */
  close(graceMs?: number): Promise<void>
}

export interface CurvesServerSettings extends ListenPlace {
  /**
   * Asks for a client certificate and hangs up on whoever it refuses, before a byte of a request is read. The
   * certificate is judged here and not by TLS, whose rules are not those of SGP.22.
   */
  readonly admit?: (certificate: Uint8Array | undefined) => boolean
}

const HELLO_TIMEOUT_MS = 10_000
const MAX_HELLO = 1 << 14

/**
 * OpenSSL keeps one certificate for all elliptic curves, so a server with one for each looks at the ClientHello
 * itself: the CI that the client says it trusts, else the first of its groups that is the curve of a certificate.
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

/** A TLS server that shows each client the certificate of the curve it can follow. */
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

/** Reads until the ClientHello is whole, then gives the socket, with what was read put back, to the server for it. */
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
  // A client that does not finish its request holds a connection, not the server.
  server.headersTimeout = 30_000
  server.requestTimeout = 120_000
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  if (admit !== undefined)
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      if (!admit(socket.getPeerX509Certificate()?.raw)) socket.destroy()
    })
  return server
}
