import { createServer, type Server } from 'node:net'
import { BenchError } from '../error.ts'

/** The address of a server, and the CLI options that set it, for error messages. */
export interface ListenPlace {
  readonly host: string
  readonly port: number
  readonly option: string
  /** The option that sets the host, if there is one. */
  readonly hostOption?: string
}

/** Listens on the address. Rejects with BenchError `port-in-use` if the user can correct the cause. */
export const listen = (server: Server, at: ListenPlace): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, at)))
    server.listen(at.port, at.host, () => resolve())
  })

/** Checks the address before a long preparation: rejects as `listen` would. */
export const checkPort = async (at: ListenPlace): Promise<void> => {
  const probe = createServer()
  await listen(probe, at)
  await new Promise<void>(resolve => void probe.close(() => resolve()))
}

const explain = (error: NodeJS.ErrnoException, { host, port, option, hostOption }: ListenPlace): Error => {
  const noAddress = `${host} is no address of this machine; give one of its own${hostOption ? ` with ${hostOption}` : ''}`
  const sentence = {
    EADDRINUSE: `port ${port} on ${host} is in use; end what holds it, or choose another with ${option}`,
    EACCES: `port ${port} is not allowed here: ports below 1024 need root, or CAP_NET_BIND_SERVICE; choose one above 1023 with ${option}`,
    EADDRNOTAVAIL: noAddress,
    ENOTFOUND: noAddress,
  }[error.code ?? '']
  return sentence === undefined ? error : new BenchError('port-in-use', sentence, { data: { port }, cause: error })
}
