import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adviseOnHeldPort, holdersOf, processesCalled, udevRuleFor } from '../../../src/host/machine/port-holders.ts'
import { isModem, listSerialDevices, portsOf } from '../../../src/host/machine/serial-devices.ts'
import { createFakeMachine } from './fake-sysfs.ts'

const EG25 = { idVendor: '2c7c', idProduct: '0125', manufacturer: 'Quectel', product: 'EG25-G', serial: 'A1B2' }

describe('the serial ports of a machine', () => {
  let machine: ReturnType<typeof createFakeMachine>
  beforeEach(() => {
    machine = createFakeMachine()
  })
  afterEach(() => machine.remove())
  const dev = (name: string): string => join(machine.roots.dev, name)
  const addModem = (): void => {
    for (const [index, name] of ['ttyUSB10', 'ttyUSB2', 'ttyUSB3'].entries())
      machine.addTty(name, { at: `1-1.4:1.${index}`, ...EG25 })
  }

  it('the list contains the ports with hardware and their USB devices', () => {
    addModem()
    machine.addTty('ttyS0')
    machine.addEmptyTty('ttyS1')
    machine.addEmptyTty('tty1')
    machine.addLink('by-id', 'usb-Quectel-if01', 'ttyUSB2')
    const devices = listSerialDevices(machine.roots)
    expect(devices.map(({ path }) => path)).toEqual(['ttyS0', 'ttyUSB2', 'ttyUSB3', 'ttyUSB10'].map(dev))
    expect(devices[1]).toEqual({
      path: dev('ttyUSB2'),
      links: [dev('serial/by-id/usb-Quectel-if01')],
      usb: {
        path: '1-1.4',
        interface: '1.1',
        vendorId: '2c7c',
        productId: '0125',
        serial: 'A1B2',
        manufacturer: 'Quectel',
        product: 'EG25-G',
      },
    })
    expect(devices.map(isModem)).toEqual([false, true, true, true])
  })

  it('the list is empty without sysfs', () => {
    expect(listSerialDevices({ sys: '/nowhere', dev: '/nowhere', proc: '/nowhere' })).toEqual([])
  })

  it('a choice selects ports by path, by USB position with or without interface, and by serial number', () => {
    addModem()
    machine.addTty('ttyACM0', { at: '1-2:1.0', idVendor: '1bc7', idProduct: '0036', serial: 'ZZ' })
    const devices = listSerialDevices(machine.roots)
    const chosen = (choice: Parameters<typeof portsOf>[0]) => portsOf(choice, devices)
    expect(chosen({ port: '/dev/serial/by-id/x' })).toEqual(['/dev/serial/by-id/x'])
    expect(chosen({ usb: '1-1.4:1.0' })).toEqual([dev('ttyUSB10')])
    expect(chosen({ usb: '1-1.4' })).toEqual(['ttyUSB2', 'ttyUSB3', 'ttyUSB10'].map(dev))
    expect(chosen({ serial: 'ZZ' })).toEqual([dev('ttyACM0')])
    expect(chosen({ serial: 'A1B2', usb: '1-1.4:1.2' })).toEqual([dev('ttyUSB3')])
    expect(chosen({ serial: 'other' })).toEqual([])
    // A port of a hub is not the hub's own device.
    expect(chosen({ usb: '1-1' })).toEqual([])
  })

  it('the holders of a port are the processes that have it open', () => {
    addModem()
    machine.addProcess(17, 'ModemManager', '/dev/null', dev('ttyUSB2'))
    machine.addProcess(18, 'minicom', dev('ttyUSB3'))
    machine.addProcess(process.pid, 'node', dev('ttyUSB2'))
    expect(holdersOf(dev('ttyUSB2'), machine.roots)).toEqual([{ pid: 17, name: 'ModemManager' }])
    machine.addLink('by-id', 'usb-Quectel-if01', 'ttyUSB3')
    expect(holdersOf(dev('serial/by-id/usb-Quectel-if01'), machine.roots)).toEqual([{ pid: 18, name: 'minicom' }])
    expect(holdersOf(dev('ttyUSB10'), machine.roots)).toEqual([])
    expect(processesCalled('ModemManager', machine.roots)).toEqual([{ pid: 17, name: 'ModemManager' }])
  })

  it('the udev rule makes ModemManager ignore the modem', () => {
    addModem()
    const [device] = listSerialDevices(machine.roots)
    expect(udevRuleFor(device!)).toBe(
      'ACTION!="remove", ATTRS{idVendor}=="2c7c", ATTRS{idProduct}=="0125", ATTRS{serial}=="A1B2", ENV{ID_MM_DEVICE_IGNORE}="1"',
    )
    const advice = adviseOnHeldPort(device!, [{ pid: 17, name: 'ModemManager' }], [])
    expect(advice).toContain('ModemManager (process 17)')
    expect(advice).toContain(udevRuleFor(device!))
    expect(adviseOnHeldPort(device!, [{ pid: 18, name: 'minicom' }], [])).toMatch(/minicom \(process 18\).*end it/)
  })

  it('the udev rule omits a serial number that contains a udev pattern', () => {
    machine.addTty('ttyUSB0', { at: '1-1:1.0', ...EG25, serial: '0"*' })
    expect(udevRuleFor(listSerialDevices(machine.roots)[0]!)).not.toContain('serial')
  })
})
