import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createAtModem } from '../../../src/euicc/emulator/at-modem.ts'
import type { ModemQuirks } from '../../../src/euicc/emulator/at-modem-quirks.ts'
import type { Roots } from '../../../src/host/machine/roots.ts'
import { listSerialDevices } from '../../../src/host/machine/serial-devices.ts'
import { readEid } from '../../../src/lpa/card/euicc.ts'
import { withIsdr } from '../../../src/lpa/card/isdr.ts'
import { loadSerialPort, openSerialPort } from '../../../src/modem/at/serial-port.ts'
import { ModemError } from '../../../src/modem/errors.ts'
import { type Links, openRig } from '../../../src/rigs/attach.ts'
import { plugIntoPty } from '../../../src/rigs/emulator/pty-emulator.ts'
import { modemLink } from '../../../src/rigs/links/modem-link.ts'
import { openAgain, takePort } from '../../../src/rigs/links/modem-ports.ts'
import { type Rig, summarizeRig } from '../../../src/rigs/rig.ts'
import { hex } from '../../apdu/scripted-channel.ts'
import { compileBench } from '../../cli/bench-process.ts'
import { createCliFixture } from '../../cli/runtime.ts'
import { createTestCard, testIdentity } from '../../euicc/card.ts'
import { createFakeMachine } from '../../host/machine/fake-sysfs.ts'
import { whyNoTty } from '../../modem/at/tty.ts'

const EG25 = { idVendor: '2c7c', idProduct: '0125', manufacturer: 'Quectel', product: 'EG25-G', serial: 'A1B2' }
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})
const newMachine = () => {
  const machine = createFakeMachine()
  undo.push(() => machine.remove())
  const dev = (name: string): string => join(machine.roots.dev, name)
  for (const at of [0, 1, 2]) machine.addTty(`ttyUSB${at}`, { at: `1-1.4:1.${at}`, ...EG25 })
  return { ...machine, dev }
}
const refusing = (code: ConstructorParameters<typeof ModemError>[0]) => async (): Promise<never> => {
  throw new ModemError(code, 'rig', `it is ${code}`)
}

describe('takePort', () => {
  it('takePort opens the first port that answers and reports the others', async () => {
    const { roots, dev } = newMachine()
    const { taken, device, passedOver } = await takePort(
      { usb: '1-1.4' },
      async path => (path === dev('ttyUSB1') ? 'the modem' : refusing('no-modem')()),
      roots,
    )
    expect(taken).toBe('the modem')
    expect(device).toMatchObject({ path: dev('ttyUSB1'), usb: { interface: '1.1' } })
    expect(passedOver).toEqual([`${dev('ttyUSB0')} (USB 1-1.4:1.0, serial number A1B2) was not used: it is no-modem`])
  })

  it('takePort rejects a port that another program has open, and prints the udev rule', async () => {
    const { roots, dev, addProcess } = newMachine()
    addProcess(77, 'ModemManager', dev('ttyUSB2'))
    const take = async (): Promise<never> => expect.unreachable('it was opened')
    await expect(takePort({ usb: '1-1.4:1.2' }, take, roots)).rejects.toMatchObject({
      code: 'port-held',
      fault: 'rig',
      message: expect.stringMatching(
        /ttyUSB2 is held by ModemManager \(process 77\); to make ModemManager leave.*ATTRS\{serial\}=="A1B2", ENV\{ID_MM_DEVICE_IGNORE\}="1"/s,
      ),
    })
  })

  it('takePort rejects a locked port and names the process', async () => {
    const { roots, dev, addProcess } = newMachine()
    const take = async (): Promise<never> => {
      addProcess(78, 'minicom', dev('ttyUSB2'))
      return refusing('port-held')()
    }
    await expect(takePort({ port: dev('ttyUSB2') }, take, roots)).rejects.toMatchObject({
      code: 'port-held',
      message: expect.stringMatching(/ttyUSB2 is held by minicom \(process 78\); end it, or choose another port/),
    })
  })

  it('takePort rejects a port without permission and names the group', async () => {
    const { roots, dev } = newMachine()
    await expect(takePort({ port: dev('ttyUSB2') }, refusing('port-forbidden'), roots)).rejects.toMatchObject({
      code: 'port-forbidden',
      message: expect.stringMatching(/belongs to the group (\S+)\. Run usermod -a -G \1 \$USER, then log in again/),
    })
  })

  it('takePort rejects a missing port and lists the attached ones', async () => {
    const { roots } = newMachine()
    await expect(takePort({ usb: '1-9' }, refusing('no-modem'), roots)).rejects.toMatchObject({
      code: 'no-port',
      message: expect.stringMatching(
        /no serial port at USB 1-9\. The serial ports are \S+ttyUSB0 \(USB 1-1.4:1.0, serial number A1B2\), /,
      ),
    })
    const bare = { sys: '/nowhere', dev: '/nowhere', proc: '/nowhere' }
    await expect(takePort({ serial: 'X' }, refusing('no-modem'), bare)).rejects.toMatchObject({
      message: expect.stringMatching(
        /with the serial number X\. No USB device has a serial port\. Check that the modem is connected/,
      ),
    })
  })

  it('takePort lists the error of each port, repairable ones first', async () => {
    const { roots, dev } = newMachine()
    const codes = new Map([
      [dev('ttyUSB0'), 'no-modem'],
      [dev('ttyUSB1'), 'port-held'],
      [dev('ttyUSB2'), 'no-modem'],
    ] as const)
    await expect(takePort({ serial: 'A1B2' }, path => refusing(codes.get(path)!)(), roots)).rejects.toMatchObject({
      code: 'port-held',
      message: expect.stringMatching(/None of the 3 ports .*ttyUSB0.*no-modem.*ttyUSB1.*another program.*ttyUSB2/s),
    })
    // What is no matter of the port is not tried on the others.
    await expect(takePort({ usb: '1-1.4' }, refusing('no-profile'), roots)).rejects.toMatchObject({
      code: 'no-profile',
    })
  })
})

describe('openAgain', () => {
  it('openAgain rejects a port that another process opened, and names the process', async () => {
    const { roots, dev, addProcess } = newMachine()
    const [device] = listSerialDevices(roots)
    addProcess(77, 'ModemManager', dev('ttyUSB0'))
    await expect(openAgain(device!, { usb: '1-1.4' }, undefined, roots)).rejects.toMatchObject({
      code: 'port-held',
      message: expect.stringMatching(/ttyUSB0 is held by ModemManager \(process 77\)/),
    })
    await expect(openAgain({ path: dev('ttyUSB0'), links: [] }, {}, undefined, roots)).rejects.toMatchObject({
      code: 'port-held',
    })
  })
})

const noModem =
  (await whyNoTty()) ??
  (await loadSerialPort().then(
    () => undefined,
    () => 'npm serialport is not installed or does not load',
  ))
const schedule = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

describe.skipIf(noModem)(`a modem on the bus${noModem ? ` (skipped: ${noModem})` : ''}`, { timeout: 60_000 }, () => {
  /** A modem whose tty this machine shows under a name of ttyUSB, another one each time that it comes back. */
  const plugIn = async (quirks: ModemQuirks) => {
    const machine = createFakeMachine()
    const folder = mkdtempSync(join(tmpdir(), 'esim-bench-bus-'))
    const tty = join(folder, 'tty')
    const show = (name: string): void => {
      machine.addTty(name, { at: '1-1.4:1.2', ...EG25 })
      rmSync(join(machine.roots.dev, name))
      symlinkSync(tty, join(machine.roots.dev, name))
    }
    const hide = (name: string): void => rmSync(join(machine.roots.sys, 'class', 'tty', name), { recursive: true })
    show('ttyUSB2')
    const { card } = await createTestCard()
    const modem = createAtModem({ card, quirks, schedule })
    const plug = await plugIntoPty(
      {
        link: tty,
        makeModem: ({ send }) => {
          modem.onSend(send)
          return {
            receive: modem.receive,
            onPresence: listener =>
              modem.onPresence(isPresent => {
                if (!isPresent) hide('ttyUSB2')
                listener(isPresent)
                if (isPresent) show('ttyUSB7')
              }),
          }
        },
      },
      { card, after: schedule, print: () => {}, report: error => expect.unreachable(String(error)) },
    )
    undo.push(
      () => plug.pull().then(() => rmSync(folder, { recursive: true })),
      () => machine.remove(),
    )
    return { roots: machine.roots, modem, tty }
  }
  const open = (roots: Roots, link: object, workingFolder = '.') => {
    const rig = { name: 'desk', link: { modem: link } } as Rig
    const links = {
      isdrOptionsOf: () => ({}),
      modem: modemLink(() => ({}), workingFolder, undefined, roots),
    } as unknown as Links
    return openRig(links, rig, summarizeRig(rig, 'test'))
  }

  it.each([{ usb: '1-1.4' }, { usb: '1-1.4:1.2' }, { serial: 'A1B2' }])(
    'a modem is found by %j, also with another name after it reconnects',
    async link => {
      const { roots } = await plugIn({ manufacturer: 'Quectel', model: 'EG25-G' })
      const device = await open(roots, link)
      undo.push(() => device.close())
      expect(device.facts).toContainEqual(expect.stringMatching(/^port \S+ttyUSB2, USB 1-1.4:1.2, 2c7c:0125$/))
      await device.card.reset()
      expect(listSerialDevices(roots).map(({ path }) => path)).toEqual([join(roots.dev, 'ttyUSB7')])
      const eid = await device.card.exclusive(channel => withIsdr(channel, {}, readEid))
      expect(eid).toBe(hex(testIdentity().eid))
      expect(device.notes).toContain('the modem left the bus and came back')
    },
  )

  it('a modem at another USB path is not mistaken for the disconnected one', async () => {
    const { roots } = await plugIn({})
    const [device] = listSerialDevices(roots)
    rmSync(join(roots.sys, 'class', 'tty', 'ttyUSB2'), { recursive: true })
    await expect(openAgain(device!, { usb: '1-1.4' }, undefined, roots)).rejects.toMatchObject({ code: 'no-port' })
    const early = createFakeMachine()
    undo.push(() => early.remove())
    // The modem is there, and not yet its port that was in use.
    early.addTty('ttyUSB0', { at: '1-1.4:1.0', ...EG25 })
    await expect(openAgain(device!, { usb: '1-1.4' }, undefined, early.roots)).rejects.toMatchObject({
      code: 'no-port',
      message: expect.stringContaining('no serial port at USB 1-1.4:1.2'),
    })
    const other = createFakeMachine()
    undo.push(() => other.remove())
    other.addTty('ttyUSB2', { at: '1-7:1.2', ...EG25, serial: 'OTHER' })
    await expect(openAgain(device!, { usb: '1-1.4' }, undefined, other.roots)).rejects.toMatchObject({
      code: 'no-port',
    })
    await expect(openAgain(device!, { serial: 'A1B2' }, undefined, other.roots)).rejects.toMatchObject({
      code: 'no-port',
    })
  })

  it('one process uses the modem; a second process gets an error that names the first', async () => {
    const { tty } = await plugIn({})
    const place = createCliFixture()
    undo.push(() => place.remove())
    mkdirSync(join(place.folder, 'rigs'))
    writeFileSync(join(place.folder, 'rigs', 'desk.yaml'), `name: desk\nlink: { modem: { port: ${tty} } }\n`)
    const program = await compileBench()
    undo.push(() => program.remove())
    const run = () => program.run(['card', 'info', '--rig', 'desk'], { folder: place.folder, environment: {} })
    const held = await openSerialPort({ path: tty })
    const refused = await run()
    await held.close()
    expect(refused).toMatchObject({ exitCode: 1 })
    expect(refused.err).toMatch(new RegExp(`tty is held by \\S+ \\(process ${process.pid}\\); end it`))
    const served = await run()
    expect(served).toMatchObject({ exitCode: 0 })
    expect(served.out.toLowerCase()).toContain(hex(testIdentity().eid))
  })
})
