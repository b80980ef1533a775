import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { Agent, type buildConnector, request as send } from 'undici'
import type { CurveName } from '../../rsp/crypto/curve.ts'
import { type Fetch, FetchError, type FetchErrorCode } from '../../rsp/fetch.ts'
import type { AddressBook } from './address-book.ts'
import { describeNetworkError } from './network-error.ts'

/** Throws if the certificates of a server (DER, its own first) do not prove that it is `host`. */
export type CheckServer = (certificates: readonly Uint8Array[], host: string) => void

export interface OpenFetch {
  readonly fetch: Fetch
  close(): Promise<void>
}

export interface FetchSettings {
  readonly addresses: AddressBook
  /** Resolves hosts outside the address book by DNS; without it they are unreachable. */
  readonly allowUnlistedHosts?: boolean
  readonly check: CheckServer
  /** The client certificate and key, PEM, for servers that request one. */
  readonly identity?: { readonly certificate: string; readonly key: string }
  /** The preferred curve, for a server that has a certificate for each. */
  readonly prefer?: CurveName
  readonly timeouts?: { readonly connect: number; readonly answer: number }
}

class Untrusted extends Error {
  readonly reason: unknown
  constructor(reason: unknown) {
    super(reason instanceof Error ? reason.message : String(reason))
    this.reason = reason
  }
}
class NowhereError extends Error {}

const OTHER_CURVES = 'X25519:prime256v1:secp384r1'

/** A limit, because the issuers of a peer's certificates could form a loop. */
const MAX_CHAIN = 8

const chainOf = (socket: TLSSocket): Uint8Array[] => {
  const chain: Uint8Array[] = []
  let certificate = socket.getPeerX509Certificate() as
    | (X509Certificate & { issuerCertificate?: X509Certificate })
    | undefined
  while (certificate && chain.length < MAX_CHAIN) {
    chain.push(certificate.raw)
    certificate = certificate.issuerCertificate
  }
  return chain
}

/**
 * Checks the server after the handshake, before the first byte of a request. TLS gets no CA: Node crashes with a
 * brainpool CA, and an LPA trusts the CI list of the card. For the same reason, reads only `getPeerX509Certificate`.
 */
const connector =
  (settings: FetchSettings): buildConnector.connector =>
  (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '')
    const address =
      settings.addresses.find(host) ??
      (settings.allowUnlistedHosts ? { host, port: Number(options.port) || 443 } : undefined)
    if (!address) return callback(new NowhereError(`no server named ${host} is known here`), null)
    const socket = connectTls({
      host: address.host,
      port: address.port,
      // An IP address is not a server name (RFC 6066 §3).
      servername: isIP(host) === 0 ? host : '',
      ca: [],
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ecdhCurve:
        settings.prefer === 'brainpoolP256r1' ? `brainpoolP256r1:${OTHER_CURVES}` : `${OTHER_CURVES}:brainpoolP256r1`,
      sigalgs: 'ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256:RSA+SHA384',
      ALPNProtocols: ['http/1.1'],
      ...(settings.identity ? { cert: settings.identity.certificate, key: settings.identity.key } : {}),
    })
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error(`no connection to ${host} in time`), { code: 'ETIMEDOUT' })),
      settings.timeouts?.connect ?? 10_000,
    )
    const fail = (error: Error): void => {
      clearTimeout(timer)
      callback(error, null)
    }
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      try {
        settings.check(chainOf(socket), host)
      } catch (error) {
        socket.on('error', () => undefined)
        socket.destroy()
        return callback(new Untrusted(error), null)
      }
      socket.setNoDelay(true)
      callback(null, socket)
    })
  }

const TIMED_OUT = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

const toFetchError = (error: unknown, url: string): FetchError => {
  const { host } = new URL(url)
  if (error instanceof Untrusted)
    return new FetchError('untrusted', `${host} is not trusted: ${error.message}`, { url, cause: error.reason })
  const code = (error as { code?: string }).code ?? ''
  const kind: FetchErrorCode = TIMED_OUT.has(code) ? 'timed-out' : 'unreachable'
  const what = kind === 'timed-out' ? 'did not answer in time' : `cannot be reached: ${describeNetworkError(error)}`
  return new FetchError(kind, `${host} ${what}`, { url, cause: error })
}

/** Far more than a bound profile package with an icon; ends an endless response. */
const MAX_RESPONSE = 64 << 20
const WITHOUT_BODY = new Set([101, 103, 204, 205, 304])

/** A Fetch over TLS sockets. Does not follow redirects. Reuses connections until it is closed. */
export const openFetch = (settings: FetchSettings): OpenFetch => {
  const answer = settings.timeouts?.answer ?? 60_000
  const agent = new Agent({
    connect: connector(settings),
    headersTimeout: answer,
    bodyTimeout: answer,
    keepAliveTimeout: 30_000,
    pipelining: 1,
    maxResponseSize: MAX_RESPONSE,
  })
  const fetch: Fetch = async request => {
    if (!request.url.startsWith('https:'))
      throw new FetchError('unreachable', `this client supports only https, not ${request.url}`, { url: request.url })
    try {
      const body = request.body ? new Uint8Array(await request.arrayBuffer()) : null
      const headers: Record<string, string> = {}
      for (const [name, value] of request.headers) headers[name] = value
      const got = await send(request.url, {
        dispatcher: agent,
        method: request.method as 'GET',
        headers,
        body,
        signal: request.signal,
      })
      const content = Uint8Array.from(await got.body.bytes())
      const answered = new Headers()
      for (const [name, value] of Object.entries(got.headers))
        for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) answered.append(name, one)
      return new Response(WITHOUT_BODY.has(got.statusCode) ? null : content, {
        status: got.statusCode,
        headers: answered,
      })
    } catch (error) {
      throw toFetchError(error, request.url)
    }
  }
  return { fetch, close: () => agent.destroy() }
}
