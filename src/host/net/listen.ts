import { createServer, type Server } from 'node:net'
import { BenchError } from '../error.ts'

/** Where a server listens, and for sentences the options that choose it. */
export interface ListenPlace {
  readonly host: string
  readonly port: number
  readonly option: string
  /** Where the host can be chosen. */
  readonly hostOption?: string
}

/** Listens there. Rejects with a sentence where somebody can do something about it. */
export const listen = (server: Server, at: ListenPlace): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, at)))
    server.listen(at.port, at.host, () => resolve())
  })

/** Says at once what listening there would, for who has something to do first that is not to be done in vain. */
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
