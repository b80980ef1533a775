import { realpathSync, statSync } from 'node:fs'
import { groupName } from '../../host/machine/groups.ts'
import { adviseOnHeldPort, holdersOf, processesCalled } from '../../host/machine/port-holders.ts'
import { LINUX, type Roots } from '../../host/machine/roots.ts'
import { listSerialDevices, type PortChoice, portsOf, type SerialDevice } from '../../host/machine/serial-devices.ts'
import type { BytePort } from '../../modem/at/at-port.ts'
import { openSerialPort } from '../../modem/at/serial-port.ts'
import { ModemError, type ModemErrorCode } from '../../modem/errors.ts'

/** After these errors the next port of the modem is tried. */
const TRY_NEXT_PORT: readonly ModemErrorCode[] = ['no-modem', 'port-held', 'port-forbidden', 'no-port']

const realPath = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

const deviceAt = (path: string, devices: readonly SerialDevice[]): SerialDevice => {
  const real = realPath(path)
  return devices.find(device => device.path === path || realPath(device.path) === real) ?? { path, links: [] }
}

const describeChoice = ({ usb, serial }: PortChoice): string =>
  [usb && `USB ${usb}`, serial && `with the serial number ${serial}`].filter(Boolean).join(' ')

const describePort = ({ path, usb }: SerialDevice): string =>
  usb ? `${path} (USB ${usb.path}:${usb.interface}${usb.serial ? `, serial number ${usb.serial}` : ''})` : path

/** The program that created a pty has it open, which does not count as use. */
const isPty = (path: string): boolean => realPath(path).startsWith('/dev/pts/')
const isHeld = (path: string, roots: Roots): boolean => !isPty(path) && holdersOf(path, roots).length > 0

/** The error with the process or group that prevents access to the port. */
const explained = (error: ModemError, device: SerialDevice, roots: Roots): ModemError => {
  const { path } = device
  if (error.code === 'port-held') return heldBy(device, roots, error)
  if (error.code === 'port-forbidden') {
    const group = groupOfFile(path) ?? 'dialout'
    return new ModemError(
      'port-forbidden',
      'rig',
      `This user has no permission to open ${path}. The port belongs to the group ${group}. Run usermod -a -G ${group} $USER, then log in again.`,
      { cause: error },
    )
  }
  return error
}
const heldBy = (device: SerialDevice, roots: Roots, cause?: unknown): ModemError => {
  const advice = adviseOnHeldPort(device, holdersOf(device.path, roots), processesCalled('ModemManager', roots))
  return new ModemError('port-held', 'rig', advice, { cause })
}
const groupOfFile = (path: string): string | undefined => {
  try {
    return groupName(statSync(path).gid)
  } catch {
    return undefined
  }
}

export interface TakenPort<T> {
  readonly taken: T
  readonly device: SerialDevice
  /** Why the other ports of the modem were not used, in sentences. */
  readonly passedOver: readonly string[]
}

/**
 * Opens the first port of the choice for which `take` succeeds. A port that another process has open is an error, even if
 * the system permits a second open: two readers of one port each receive only a part of the data.
 */
export const takePort = async <T>(
  choice: PortChoice,
  take: (path: string, device: SerialDevice) => Promise<T>,
  roots: Roots = LINUX,
): Promise<TakenPort<T>> => {
  const devices = listSerialDevices(roots)
  const paths = portsOf(choice, devices)
  if (paths.length === 0) throw portNotFound(choice, devices)
  const errors: { readonly device: SerialDevice; readonly error: ModemError }[] = []
  for (const path of paths) {
    const device = deviceAt(path, devices)
    try {
      if (isHeld(path, roots)) throw heldBy(device, roots)
      const taken = await take(path, device)
      const passedOver = errors.map(({ device, error }) => `${describePort(device)} was not used: ${error.message}`)
      return { taken, device, passedOver }
    } catch (error) {
      if (!(error instanceof ModemError) || !TRY_NEXT_PORT.includes(error.code)) throw error
      errors.push({ device, error: explained(error, device, roots) })
    }
  }
  if (errors.length === 1) throw errors[0]!.error
  // An error that the user can correct has priority over a port that is not for AT commands.
  const [{ error: first }] = [...errors].sort(
    (one, other) => RANK.indexOf(one.error.code) - RANK.indexOf(other.error.code),
  ) as [(typeof errors)[number], ...typeof errors]
  const reasons = errors.map(({ device, error }) => `${describePort(device)}: ${error.message}`).join('; ')
  throw new ModemError(first.code, 'rig', `None of the ${errors.length} ports of the modem can be used: ${reasons}`, {
    cause: first,
  })
}
const RANK: readonly ModemErrorCode[] = ['port-held', 'port-forbidden', 'no-modem', 'no-port']

const portNotFound = (choice: PortChoice, devices: readonly SerialDevice[]): ModemError => {
  const found = devices.filter(({ usb }) => usb !== undefined).map(describePort)
  return new ModemError(
    'no-port',
    'rig',
    `There is no serial port at ${describeChoice(choice)}. ${found.length > 0 ? `The serial ports are ${found.join(', ')}.` : 'No USB device has a serial port. Check that the modem is connected and switched on.'}`,
  )
}

/**
 * Opens the port of a modem that was disconnected and is back. Its tty may have another number, so the port is identified
 * by USB path or serial number, and by its interface.
 */
export const openAgain = async (
  device: SerialDevice,
  choice: PortChoice,
  baud: number | undefined,
  roots: Roots = LINUX,
): Promise<BytePort> => {
  const open = (device: SerialDevice): Promise<BytePort> => {
    // A program that probes each new modem, such as ModemManager, may have opened it first.
    if (isHeld(device.path, roots)) throw heldBy(device, roots)
    return openSerialPort({ path: device.path, ...(baud === undefined ? {} : { baud }) })
  }
  const { usb } = device
  if (usb === undefined) return open({ ...device, path: choice.port ?? device.path })
  const found = listSerialDevices(roots).find(
    ({ usb: other }) =>
      other?.interface === usb.interface &&
      (choice.usb === undefined && usb.serial !== undefined ? other.serial === usb.serial : other.path === usb.path),
  )
  if (found === undefined) throw portNotFound({ usb: `${usb.path}:${usb.interface}` }, [])
  return open(found)
}
