import { ModemError } from '../errors.ts'
import type { BytePort } from './at-port.ts'

/** The used part of npm `serialport`, an optional dependency whose types may be missing. */
interface Native {
  readonly SerialPort: {
    new (options: { path: string; baudRate: number; lock: boolean; autoOpen: false }): NativePort
    list(): Promise<
      { path: string; manufacturer?: string; serialNumber?: string; vendorId?: string; productId?: string }[]
    >
  }
}
interface NativePort {
  readonly isOpen: boolean
  /** The binding below the stream; it has a poller on systems with ttys. */
  readonly port?: { readonly poller?: { once(event: 'disconnect', listener: () => void): void } }
  open(callback: (error: Error | null) => void): void
  write(bytes: Uint8Array, callback: (error: Error | null | undefined) => void): void
  close(callback: (error: Error | null) => void): void
  on(event: 'data', listener: (bytes: Uint8Array) => void): void
  on(event: 'close' | 'error', listener: (error: Error | null) => void): void
}

/** Imported on first use: the bench runs without it. */
export const loadSerialPort = async (
  load: (specifier: string) => Promise<unknown> = specifier => import(specifier),
): Promise<Native> => {
  try {
    const loaded = (await load('serialport')) as Native & { default?: Native }
    return loaded.SerialPort ? loaded : loaded.default!
  } catch (cause) {
    throw new ModemError(
      'no-serialport',
      'rig',
      'no modem can be used: the npm package serialport does not load. Run npm ci to install it',
      { cause },
    )
  }
}

/** Opens a serial port exclusively. Rejects with a ModemError: `no-serialport`, `no-port`, `port-held`, `port-forbidden`. */
export const openSerialPort = async ({ path, baud = 115_200 }: { path: string; baud?: number }): Promise<BytePort> => {
  const { SerialPort } = await loadSerialPort()
  const port = new SerialPort({ path, baudRate: baud, lock: true, autoOpen: false })
  await new Promise<void>((resolve, reject) =>
    port.open(cause => (cause ? reject(openingFailed(path, cause)) : resolve())),
  )
  // A tty without its device reads zero bytes, and `serialport` then reads forever (serialport/bindings-cpp#162). The
  // poller reports the disconnect of a modem that leaves right after its response.
  port.port?.poller?.once('disconnect', () => {
    if (port.isOpen) port.close(() => undefined)
  })
  return {
    write: bytes => new Promise((resolve, reject) => port.write(bytes, error => (error ? reject(error) : resolve()))),
    listen: ({ data, gone }) => {
      port.on('data', data)
      port.on('close', gone)
      port.on('error', gone)
    },
    close: () =>
      new Promise(resolve => {
        if (port.isOpen) port.close(() => resolve())
        else resolve()
      }),
  }
}

/** `serialport` appends the text of strerror(3) and drops the errno. Only this function parses the text. */
const openingFailed = (path: string, cause: Error): ModemError => {
  const words = cause.message
  if (/No such file|File not found|cannot find/i.test(words))
    return new ModemError('no-port', 'rig', `there is no port ${path}; attach the modem and switch it on`, {
      cause,
    })
  if (/lock|busy|temporarily unavailable/i.test(words))
    return new ModemError(
      'port-held',
      'rig',
      `another program uses ${path}. Often it is ModemManager: systemctl stop ModemManager, or exclude the modem with a udev rule (ENV{ID_MM_DEVICE_IGNORE}="1")`,
      { cause },
    )
  if (/permission denied|access denied/i.test(words))
    return new ModemError(
      'port-forbidden',
      'rig',
      `this user may not open ${path}; add the user to the group dialout`,
      {
        cause,
      },
    )
  return new ModemError('no-port', 'rig', `cannot open ${path}: ${words}`, { cause })
}
