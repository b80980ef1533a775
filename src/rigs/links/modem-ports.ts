import { realpathSync, statSync } from 'node:fs'
import { groupName } from '../../host/machine/groups.ts'
import { adviseOnHeldPort, holdersOf, processesCalled } from '../../host/machine/port-holders.ts'
import { LINUX, type Roots } from '../../host/machine/roots.ts'
import { listSerialDevices, type PortChoice, portsOf, type SerialDevice } from '../../host/machine/serial-devices.ts'
import type { BytePort } from '../../modem/at/at-port.ts'
import { openSerialPort } from '../../modem/at/serial-port.ts'
import { ModemError, type ModemErrorCode } from '../../modem/errors.ts'

/** Another port of the same modem may do where one of these is met. */
const ANOTHER_MAY_DO: readonly ModemErrorCode[] = ['no-modem', 'port-held', 'port-forbidden', 'no-port']

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

/** The inner end of a pty is open in the program that made it: that one does not hold it. */
const isPty = (path: string): boolean => realPath(path).startsWith('/dev/pts/')
const isHeld = (path: string, roots: Roots): boolean => !isPty(path) && holdersOf(path, roots).length > 0

/** The sentence that a person needs who may not have the port. */
const explained = (error: ModemError, device: SerialDevice, roots: Roots): ModemError => {
  const { path } = device
  if (error.code === 'port-held') return heldBy(device, roots, error)
  if (error.code === 'port-forbidden') {
    const group = groupOfFile(path) ?? 'dialout'
    return new ModemError(
      'port-forbidden',
      'rig',
      `this user may not open ${path}, which belongs to the group ${group}: usermod -a -G ${group} $USER, then log in anew`,
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
  /** What was found at the other ports of the modem, in sentences. */
  readonly passedOver: readonly string[]
}

/**
 * Takes the first of the ports that a rig file may mean on which `take` succeeds. Whoever has a port open that we want
 * is named, even if the system would let us have it too: two that read one port each get half of what the modem says.
 */
export const takePort = async <T>(
  choice: PortChoice,
  take: (path: string, device: SerialDevice) => Promise<T>,
  roots: Roots = LINUX,
): Promise<TakenPort<T>> => {
  const devices = listSerialDevices(roots)
  const paths = portsOf(choice, devices)
  if (paths.length === 0) throw notThere(choice, devices)
  const errors: { readonly device: SerialDevice; readonly error: ModemError }[] = []
  for (const path of paths) {
    const device = deviceAt(path, devices)
    try {
      if (isHeld(path, roots)) throw heldBy(device, roots)
      const taken = await take(path, device)
      const passedOver = errors.map(({ device, error }) => `${describePort(device)} was passed over: ${error.message}`)
      return { taken, device, passedOver }
    } catch (error) {
      if (!(error instanceof ModemError) || !ANOTHER_MAY_DO.includes(error.code)) throw error
      errors.push({ device, error: explained(error, device, roots) })
    }
  }
  if (errors.length === 1) throw errors[0]!.error
  // What somebody can do something about goes before a port that is none for commands.
  const [{ error: first }] = [...errors].sort(
    (one, other) => RANK.indexOf(one.error.code) - RANK.indexOf(other.error.code),
  ) as [(typeof errors)[number], ...typeof errors]
  const said = errors.map(({ device, error }) => `${describePort(device)}: ${error.message}`).join('; ')
  throw new ModemError(first.code, 'rig', `none of the ${errors.length} ports of the modem serves: ${said}`, {
    cause: first,
  })
}
const RANK: readonly ModemErrorCode[] = ['port-held', 'port-forbidden', 'no-modem', 'no-port']

const notThere = (choice: PortChoice, devices: readonly SerialDevice[]): ModemError => {
  const there = devices.filter(({ usb }) => usb !== undefined).map(describePort)
  return new ModemError(
    'no-port',
    'rig',
    `there is no serial port at ${describeChoice(choice)}; ${there.length > 0 ? `there are ${there.join(', ')}` : 'no USB device here has one: is the modem plugged in and switched on?'}`,
  )
}

/**
 * Opens the port of a modem that left and came back. Its tty may have another number then: what stays the same is its
 * place on the bus, or its serial number, and which of its interfaces the port is.
 */
export const openAgain = async (
  device: SerialDevice,
  choice: PortChoice,
  baud: number | undefined,
  roots: Roots = LINUX,
): Promise<BytePort> => {
  const open = (there: SerialDevice): Promise<BytePort> => {
    // Who looks at each modem that arrives, as ModemManager does, may have been faster.
    if (isHeld(there.path, roots)) throw heldBy(there, roots)
    return openSerialPort({ path: there.path, ...(baud === undefined ? {} : { baud }) })
  }
  const { usb } = device
  if (usb === undefined) return open({ ...device, path: choice.port ?? device.path })
  const found = listSerialDevices(roots).find(
    ({ usb: other }) =>
      other?.interface === usb.interface &&
      (choice.usb === undefined && usb.serial !== undefined ? other.serial === usb.serial : other.path === usb.path),
  )
  if (found === undefined) throw notThere({ usb: `${usb.path}:${usb.interface}` }, [])
  return open(found)
}
