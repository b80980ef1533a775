import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { listen } from './listen.ts'

export interface ServerIdentity {
  /** PEM: the certificate of the server, then its issuers. */
  readonly certificate: string
  /** PEM, PKCS #8. */
  readonly key: string
  readonly curve: 'P-256' | 'brainpoolP256r1'
}

export interface OpenServer {
  readonly port: number
  readonly server: Server
  /** Closes the port and every connection. */
  close(): Promise<void>
}

/**
 * TLS options for a certificate on either curve of SGP.22 §2.6.5. Before Node 22, OpenSSL supports brainpool only in
 * TLS 1.2 and offers the curve and the signature only by these options.
 */
export const tlsOptions = (identity: ServerIdentity): ServerOptions => ({
  cert: identity.certificate,
  key: identity.key,
  minVersion: 'TLSv1.2',
  ...(identity.curve === 'brainpoolP256r1'
    ? { maxVersion: 'TLSv1.2', ecdhCurve: 'brainpoolP256r1:prime256v1', sigalgs: 'ECDSA+SHA256' }
    : {}),
})

const open = async (server: Server, port: number): Promise<OpenServer> => {
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  // A client that does not finish its request occupies a connection, not the bench.
  server.headersTimeout = 30_000
  server.requestTimeout = 120_000
  await listen(server, { host: '127.0.0.1', port, option: '--port' })
  return {
    port: (server.address() as AddressInfo).port,
    server,
    close: () =>
      new Promise(done => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/**
 * A TLS server on a port of 127.0.0.1. With `askForCertificate`, a client can send a certificate and the handler
 * checks it; TLS could only close the connection.
 */
export const openTlsServer = (
  handler: RequestListener,
  identity: ServerIdentity,
  { port = 0, askForCertificate = false }: { port?: number; askForCertificate?: boolean } = {},
): Promise<OpenServer> =>
  open(
    createHttpsServer(
      { ...tlsOptions(identity), requestCert: askForCertificate, rejectUnauthorized: false },
      handler,
    ) as unknown as Server,
    port,
  )

/** A server without TLS for the dashboard, which only this machine can reach. */
export const openPlainServer = (handler: RequestListener, port: number): Promise<OpenServer> =>
  open(createHttpServer(handler), port)
