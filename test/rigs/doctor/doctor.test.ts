import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { doctorCommand } from '../../../src/cli/rigs/doctor-command.ts'
import type { SerialDevice } from '../../../src/host/machine/serial-devices.ts'
import { PcscError, pcscError } from '../../../src/pcsc/errors.ts'
import type { DoctorFinding } from '../../../src/rigs/doctor/finding.ts'
import type { Machine } from '../../../src/rigs/doctor/machine.ts'
import { createCliFixture, type Place } from '../../cli/runtime.ts'

const EG25: SerialDevice = {
  path: '/dev/ttyUSB2',
  links: [],
  usb: { path: '1-1.4', interface: '1.2', vendorId: '2c7c', productId: '0125', product: 'EG25-G' },
}
const BUILT = new Date('2026-11-01T00:00:00Z')

const healthy: Machine = {
  platform: 'linux',
  nodeVersion: '20.19.0',
  user: { name: 'lab', isRoot: false, groups: ['lab', 'dialout'] },
  groupOf: () => 'dialout',
  mayUse: () => true,
  exists: () => true,
  load: async () => ({}),
  readers: async () => [
    { name: 'ACS ACR39U 00 00', hasCard: true, isMute: false, isHeld: false, atr: new Uint8Array([0x3b]) },
  ],
  serialDevices: () => [EG25],
  holdersOf: () => [],
  processesCalled: () => [],
  isPortFree: async () => true,
  builtAt: BUILT,
  now: () => new Date('2026-11-23T00:00:00Z'),
}

describe('doctor', () => {
  const places: Place[] = []
  afterEach(() => {
    for (const place of places.splice(0)) place.remove()
  })
  const examine = async (machine: Partial<Machine>, prepare: (place: Place) => void = () => {}) => {
    const place = createCliFixture()
    places.push(place)
    prepare(place)
    const { runtime, out } = place.runtimeOf(new AbortController().signal)
    const exitCode = await doctorCommand(runtime, { curve: 'nist', json: true }, { ...healthy, ...machine })
    const { findings } = JSON.parse(out()) as { findings: DoctorFinding[] }
    return { exitCode, findings, about: (about: string) => findings.find(finding => finding.about === about) }
  }

  it('reports only ok findings for a machine without faults', async () => {
    const { exitCode, findings } = await examine({})
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(exitCode).toBe(0)
    expect(findings.map(({ about }) => about)).toContain('reader ACS ACR39U 00 00')
  })

  const wrong: readonly [string, Partial<Machine>, string, DoctorFinding['state'], RegExp][] = [
    ['an old Node', { nodeVersion: '18.20.4' }, 'Node', 'problem', /install Node 20.19/],
    [
      'a package that does not load',
      { load: async name => (name === 'smartcard' ? Promise.reject(new Error('no')) : {}) },
      'npm smartcard',
      'warning',
      /libpcsclite-dev/,
    ],
    ['a clock of long ago', { now: () => new Date('2000-01-01') }, 'clock', 'problem', /timedatectl/],
    ['a clock of far ahead', { now: () => new Date('2090-01-01') }, 'clock', 'problem', /timedatectl/],
    ['a port in use', { isPortFree: async () => false }, 'dashboard port', 'warning', /--port/],
    ['no reader', { readers: async () => [] }, 'readers', 'warning', /plug in a reader/],
    [
      'no daemon',
      { readers: () => Promise.reject(pcscError(0x8010001d)), exists: () => false },
      'pcscd',
      'warning',
      /apt install pcscd/,
    ],
    [
      'a daemon that is stopped',
      { readers: () => Promise.reject(pcscError(0x8010001d)) },
      'pcscd',
      'warning',
      /systemctl start pcscd/,
    ],
    [
      'a daemon that runs and hangs',
      {
        readers: () => Promise.reject(new PcscError('no-service', 'no')),
        processesCalled: name => (name === 'pcscd' ? [{ pid: 7, name: 'pcscd' }] : []),
      },
      'pcscd',
      'warning',
      /systemctl restart pcscd/,
    ],
    [
      'a daemon that refuses this user',
      { readers: () => Promise.reject(new PcscError('not-permitted', 'no')) },
      'pcscd',
      'problem',
      /polkit/,
    ],
    [
      'a card that does not answer',
      { readers: async () => [{ name: 'R', hasCard: true, isMute: true, isHeld: false, atr: new Uint8Array() }] },
      'reader R',
      'warning',
      /turn the card around/,
    ],
    [
      'a card that is held',
      { readers: async () => [{ name: 'R', hasCard: true, isMute: false, isHeld: true, atr: new Uint8Array() }] },
      'reader R',
      'warning',
      /close that program/,
    ],
    ['a port without permission', { mayUse: () => false }, '/dev/ttyUSB2', 'warning', /usermod -a -G dialout lab/],
    [
      'a port that is held',
      { holdersOf: () => [{ pid: 7, name: 'ModemManager' }] },
      '/dev/ttyUSB2',
      'warning',
      /ID_MM_DEVICE_IGNORE/,
    ],
    [
      'ModemManager',
      { processesCalled: name => (name === 'ModemManager' ? [{ pid: 7, name }] : []) },
      'ModemManager',
      'warning',
      /ATTRS\{idVendor\}=="2c7c"/,
    ],
  ]
  it.each(wrong)('reports what to do about %s', async (_what, machine, about, state, todo) => {
    const { exitCode, about: find } = await examine(machine)
    const finding = find(about)
    expect(finding).toMatchObject({ state })
    expect(finding!.todo).toMatch(todo)
    expect(exitCode).toBe(state === 'problem' ? 1 : 0)
  })

  it('checks the rig files and probes each rig', async () => {
    const broken = await examine({}, ({ folder }) => {
      mkdirSync(join(folder, 'rigs'))
      writeFileSync(join(folder, 'rigs', 'desk.yaml'), 'name: desk\nlinc: software\n')
    })
    expect(broken.exitCode).toBe(1)
    expect(broken.about('rig files')).toMatchObject({ state: 'problem', says: expect.stringContaining('link') })
    const absent = await examine({}, ({ folder }) => {
      mkdirSync(join(folder, 'rigs'))
      writeFileSync(join(folder, 'rigs', 'desk.yaml'), 'name: desk\nlink:\n  tcp: 127.0.0.1:1\n')
    })
    expect(absent.exitCode).toBe(1)
    expect(absent.about('rig desk')).toMatchObject({ state: 'problem' })
    expect(absent.about('rig software')).toMatchObject({ state: 'ok' })
  })

  it('prints one line for each finding, with its state', async () => {
    const place = createCliFixture()
    places.push(place)
    const { runtime, out } = place.runtimeOf(new AbortController().signal)
    await doctorCommand(runtime, { curve: 'nist' }, { ...healthy, nodeVersion: '18.0.0' })
    expect(out()).toMatch(/^problem {2}Node: 18.0.0 is too old\n {9}to do: install/)
    expect(out()).toMatch(/1 problem, 0 warnings\n$/)
  })
})
