import type { RequestListener } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { BenchError } from '../error.ts'
import { type ClientHello, GROUPS, readClientHello } from './client-hello.ts'
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

export interface CurvesServerSettings {
  readonly host: string
  readonly port: number
  /** For sentences: the option that chooses the port. */
  readonly option: string
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

const listen = (
  server: ReturnType<typeof createServer>,
  { host, port, option }: Pick<CurvesServerSettings, 'host' | 'port' | 'option'>,
): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port, option)))
    server.listen(port, host, () => resolve())
  })

/** Says at once what opening there would, for who has something to do first that is not to be done in vain. */
export const checkPort = async (at: Pick<CurvesServerSettings, 'host' | 'port' | 'option'>): Promise<void> => {
  const probe = createServer()
  await listen(probe, at)
  await new Promise<void>(resolve => void probe.close(() => resolve()))
}

const explain = (error: NodeJS.ErrnoException, host: string, port: number, option: string): Error => {
  const sentence = {
    EADDRINUSE: `port ${port} on ${host} is in use; end what holds it, or choose another with ${option}`,
    EACCES: `port ${port} is not allowed here: ports below 1024 need root, or CAP_NET_BIND_SERVICE; choose one above 1023 with ${option}`,
    EADDRNOTAVAIL: `${host} is no address of this machine; give one of its own with --listen`,
    ENOTFOUND: `${host} is no address of this machine; give one of its own with --listen`,
  }[error.code ?? '']
  return sentence === undefined ? error : new BenchError('port-in-use', sentence, { data: { port }, cause: error })
}
