import { BenchError } from '../../host/error.ts'
import { type Address, createAddressBook } from '../../host/net/address-book.ts'
import { type CheckServer, openFetch } from '../../host/net/open-fetch.ts'
import { issueTestPki } from '../../rsp/certificates/test-pki.ts'
import type { HttpFunction } from '../../rsp/interfaces/http-function.ts'
import { OperatorError } from '../../server/operator/error.ts'
import { callEs2 } from '../../server/operator/es2p-client.ts'
import { createSmdp } from '../../server/smdp/smdp.ts'
import type { SmdpStore } from '../../server/smdp/store.ts'
import type { Random } from './stock-copies.ts'

/** Access to the order functions of an SM-DP+: over ES2+ or in the store. */
export interface OrderAccess {
  /** Throws BenchError `order-refused` with the message of the server. */
  call<Request, Response>(row: HttpFunction<Request, Response>, request: Request): Promise<Response>
  close(): Promise<void>
}

const HUNG_UP: readonly (string | undefined)[] = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']

/** An ES2+ server that refuses the client certificate aborts the handshake or closes the connection after it. */
const isHungUp = ({ cause }: OperatorError): boolean => {
  const { code } = ((cause as Error | undefined)?.cause ?? {}) as { code?: string }
  return HUNG_UP.includes(code) || /^ERR_SSL_.*ALERT/.test(code ?? '')
}

const overEs2 = (error: unknown): unknown =>
  error instanceof OperatorError && error.code === 'smdp-unreachable' && isHungUp(error)
    ? new BenchError(
        'order-refused',
        'the server closed the connection. It probably does not accept the client certificate. Give an accepted ' +
          'certificate with --cert and --key, or add this one to the server (smdp serve --es2-ca, or `operators` in ' +
          'its inventory)',
        { cause: error },
      )
    : asBenchError(error)

const asBenchError = (error: unknown): unknown => {
  if (!(error instanceof OperatorError)) return error
  const { refusal } = error
  const message = refusal?.message === undefined ? error.message : `${error.message} (${refusal.message})`
  return new BenchError('order-refused', message, {
    ...(refusal && { data: { subjectCode: refusal.subjectCode, reasonCode: refusal.reasonCode } }),
    cause: error,
  })
}

/** Over ES2+, with a client certificate. */
export const openEs2Access = (at: {
  readonly url: string
  readonly connectTo: Address | undefined
  readonly check: CheckServer
  readonly identity: { readonly certificate: string; readonly key: string }
  readonly as: string
  readonly random: Random
}): OrderAccess => {
  const { hostname } = new URL(at.url)
  const { fetch, close } = openFetch({
    addresses: createAddressBook(new Map(at.connectTo ? [[hostname, at.connectTo]] : [])),
    allowUnlistedHosts: true,
    check: at.check,
    identity: at.identity,
  })
  const smdp = { fetch, url: at.url, functionRequesterIdentifier: at.as, random: at.random }
  return {
    call: (row, request) =>
      callEs2(smdp, row, request).catch(error => {
        throw overEs2(error)
      }),
    close,
  }
}

/**
 * Calls the same functions in this process, on the store. They get temporary certificates, because orders sign
 * nothing.
 */
export const openStoreAccess = (at: {
  readonly store: SmdpStore
  readonly host: string
  readonly as: string
  readonly clock: () => Date
  readonly random: Random
}): OrderAccess => {
  const { store, host, as, clock, random } = at
  const smdp = createSmdp({
    address: host,
    credentials: [issueTestPki({ curve: 'P-256', random, now: clock(), smdpHost: host })],
    store,
    clock,
    random,
    requesterOf: () => as,
  })
  const access = { fetch: smdp.es2p, url: `https://${host}`, functionRequesterIdentifier: as, random }
  return {
    call: (row, request) =>
      callEs2(access, row, request).catch(error => {
        throw asBenchError(error)
      }),
    close: () => smdp.settled(),
  }
}
