import {
  type Binding,
  type Connection,
  LEAVE_CARD,
  PROTOCOL_ANY,
  RESET_CARD,
  type ReaderState,
  SHARE_EXCLUSIVE,
} from './binding.ts'
import { PcscError, pcscError } from './errors.ts'

type Callback<T> = (error: Error | null | undefined, value?: T) => void

/**
 * Interface of npm `pcsclite`: an emitter that watches all readers; each reader is an emitter that watches its card.
 */
interface NativeMonitor {
  readonly readers: Readonly<Record<string, NativeReader>>
  start(callback: Callback<Uint8Array>): void
  on(event: 'reader', listener: (reader: NativeReader) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  close(): void
}
interface NativeReader {
  readonly name: string
  readonly connected?: boolean
  on(event: 'status', listener: (status: Status) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: 'end', listener: () => void): void
  connect(options: { share_mode: number; protocol: number }, callback: Callback<number>): void
  disconnect(disposition: number, callback: Callback<void>): void
  transmit(data: Buffer, longest: number, protocol: number, callback: Callback<Uint8Array>): void
  close(): void
}
interface Status {
  readonly state: number
  readonly atr?: Uint8Array
}

/** Parses `SCardConnect error: No smart card inserted.(0x8010000c)`: the error number is at the end. */
const toPcscError = (cause: unknown, reader?: string): PcscError => {
  if (cause instanceof PcscError) return cause
  const words = cause instanceof Error ? cause.message : String(cause)
  const digits = /\(0x[0-9a-f]*?([0-9a-f]{8})\)$/.exec(words)?.[1]
  if (digits) return pcscError(Number.parseInt(digits, 16), { reader, cause })
  return new PcscError('failed', `${reader ? `${reader}: ` : ''}PC/SC failed: ${words}`, { reader, cause })
}

const call = <T>(reader: string, start: (callback: Callback<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(toPcscError(error, reader)) : resolve(value as T)))
  })

/** The emitter of the package and the reader states it has reported. It reports each state once, when it changes. */
interface Watch {
  readonly monitor: NativeMonitor
  /** Key: reader name. Resolves with the first state of the reader; replaced at each change. */
  readonly states: Map<string, Promise<ReaderState>>
}

const startWatch = (open: () => NativeMonitor): Promise<Watch> =>
  new Promise((resolve, reject) => {
    let monitor: NativeMonitor
    try {
      monitor = open()
    } catch (error) {
      reject(toPcscError(error))
      return
    }
    const states = new Map<string, Promise<ReaderState>>()
    monitor.on('reader', reader => {
      states.set(reader.name, readFirstState(reader))
      reader.on('status', status => states.set(reader.name, Promise.resolve(toReaderState(reader, status))))
      reader.on('end', () => states.delete(reader.name))
    })
    // The package reports readers, but not the end of the first list. Its own call of `start`, one tick later, does.
    const start = monitor.start.bind(monitor)
    monitor.start = callback =>
      start((error, names) => {
        callback(error, names)
        if (!error) resolve({ monitor, states })
      })
    // Keep this listener: closing emits a last "cancelled" error, which must not be an uncaught 'error' event.
    monitor.on('error', error => reject(toPcscError(error)))
  })

const toReaderState = ({ name }: NativeReader, { state, atr }: Status): ReaderState => ({
  name,
  state,
  atr: new Uint8Array(atr ?? []),
})

const readFirstState = (reader: NativeReader): Promise<ReaderState> => {
  const first = new Promise<ReaderState>((resolve, reject) => {
    reader.on('status', status => resolve(toReaderState(reader, status)))
    reader.on('error', error => reject(toPcscError(error, reader.name)))
    // The reader may be unplugged before its first state.
    reader.on('end', () => reject(pcscError(0x80100017, { reader: reader.name })))
  })
  // Callers of `readers` receive the rejection. Without callers it must not be unhandled.
  first.catch(() => {})
  return first
}

export const bindPcsclite = (native: unknown): Binding => {
  const open = native as () => NativeMonitor
  // One monitor per binding: each uses `pcscd` contexts until garbage collection, and `pcscd` has 200.
  let watch: Promise<Watch> | undefined
  const watching = (): Promise<Watch> => {
    watch ??= startWatch(open)
    return watch
  }
  const release = (): void => {
    const ended = watch
    watch = undefined
    ended?.then(
      ({ monitor }) => {
        for (const reader of Object.values(monitor.readers)) reader.close()
        monitor.close()
      },
      () => {},
    )
  }
  return {
    name: 'pcsclite',
    readers: async () => Promise.all((await watching()).states.values()),
    connect: async name => {
      // After a card removal the reader object may stay "connected" and reject every call: start a new monitor.
      if ((await watching()).monitor.readers[name]?.connected) release()
      const { monitor, states } = await watching()
      const reader = monitor.readers[name]
      if (!reader) throw pcscError(0x80100009, { reader: name })
      return createConnection(reader, async () => (await states.get(name))?.atr ?? new Uint8Array(0))
    },
    release,
  }
}

const createConnection = async (reader: NativeReader, readAtr: () => Promise<Uint8Array>): Promise<Connection> => {
  const connect = () =>
    call<number>(reader.name, callback =>
      reader.connect({ share_mode: SHARE_EXCLUSIVE, protocol: PROTOCOL_ANY }, callback),
    )
  let protocol = await connect()
  let atr = await readAtr()
  return {
    get protocol() {
      return protocol
    },
    get atr() {
      return atr
    },
    transmit: async command =>
      new Uint8Array(
        await call<Uint8Array>(reader.name, callback =>
          reader.transmit(Buffer.from(command), 0x10002, protocol, callback),
        ),
      ),
    // The package has no SCardReconnect. Between disconnect and connect another program may open the card.
    reset: async () => {
      await call<void>(reader.name, callback => reader.disconnect(RESET_CARD, callback))
      protocol = await connect()
      atr = await readAtr()
    },
    disconnect: async () => {
      if (reader.connected) await call<void>(reader.name, callback => reader.disconnect(LEAVE_CARD, callback))
    },
  }
}
