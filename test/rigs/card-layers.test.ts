import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Card } from '../../src/apdu/channel.ts'
import { forward, forwardChannel } from '../../src/apdu/layers/compose.ts'
import { createCardJournal } from '../../src/evidence/card-journal.ts'
import type { BenchEvent, Observation } from '../../src/evidence/events.ts'
import { withIsdr } from '../../src/lpa/card/isdr.ts'
import { deleteProfile, enableProfile } from '../../src/lpa/card/profiles.ts'
import { type Links, openRig } from '../../src/rigs/attach.ts'
import { checkIdentity } from '../../src/rigs/check-identity.ts'
import { hardwareLink } from '../../src/rigs/links/hardware-link.ts'
import { Rig, summarizeRig } from '../../src/rigs/rig.ts'
import { createProfile, createStateWith, createTestCard, ICCID_DIGITS } from '../euicc/card.ts'

/** Opens a rig whose card reports each command to `onTransmit`, with all layers and a journal. */
const openLayers = async (onTransmit: (command: Uint8Array) => void = () => undefined, eid?: string) => {
  const state = createStateWith([createProfile(0), createProfile(1)])
  const { card: bare } = await createTestCard({ state, waitsForProfile: true })
  const lowest: Card = forward(bare, {
    exclusive: procedure =>
      bare.exclusive(channel =>
        procedure(
          forwardChannel(channel, command => {
            onTransmit(command)
            return channel.transmit(command)
          }),
        ),
      ),
  })
  const rig = Rig.parse({
    name: 'desk',
    link: { pcsc: { reader: 'ACR39U' } },
    card: { terminalProfile: '010080', ...(eid && { eid }) },
    protected: [ICCID_DIGITS[1]],
  })
  const links = { isdrOptionsOf: () => ({}), pcsc: hardwareLink(async () => lowest) } as unknown as Links
  let ms = 0
  const journal = createCardJournal({ clock: () => new Date(0), stopwatch: () => ms++ })
  const device = await openRig(links, rig, summarizeRig(rig, 'test'), journal)
  return { device, journal }
}
/** The observations of a journal that is connected now. */
const readJournal = (journal: ReturnType<typeof createCardJournal>): Observation[] => {
  const observations: Observation[] = []
  journal.writeTo({
    record(observation) {
      observations.push(observation)
      return undefined as BenchEvent | undefined
    },
  })
  return observations
}
const toLabel = (observation: Observation): string => ('label' in observation ? observation.label : observation.kind)

describe('the stack of an APDU', () => {
  const { stackTraceLimit } = Error
  beforeAll(() => {
    Error.stackTraceLimit = 60
  })
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit
  })

  it('lists the layers from the lowest to the highest', async () => {
    let stack = ''
    const { device } = await openLayers(command => {
      if (command[1] === 0xe2 && Buffer.from(command).includes(Buffer.from('bf31', 'hex'))) stack = new Error().stack!
    })
    await enableProfile({ card: device.card, profile: { iccid: ICCID_DIGITS[0]! } })
    await device.close()
    const frames = [...stack.matchAll(/(transmit[A-Z]\w+)|\bat (storeData|sendInSegments|transceive)\b/g)].map(
      match => match[1] ?? match[2],
    )
    expect(frames).toEqual([
      'transmitRecorded',
      'transmitAfterTerminalProfile',
      'transmitWatched',
      'transmitProtected',
      'transmitHandling6Cxx',
      'transceive',
      'storeData',
      'sendInSegments',
    ])
  })
})

describe('the journal of a card', () => {
  it('contains the opening, TERMINAL PROFILE and the identity check before the run', async () => {
    const { device, journal } = await openLayers(undefined, '89'.padEnd(32, '0'))
    await expect(checkIdentity(device)).rejects.toMatchObject({ code: 'rig-not-attached' })
    const [open, ...rest] = readJournal(journal)
    expect(open).toMatchObject({ kind: 'reset', reason: 'open', atr: Buffer.from(device.card.atr).toString('hex') })
    expect(rest.map(toLabel)).toEqual([
      'TERMINAL PROFILE',
      'TERMINAL CAPABILITY',
      'MANAGE CHANNEL open',
      'SELECT ISD-R [1]',
      'ES10c.GetEID [1]',
      'MANAGE CHANNEL close 1',
    ])
    expect(journal.countApdus()).toBe(rest.length)
    await device.close()
  })

  it('contains the queries of the protection, and not the command that it rejects', async () => {
    const { device, journal } = await openLayers()
    const deleting = device.card.exclusive(channel =>
      withIsdr(channel, {}, isdr => deleteProfile(isdr, { iccid: ICCID_DIGITS[1]! })),
    )
    await expect(deleting).rejects.toMatchObject({ code: 'protected' })
    const labels = readJournal(journal).map(toLabel)
    expect(labels).toContain('ES10c.GetEID [1]')
    expect(labels).toContain('ES10c.GetProfilesInfo [1]')
    expect(labels.some(label => label.startsWith('ES10c.DeleteProfile'))).toBe(false)
    await device.close()
  })

  it('contains TERMINAL PROFILE again after each reset', async () => {
    const { device, journal } = await openLayers()
    await enableProfile({ card: device.card, profile: { iccid: ICCID_DIGITS[0]! } })
    const labels = readJournal(journal).map(toLabel)
    const resets = labels.flatMap((label, at) => (label === 'RESET' ? [at] : []))
    expect(resets).toHaveLength(2)
    for (const at of resets) expect(labels[at + 1]).toBe('TERMINAL PROFILE')
    expect(labels).toContain('FETCH')
    await device.close()
  })
})
