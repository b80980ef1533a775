import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DiscoveredCard, placesOfPorts, placesOfReaders, proposeRigs } from '../../src/rigs/discover.ts'
import { type Rig, readRigs } from '../../src/rigs/rig.ts'
import { writeRig } from '../../src/rigs/write-rig.ts'

const EID = '89049032123451234512345678901235'
const OTHER_EID = '89044050010000000000000000000017'

const inReader = (name: string, eid: string): DiscoveredCard => ({
  place: placesOfReaders([{ name, hasCard: true }])[0]!,
  eid,
  facts: ['T=1'],
})
const inModem = (at: string, eid: string): DiscoveredCard => {
  const [path, usbInterface] = at.split(':') as [string, string]
  const usb = { path, interface: usbInterface, vendorId: '2c7c', productId: '0125' }
  return { place: placesOfPorts([{ path: '/dev/ttyUSB2', links: [], usb }])[0]!, eid, facts: [] }
}

describe('proposeRigs', () => {
  it('proposeRigs names a reader without its variable numbers, and its card', () => {
    expect(proposeRigs([inReader('ACS ACR39U ICC Reader 00 00', EID)], [])).toEqual([
      {
        kind: 'new',
        rig: {
          name: 'acs-acr39u-icc-reader',
          description: 'ACS ACR39U ICC Reader 00 00; T=1',
          link: { pcsc: { reader: 'ACS ACR39U ICC Reader' } },
          card: { eid: EID },
        },
      },
    ])
  })

  it('proposeRigs distinguishes equal readers by EID and gives them different names', () => {
    const proposals = proposeRigs([inReader('Reader 00 00', EID), inReader('Reader 01 00', OTHER_EID)], [])
    expect(proposals.map(({ rig }) => [rig.name, rig.link])).toEqual([
      ['reader', { pcsc: { eid: EID } }],
      ['reader-2', { pcsc: { eid: OTHER_EID } }],
    ])
  })

  it('proposeRigs identifies a modem by its USB path', () => {
    const [proposal] = proposeRigs([inModem('1-1.4:1.2', EID)], [])
    expect(proposal!.rig.link).toEqual({ modem: { usb: '1-1.4:1.2' } })
  })

  const desk: Rig = { name: 'desk', link: { pcsc: { reader: 'acr39' } }, card: { eid: EID } }
  it('proposeRigs marks a rig as known if a rig file has its card and link', () => {
    expect(proposeRigs([inReader('ACS ACR39U 00 00', EID)], [desk])).toEqual([{ kind: 'known', rig: desk }])
    const byEid: Rig = { name: 'any', link: { pcsc: { eid: EID } } }
    expect(proposeRigs([inReader('Whatever 03 00', EID)], [byEid])).toEqual([{ kind: 'known', rig: byEid }])
    const modem: Rig = { name: 'm', link: { modem: { usb: '1-1.4' } }, card: { eid: EID } }
    expect(proposeRigs([inModem('1-1.4:1.2', EID)], [modem])).toEqual([{ kind: 'known', rig: modem }])
  })

  it('proposeRigs marks a rig as moved if its card has another link', () => {
    expect(proposeRigs([inModem('1-2:1.2', EID)], [desk])).toEqual([
      { kind: 'moved', rig: { ...desk, link: { modem: { usb: '1-2:1.2' } } } },
    ])
  })
})

describe('writeRig', () => {
  let folder: string
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'rigs-')), 'rigs')
  })
  afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

  it('writeRig writes a file that reads back as the same rig', () => {
    const [proposal] = proposeRigs([inReader('Reader 00 00', EID)], [])
    const path = writeRig(folder, proposal!)
    expect(path).toBe(join(folder, 'reader.yaml'))
    expect(readRigs([folder]).find(({ name }) => name === 'reader')).toEqual(proposal!.rig)
    expect(readdirSync(folder)).toEqual(['reader.yaml'])
  })

  it('writeRig changes only the link of a moved card and retains comments', () => {
    mkdirSync(folder)
    const file = join(folder, 'my-desk.yml')
    writeFileSync(
      file,
      `# The blue one, left drawer.\nname: desk\nlink:\n  pcsc:\n    reader: gone # lent to Ana\ncard:\n  eid: "${EID}" # engineering sample\nprotected: ["${EID}"]\n`,
    )
    const [desk] = readRigs([folder]).filter(({ name }) => name === 'desk')
    const [proposal] = proposeRigs([inModem('1-2:1.2', EID)], [desk!])
    expect(writeRig(folder, proposal!)).toBe(file)
    expect(readFileSync(file, 'utf8')).toBe(
      `# The blue one, left drawer.\nname: desk\nlink:\n  modem:\n    usb: 1-2:1.2\ncard:\n  eid: "${EID}" # engineering sample\nprotected: [ "${EID}" ]\n`,
    )
  })

  it('writeRig rejects a file that contains another rig', () => {
    mkdirSync(folder)
    writeFileSync(join(folder, 'reader.yaml'), 'name: mine\nlink: software\n')
    const [proposal] = proposeRigs([inReader('Reader 00 00', EID)], [])
    expect(() => writeRig(folder, proposal!)).toThrow(/contains another rig/)
    expect(readFileSync(join(folder, 'reader.yaml'), 'utf8')).toContain('mine')
  })
})
