import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { LINUX, type Roots } from './roots.ts'
import type { SerialDevice } from './serial-devices.ts'

export interface HoldingProcess {
  readonly pid: number
  readonly name: string
}

const tryTo = <T>(work: () => T, otherwise: T): T => {
  try {
    return work()
  } catch {
    return otherwise
  }
}
const isNumber = (name: string): boolean => /^\d+$/.test(name)
const nameOf = (proc: string, pid: string): string =>
  tryTo(() => readFileSync(join(proc, pid, 'comm'), 'utf8').trim(), 'a process')

/** Processes that have the device file open. Only root sees those of other users, so an empty list is no proof. */
export const holdersOf = (path: string, { proc }: Roots = LINUX, self: number = process.pid): HoldingProcess[] => {
  const wanted = tryTo(() => realpathSync(path), path)
  return tryTo(() => readdirSync(proc), [])
    .filter(isNumber)
    .filter(pid => Number(pid) !== self)
    .filter(pid => {
      const files = join(proc, pid, 'fd')
      return tryTo(() => readdirSync(files), []).some(
        fd => tryTo(() => readlinkSync(join(files, fd)), undefined) === wanted,
      )
    })
    .map(pid => ({ pid: Number(pid), name: nameOf(proc, pid) }))
}

/** Processes with this name, of which the kernel keeps 15 characters. */
export const processesCalled = (name: string, { proc }: Roots = LINUX): HoldingProcess[] =>
  tryTo(() => readdirSync(proc), [])
    .filter(isNumber)
    .map(pid => ({ pid: Number(pid), name: nameOf(proc, pid) }))
    .filter(process => process.name === name.slice(0, 15))

export const UDEV_RULE_FILE = '/etc/udev/rules.d/78-esim-bench.rules'

/** The udev rule that makes ModemManager ignore this modem; undefined for a port without a USB device. */
export const udevRuleFor = ({ usb }: SerialDevice): string | undefined => {
  if (!usb) return undefined
  const { vendorId, productId, serial } = usb
  const attributes = [
    `ATTRS{idVendor}=="${vendorId}"`,
    `ATTRS{idProduct}=="${productId}"`,
    // Other characters could end the string of the rule or act as a udev pattern.
    ...(serial && /^[\w.:-]+$/.test(serial) ? [`ATTRS{serial}=="${serial}"`] : []),
  ]
  return `ACTION!="remove", ${attributes.join(', ')}, ENV{ID_MM_DEVICE_IGNORE}="1"`
}

/** What to do if another program holds a port, in one paragraph. */
export const adviseOnHeldPort = (
  device: SerialDevice,
  holders: readonly HoldingProcess[],
  managers: readonly HoldingProcess[],
): string => {
  const who = holders.map(({ name, pid }) => `${name} (process ${pid})`).join(', ')
  const rule = udevRuleFor(device)
  const manager = holders.find(({ name }) => name === 'ModemManager') ?? managers[0]
  const sentences = [
    who
      ? `${device.path} is held by ${who}`
      : `another program holds ${device.path}; run doctor as root to identify it`,
  ]
  if (manager)
    sentences.push(
      rule
        ? `to make ModemManager leave this modem alone, put this line into ${UDEV_RULE_FILE}, then run ` +
            `udevadm control --reload && udevadm trigger and reconnect the modem:\n  ${rule}`
        : 'ModemManager runs; end it with systemctl stop ModemManager while the bench has the port',
    )
  else if (who) sentences.push('end it, or choose another port of the modem')
  return `${sentences.join('; ')}`
}
