import { adviseOnHeldPort, UDEV_RULE_FILE, udevRuleFor } from '../../host/machine/port-holders.ts'
import { isModem, MODEM_VENDORS, type SerialDevice } from '../../host/machine/serial-devices.ts'
import { type Finding, ok, warning } from './finding.ts'
import type { Machine } from './machine.ts'

const describe = ({ usb, links }: SerialDevice): string => {
  if (!usb) return 'a port of the board'
  const maker = usb.manufacturer ?? MODEM_VENDORS[usb.vendorId]
  const name = [maker, usb.product].filter(Boolean).join(' ') || 'a USB device'
  const where = `USB ${usb.path}:${usb.interface}, ${usb.vendorId}:${usb.productId}`
  return `${name} (${where}${usb.serial ? `, serial number ${usb.serial}` : ''})${links[0] ? `, ${links[0]}` : ''}`
}

/** Each port: what it is, whether this user may open it, and who has it. */
const checkPort = (machine: Machine, device: SerialDevice): Finding => {
  const { path } = device
  const what = describe(device)
  const holders = machine.holdersOf(path)
  if (holders.length > 0)
    return warning(
      path,
      `${what}; held by ${holders.map(({ name, pid }) => `${name} (process ${pid})`).join(', ')}`,
      adviseOnHeldPort(device, holders, []),
    )
  if (!machine.mayUse(path)) {
    const group = machine.groupOf(path) ?? 'dialout'
    return warning(
      path,
      `${what}; the user ${machine.user.name} may not open it`,
      `usermod -a -G ${group} ${machine.user.name}, then log in anew`,
    )
  }
  return ok(path, what)
}

const checkModemManager = (machine: Machine, devices: readonly SerialDevice[]): Finding => {
  const [manager] = machine.processesCalled('ModemManager')
  if (!manager) return ok('ModemManager', 'does not run')
  const modems = devices.filter(isModem)
  const rules = [...new Set(modems.map(udevRuleFor))].filter(rule => rule !== undefined)
  if (rules.length === 0) return ok('ModemManager', `runs (process ${manager.pid}); no modem that it could take`)
  return warning(
    'ModemManager',
    `runs (process ${manager.pid}) and takes modems away from the bench`,
    `put into ${UDEV_RULE_FILE}, then udevadm control --reload && udevadm trigger:\n${rules.map(rule => `  ${rule}`).join('\n')}`,
  )
}

export const checkSerial = (machine: Machine): Finding[] => {
  if (machine.platform !== 'linux')
    return [warning('serial ports', 'which process holds a port is only known on Linux; ports are used all the same')]
  const devices = machine.serialDevices()
  return [
    checkModemManager(machine, devices),
    ...(devices.length === 0
      ? [ok('serial ports', 'none with hardware behind it')]
      : devices.map(device => checkPort(machine, device))),
  ]
}
