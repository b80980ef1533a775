import { adviseOnHeldPort, UDEV_RULE_FILE, udevRuleFor } from '../../host/machine/port-holders.ts'
import { isModem, MODEM_VENDORS, type SerialDevice } from '../../host/machine/serial-devices.ts'
import { type DoctorFinding, ok, warning } from './finding.ts'
import type { Machine } from './machine.ts'

const describe = ({ usb, links }: SerialDevice): string => {
  if (!usb) return 'a built-in port'
  const maker = usb.manufacturer ?? MODEM_VENDORS[usb.vendorId]
  const name = [maker, usb.product].filter(Boolean).join(' ') || 'a USB device'
  const where = `USB ${usb.path}:${usb.interface}, ${usb.vendorId}:${usb.productId}`
  return `${name} (${where}${usb.serial ? `, serial number ${usb.serial}` : ''})${links[0] ? `, ${links[0]}` : ''}`
}

/** Checks the device, the permission of this user and the processes that use the port. */
const checkPort = (machine: Machine, device: SerialDevice): DoctorFinding => {
  const { path } = device
  const what = describe(device)
  const holders = machine.holdersOf(path)
  if (holders.length > 0)
    return warning(
      path,
      `${what}; used by ${holders.map(({ name, pid }) => `${name} (process ${pid})`).join(', ')}`,
      adviseOnHeldPort(device, holders, []),
    )
  if (!machine.mayUse(path)) {
    const group = machine.groupOf(path) ?? 'dialout'
    return warning(
      path,
      `${what}; the user ${machine.user.name} has no permission to open it`,
      `usermod -a -G ${group} ${machine.user.name}, then log in again`,
    )
  }
  return ok(path, what)
}

const checkModemManager = (machine: Machine, devices: readonly SerialDevice[]): DoctorFinding => {
  const [manager] = machine.processesCalled('ModemManager')
  if (!manager) return ok('ModemManager', 'is not running')
  const modems = devices.filter(isModem)
  const rules = [...new Set(modems.map(udevRuleFor))].filter(rule => rule !== undefined)
  if (rules.length === 0) return ok('ModemManager', `is running (process ${manager.pid}); no modem is affected`)
  return warning(
    'ModemManager',
    `is running (process ${manager.pid}) and uses modems of the bench`,
    `add these lines to ${UDEV_RULE_FILE}, then run udevadm control --reload && udevadm trigger:\n${rules.map(rule => `  ${rule}`).join('\n')}`,
  )
}

export const checkSerial = (machine: Machine): DoctorFinding[] => {
  if (machine.platform !== 'linux')
    return [warning('serial ports', 'the process that uses a port is known only on Linux; the ports work')]
  const devices = machine.serialDevices()
  return [
    checkModemManager(machine, devices),
    ...(devices.length === 0
      ? [ok('serial ports', 'no port with hardware')]
      : devices.map(device => checkPort(machine, device))),
  ]
}
