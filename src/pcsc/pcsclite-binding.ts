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

/** What npm `pcsclite` gives: an emitter that watches all readers, each reader an emitter that watches its card. */
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

/** `SCardConnect error: No smart card inserted.(0x8010000c)`: the number stands at the end, and only there. */
const errorOf = (cause: unknown, reader?: string): PcscError => {
  if (cause instanceof PcscError) return cause
  const words = cause instanceof Error ? cause.message : String(cause)
  const digits = /\(0x[0-9a-f]*?([0-9a-f]{8})\)$/.exec(words)?.[1]
  if (digits) return pcscError(Number.parseInt(digits, 16), { reader, cause })
  return new PcscError('failed', `${reader ? `${reader}: ` : ''}PC/SC failed: ${words}`, { reader, cause })
}

const called = <T>(reader: string, call: (callback: Callback<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(errorOf(error, reader)) : resolve(value as T)))
  })

/** The package's emitter, and what its threads have told of each reader: they tell a state once, as it changes. */
interface Watch {
  readonly monitor: NativeMonitor
  /** By name; resolves with the first state a reader was in, and is replaced at each change. */
  readonly states: Map<string, Promise<ReaderState>>
}

const startWatch = (open: () => NativeMonitor): Promise<Watch> =>
  new Promise((resolve, reject) => {
    let monitor: NativeMonitor
    try {
      monitor = open()
    } catch (error) {
      reject(errorOf(error))
      return
    }
    const states = new Map<string, Promise<ReaderState>>()
    monitor.on('reader', reader => {
      states.set(reader.name, firstState(reader))
      reader.on('status', status => states.set(reader.name, Promise.resolve(stateOf(reader, status))))
      reader.on('end', () => states.delete(reader.name))
    })
    // The package announces readers but not the end of its first list; its own call of start, a tick from now, does.
    const start = monitor.start.bind(monitor)
    monitor.start = callback =>
      start((error, names) => {
        callback(error, names)
        if (!error) resolve({ monitor, states })
      })
    // Stays: closing ends in a last "cancelled", which must not become an uncaught 'error' event.
    monitor.on('error', error => reject(errorOf(error)))
  })

const stateOf = ({ name }: NativeReader, { state, atr }: Status): ReaderState => ({
  name,
  state,
  atr: new Uint8Array(atr ?? []),
})

const firstState = (reader: NativeReader): Promise<ReaderState> => {
  const first = new Promise<ReaderState>((resolve, reject) => {
    reader.on('status', status => resolve(stateOf(reader, status)))
    reader.on('error', error => reject(errorOf(error, reader.name)))
    // It may leave before it has told anything.
    reader.on('end', () => reject(pcscError(0x80100017, { reader: reader.name })))
  })
  // Whoever looks at the readers is told; a reader nobody looks at may fail.
  first.catch(() => {})
  return first
}

export const bindPcsclite = (native: unknown): Binding => {
  const open = native as () => NativeMonitor
  // One for the life of the binding: each holds contexts of pcscd until the garbage is collected, and pcscd has 200.
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
      // A card that left may leave its reader object "connected", which then refuses all: begin with a new one.
      if ((await watching()).monitor.readers[name]?.connected) release()
      const { monitor, states } = await watching()
      const reader = monitor.readers[name]
      if (!reader) throw pcscError(0x80100009, { reader: name })
      return connectionOf(reader, async () => (await states.get(name))?.atr ?? new Uint8Array(0))
    },
    release,
  }
}

const connectionOf = async (reader: NativeReader, readAtr: () => Promise<Uint8Array>): Promise<Connection> => {
  const connect = () =>
    called<number>(reader.name, callback =>
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
        await called<Uint8Array>(reader.name, callback =>
          reader.transmit(Buffer.from(command), 0x10002, protocol, callback),
        ),
      ),
    // The package has no SCardReconnect: for an instant the card is nobody's, and another program may take it.
    reset: async () => {
      await called<void>(reader.name, callback => reader.disconnect(RESET_CARD, callback))
      protocol = await connect()
      atr = await readAtr()
    },
    disconnect: async () => {
      if (reader.connected) await called<void>(reader.name, callback => reader.disconnect(LEAVE_CARD, callback))
    },
  }
}
