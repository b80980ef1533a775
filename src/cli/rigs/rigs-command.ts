import { join } from 'node:path'
import type { PkiOptions } from '../../bench/context.ts'
import { withContext } from '../../bench/context.ts'
import { holdersOf } from '../../host/machine/port-holders.ts'
import { isModem, listSerialDevices, type SerialDevice } from '../../host/machine/serial-devices.ts'
import type { Runtime } from '../../host/runtime.ts'
import { PcscError } from '../../pcsc/errors.ts'
import { listReaders, type Reader } from '../../pcsc/readers.ts'
import { discoverCards, placesOfPorts, placesOfReaders, proposeRigs } from '../../rigs/discover.ts'
import { pcscdAnswers } from '../../rigs/links/pcscd-probe.ts'
import { describeRig, getLinkKind } from '../../rigs/rig.ts'
import { renderRig, writeRig } from '../../rigs/write-rig.ts'
import { createTerminal, printJson } from '../terminal.ts'

export interface DiscoverOptions extends PkiOptions {
  readonly write?: boolean
  readonly json?: boolean
  readonly allPorts?: boolean
}

interface Surroundings {
  readonly readers: readonly Reader[]
  /** Ports that may be asked. */
  readonly devices: readonly SerialDevice[]
  readonly notes: readonly string[]
}

/** What is plugged in; where PC/SC cannot be asked, the reason stands for its readers. */
const lookAround = async (allPorts: boolean): Promise<Surroundings> => {
  const notes: string[] = []
  const devices = listSerialDevices().filter(device => {
    if (!allPorts && !isModem(device)) {
      notes.push(`${device.path} was not asked: its maker is not known for modems; --all-ports asks it all the same`)
      return false
    }
    if (holdersOf(device.path).length === 0) return true
    notes.push(`${device.path} was not asked: it is held; doctor says by what`)
    return false
  })
  try {
    return { readers: await listReaders({ answers: pcscdAnswers }), devices, notes }
  } catch (error) {
    if (!(error instanceof PcscError)) throw error
    return { readers: [], devices, notes: [...notes, error.message] }
  }
}

/** `esim-bench rigs discover`: every card that can be reached, and the rig file it should have. */
export const discoverCommand = (runtime: Runtime, options: DiscoverOptions): Promise<number> => {
  const terminal = createTerminal(runtime, options.json)
  return withContext(runtime, options, async ({ links, rigs }) => {
    const { readers, devices, notes } = await lookAround(options.allPorts === true)
    const places = [...placesOfReaders(readers), ...placesOfPorts(devices)]
    const { cards, passedOver } = await discoverCards(places, links, place => {
      runtime.interrupt.throwIfAborted()
      terminal.progress(`looking at ${place.called}`)
    })
    const proposals = proposeRigs(cards, rigs)
    const folder = join(runtime.workingFolder, 'rigs')
    const written: string[] = []
    for (const proposal of proposals) {
      const { rig, kind } = proposal
      if (kind === 'known') {
        terminal.line(`known: rig ${rig.name} (${describeRig(rig)})`)
        continue
      }
      terminal.line(kind === 'new' ? `new: rig ${rig.name}` : `moved: rig ${rig.name} is now at ${describeRig(rig)}`)
      if (options.write) {
        const path = writeRig(folder, proposal)
        written.push(path)
        terminal.line(`  written to ${path}`)
      } else
        for (const line of renderRig({ ...proposal, kind: 'new' }, undefined)
          .trimEnd()
          .split('\n'))
          terminal.line(`  ${line}`)
    }
    for (const { place, reason } of passedOver) terminal.line(`passed over: ${place.called}: ${reason}`)
    for (const { name } of readers.filter(({ hasCard }) => !hasCard))
      terminal.line(`passed over: ${name}: no card in it`)
    for (const note of notes) terminal.line(`note: ${note}`)
    const missing = rigs.filter(
      rig => getLinkKind(rig) !== 'software' && !proposals.some(proposal => proposal.rig.name === rig.name),
    )
    for (const rig of missing) terminal.line(`not seen: rig ${rig.name} (${describeRig(rig)})`)
    if (options.json)
      printJson(runtime, {
        rigs: proposals.map(({ rig, kind }) => ({ kind, rig })),
        passedOver: passedOver.map(({ place, reason }) => ({ at: place.called, reason })),
        notSeen: missing.map(({ name }) => name),
        written,
        notes,
      })
    if (proposals.length === 0) terminal.line('no card was found; doctor says what stands in the way')
    else if (!options.write && proposals.some(({ kind }) => kind !== 'known'))
      terminal.line(`rigs discover --write puts this into ${folder}`)
    return 0
  })
}
