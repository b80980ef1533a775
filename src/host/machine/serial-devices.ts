import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { LINUX, type Roots } from './roots.ts'

/** The USB device behind a serial port. */
export interface UsbIdentity {
  /** The USB position as the kernel writes it: the bus, then the ports of the hubs (`1-1.4`). */
  readonly path: string
  /** The USB interface of the port: `1.2`. */
  readonly interface: string
  /** Four hexadecimal digits. */
  readonly vendorId: string
  readonly productId: string
  readonly serial?: string
  readonly manufacturer?: string
  readonly product?: string
}

export interface SerialDevice {
  /** `/dev/ttyUSB2`; the number can change at the next start. */
  readonly path: string
  /** Persistent links that udev creates: `/dev/serial/by-id/…`. */
  readonly links: readonly string[]
  readonly usb?: UsbIdentity
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
const list = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
const resolved = (path: string): string | undefined => {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** In `…/1-1/1-1.4/1-1.4:1.2/ttyUSB2`, the folder with the colon is the interface and its parent is the device. */
const INTERFACE = /^(\d+-\d+(?:\.\d+)*):(\d+\.\d+)$/

const usbOf = (device: string): UsbIdentity | undefined => {
  for (let folder = device; folder !== dirname(folder); folder = dirname(folder)) {
    const match = INTERFACE.exec(basename(folder))
    if (!match) continue
    const above = dirname(folder)
    const [serial, manufacturer, product] = ['serial', 'manufacturer', 'product'].map(name => read(join(above, name)))
    return {
      path: match[1]!,
      interface: match[2]!,
      vendorId: read(join(above, 'idVendor')) ?? '',
      productId: read(join(above, 'idProduct')) ?? '',
      ...(serial ? { serial } : {}),
      ...(manufacturer ? { manufacturer } : {}),
      ...(product ? { product } : {}),
    }
  }
  return undefined
}

/** True for a tty with hardware. The kernel also lists absent UARTs, with type 0. */
const isReal = (sys: string, name: string): boolean =>
  resolved(join(sys, 'class', 'tty', name, 'device')) !== undefined &&
  read(join(sys, 'class', 'tty', name, 'type')) !== '0'

const linksTo = (dev: string): Map<string, string[]> => {
  const links = new Map<string, string[]>()
  for (const kind of ['by-id', 'by-path'])
    for (const name of list(join(dev, 'serial', kind))) {
      const link = join(dev, 'serial', kind, name)
      const target = resolved(link)
      if (target) links.set(target, [...(links.get(target) ?? []), link])
    }
  return links
}

/** All serial ports with hardware, sorted by name. Empty without sysfs. */
export const listSerialDevices = ({ sys, dev }: Roots = LINUX): SerialDevice[] => {
  const links = linksTo(dev)
  return list(join(sys, 'class', 'tty'))
    .filter(name => isReal(sys, name))
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
    .map(name => {
      const path = join(dev, name)
      const usb = usbOf(resolved(join(sys, 'class', 'tty', name, 'device'))!)
      return { path, links: links.get(resolved(path) ?? path) ?? [], ...(usb ? { usb } : {}) }
    })
}

/** The choice of a modem in a rig file. */
export interface PortChoice {
  readonly port?: string | undefined
  readonly usb?: string | undefined
  readonly serial?: string | undefined
}

/**
 * The ports that match a choice. A USB path without an interface, or a serial number, matches a modem with several
 * ports; the caller probes them for AT in this order.
 */
export const portsOf = ({ port, usb, serial }: PortChoice, devices: readonly SerialDevice[]): string[] => {
  if (port !== undefined) return [port]
  return devices
    .filter(
      device =>
        device.usb !== undefined &&
        (usb === undefined || usb === device.usb.path || usb === `${device.usb.path}:${device.usb.interface}`) &&
        (serial === undefined || serial === device.usb.serial),
    )
    .map(({ path }) => path)
}

/** USB vendors that make cellular modems (their numbers are listed by the USB-IF, and in hwdata's usb.ids). */
export const MODEM_VENDORS: Readonly<Record<string, string>> = {
  '05c6': 'Qualcomm',
  '0e8d': 'MediaTek',
  '1199': 'Sierra Wireless',
  '12d1': 'Huawei',
  '1508': 'Fibocom',
  '19d2': 'ZTE',
  '1bc7': 'Telit',
  '1e0e': 'SIMCom',
  '1e2d': 'Thales',
  '2c7c': 'Quectel',
  '2cb7': 'Fibocom',
  '413c': 'Dell',
  '8087': 'Intel',
}

/** Ports of other vendors are not probed: a console or a measuring device could execute an AT command. */
export const isModem = ({ usb }: SerialDevice): boolean => usb !== undefined && usb.vendorId in MODEM_VENDORS
