import { ModemError } from '../errors.ts'
import type { BytePort } from './at-port.ts'

/** What is used of npm `serialport`, an optional dependency: its own types may not be there. */
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
  /** What is under the stream; with a poller where the system has ttys. */
  readonly port?: { readonly poller?: { once(event: 'disconnect', listener: () => void): void } }
  open(callback: (error: Error | null) => void): void
  write(bytes: Uint8Array, callback: (error: Error | null | undefined) => void): void
  close(callback: (error: Error | null) => void): void
  on(event: 'data', listener: (bytes: Uint8Array) => void): void
  on(event: 'close' | 'error', listener: (error: Error | null) => void): void
}

/** Loaded when first asked for: the bench runs without it. */
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
      'the npm package serialport does not load, so no modem can be used; npm ci installs it',
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
  // A tty whose device is gone reads as nothing, and `serialport` then reads again, for ever (serialport/bindings-cpp#162):
  // a modem that leaves right behind its answer would never be missed. The poller hears of it.
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

/** `serialport` says what failed in the words of strerror(3) behind its own; it keeps no errno. This is the one place that reads them. */
const openingFailed = (path: string, cause: Error): ModemError => {
  const words = cause.message
  if (/No such file|File not found|cannot find/i.test(words))
    return new ModemError('no-port', 'rig', `there is no port ${path}; is the modem plugged in and switched on?`, {
      cause,
    })
  if (/lock|busy|temporarily unavailable/i.test(words))
    return new ModemError(
      'port-held',
      'rig',
      `another program holds ${path}; ModemManager often does: systemctl stop ModemManager, or exclude the modem with a udev rule (ENV{ID_MM_DEVICE_IGNORE}="1")`,
      { cause },
    )
  if (/permission denied|access denied/i.test(words))
    return new ModemError('port-forbidden', 'rig', `this user may not open ${path}; add it to the group dialout`, {
      cause,
    })
  return new ModemError('no-port', 'rig', `${path} cannot be opened: ${words}`, { cause })
}
