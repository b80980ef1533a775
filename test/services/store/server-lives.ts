import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createAddressBook } from '../../../src/host/net/address-book.ts'
import { openFetch } from '../../../src/host/net/open-fetch.ts'
import { type Fetch, FetchError } from '../../../src/rsp/fetch.ts'

/** One life of a server. */
export interface Life {
  readonly port: number
  /** How it ended. */
  readonly ended: Promise<string>
  close(): Promise<void>
}

/** The server, which may be between two lives, and those who call it by one of its names. */
export const createLives = (...hosts: readonly string[]) => {
  const addresses = createAddressBook()
  const { fetch, close } = openFetch({ addresses, check: () => undefined })
  let server: Life | undefined
  let isUp!: () => void
  let whenUp = new Promise<void>(resolve => {
    isUp = resolve
  })
  /** Asks again while there is no answer, as one whose network comes and goes. */
  const patient: Fetch = async request => {
    for (;;) {
      await whenUp
      try {
        return await fetch(request.clone() as Request)
      } catch (error) {
        if (!(error instanceof FetchError)) throw error
        // Where nobody listens any more, the end of the process is known soon; a connection may also break by itself.
        if ((error.cause as { code?: string } | undefined)?.code === 'ECONNREFUSED') await server?.ended
      }
    }
  }
  return {
    fetch: patient,
    /** The next life; it is called from now on. */
    begin(next: Life): void {
      server = next
      for (const host of hosts) addresses.serve(host, next.port)
      isUp()
      void next.ended.then(() => {
        whenUp = new Promise(resolve => {
          isUp = resolve
        })
      })
    },
    async close() {
      await server?.close()
      await close()
    },
  }
}
export type Lives = ReturnType<typeof createLives>

/**
 * One life for each kill, and a last one, until `work` is done. Gives each kill with how the life ended.
 *
 * The next one starts while this one lives: they take turns, as where another process takes over.
 */
export const liveThrough = async <L extends Life = Life>(
  kills: readonly string[],
  at: {
    readonly lives: { begin(next: L): void }
    start(kill: string | undefined): Promise<L>
    /** Called when a life has begun, with its number. */
    onLife?(number: number): void
    readonly work: Promise<unknown>
  },
): Promise<string[]> => {
  const { lives, start, onLife, work } = at
  const deaths: string[] = []
  let isDone = false
  const working = work.then(() => {
    isDone = true
  })
  const living = async (): Promise<void> => {
    let upcoming = start(kills[0])
    for (const [number, kill] of kills.entries()) {
      const server = await upcoming
      upcoming = start(kills[number + 1])
      lives.begin(server)
      onLife?.(number)
      const how = await Promise.race([server.ended, working])
      if (isDone) break
      deaths.push(`${kill} ${how}`)
    }
    const last = await upcoming
    if (isDone) return last.close()
    lives.begin(last)
    onLife?.(kills.length)
  }
  await Promise.all([working, living()])
  return deaths
}

/** A port that stays, in front of a server that has another in each of its lives. */
export const openRelay = async () => {
  let server: Life | undefined
  const sockets = new Set<Socket>()
  const front = createServer(socket => {
    const back = connect({ host: '127.0.0.1', port: server?.port ?? 0 })
    for (const [one, other] of [
      [socket, back],
      [back, socket],
    ] as const) {
      sockets.add(one)
      one
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(one)
          other.destroy()
        })
      one.pipe(other)
    }
  })
  await new Promise<void>(done => front.listen(0, '127.0.0.1', done))
  const { port } = front.address() as AddressInfo
  let isUp!: () => void
  let whenUp = new Promise<void>(resolve => {
    isUp = resolve
  })
  return {
    port,
    begin(next: Life): void {
      server = next
      isUp()
      void next.ended.then(() => {
        whenUp = new Promise(resolve => {
          isUp = resolve
        })
      })
    },
    whenUp: () => whenUp,
    async close() {
      await server?.close()
      for (const socket of sockets) socket.destroy()
      await new Promise(done => front.close(done))
    },
  }
}

/** For pieces of work: with each life that begins so many are let in, and some more with the first. */
export const createTurnstile = (perLife: number, more = 0) => {
  let admitted = 0
  let waiting: { readonly at: number; readonly enter: () => void }[] = []
  return {
    /** Before piece `at` begins. */
    enter: (at: number): Promise<void> =>
      at < admitted ? Promise.resolve() : new Promise(enter => waiting.push({ at, enter })),
    onLife(number: number): void {
      admitted = more + (number + 1) * perLife
      const entering = waiting.filter(({ at }) => at < admitted)
      waiting = waiting.filter(({ at }) => at >= admitted)
      for (const { enter } of entering) enter()
    },
  }
}
