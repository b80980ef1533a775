import { join } from 'node:path'
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
import type { DiscoverRigsOptions } from './rigs-options.ts'

interface AttachedHardware {
  readonly readers: readonly Reader[]
  /** Serial ports to which AT commands may be sent. */
  readonly devices: readonly SerialDevice[]
  readonly notes: readonly string[]
}

/** Lists readers and serial ports. If PC/SC is not available, a note reports the reason. */
const listHardware = async (allPorts: boolean): Promise<AttachedHardware> => {
  const notes: string[] = []
  const devices = listSerialDevices().filter(device => {
    if (!allPorts && !isModem(device)) {
      notes.push(`${device.path} was skipped: its manufacturer is not known for modems; use --all-ports to probe it`)
      return false
    }
    if (holdersOf(device.path).length === 0) return true
    notes.push(`${device.path} was skipped: another program has it open; \`esim-bench doctor\` names the program`)
    return false
  })
  try {
    return { readers: await listReaders({ answers: pcscdAnswers }), devices, notes }
  } catch (error) {
    if (!(error instanceof PcscError)) throw error
    return { readers: [], devices, notes: [...notes, error.message] }
  }
}

/** `esim-bench rigs discover`: lists each reachable card with the rig file that selects it. */
export const discoverRigsCommand = (runtime: Runtime, options: DiscoverRigsOptions): Promise<number> => {
  const terminal = createTerminal(runtime, options.json)
  return withContext(runtime, options, async ({ links, rigs }) => {
    const { readers, devices, notes } = await listHardware(options.allPorts === true)
    const places = [...placesOfReaders(readers), ...placesOfPorts(devices)]
    const { cards, passedOver } = await discoverCards(places, links, place => {
      runtime.interrupt.throwIfAborted()
      terminal.progress(`probing ${place.called}`)
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
    for (const { place, reason } of passedOver) terminal.line(`skipped: ${place.called}: ${reason}`)
    for (const { name } of readers.filter(({ hasCard }) => !hasCard))
      terminal.line(`skipped: ${name}: it contains no card`)
    for (const note of notes) terminal.line(`note: ${note}`)
    const missing = rigs.filter(
      rig => getLinkKind(rig) !== 'software' && !proposals.some(proposal => proposal.rig.name === rig.name),
    )
    for (const rig of missing) terminal.line(`not found: rig ${rig.name} (${describeRig(rig)})`)
    if (options.json)
      printJson(runtime, {
        rigs: proposals.map(({ rig, kind }) => ({ kind, rig })),
        passedOver: passedOver.map(({ place, reason }) => ({ at: place.called, reason })),
        notSeen: missing.map(({ name }) => name),
        written,
        notes,
      })
    if (proposals.length === 0) terminal.line('no card was found; run `esim-bench doctor` to find the reason')
    else if (!options.write && proposals.some(({ kind }) => kind !== 'known'))
      terminal.line(`\`esim-bench rigs discover --write\` writes these files to ${folder}`)
    return 0
  })
}
