import type { Availability, Rig } from '../rig.ts'
import { describeRig, getLinkKind } from '../rig.ts'
import { checkPcsc } from './check-pcsc.ts'
import { checkSerial } from './check-serial.ts'
import { checkBindings, checkClock, checkNode, checkPagePort, checkWorkplace } from './check-software.ts'
import { type DoctorFinding, ok, problem } from './finding.ts'
import type { Machine } from './machine.ts'

/** The rigs of the bench, and how to probe them. */
export interface ExaminedWorkplace {
  readonly home: { readonly path: string }
  readonly rigs: readonly Rig[]
  look(rig: Rig): Promise<Availability>
  close(): void
}

/** Checks software, drivers, services, permissions, readers and rigs, and yields each finding when it is known. */
export async function* examine(at: {
  machine: Machine
  pagePort: number
  openContext: () => ExaminedWorkplace
}): AsyncGenerator<DoctorFinding> {
  const { machine, pagePort } = at
  yield checkNode(machine)
  yield* await checkBindings(machine)
  yield checkClock(machine)
  yield await checkPagePort(machine, pagePort)
  yield* await checkPcsc(machine)
  yield* checkSerial(machine)
  const { findings, workplace } = checkWorkplace(at.openContext)
  yield* findings
  if (!workplace) return
  try {
    for (const rig of workplace.rigs) yield await checkRig(rig, workplace)
  } finally {
    workplace.close()
  }
}

const checkRig = async (rig: Rig, { look }: ExaminedWorkplace): Promise<DoctorFinding> => {
  const about = `rig ${rig.name}`
  const found = await look(rig)
  if (!found.attached)
    return problem(
      about,
      found.reason,
      `connect ${describeRig(rig)}, or change the rig file; rigs discover lists the attached devices`,
    )
  return ok(
    about,
    getLinkKind(rig) === 'software' ? 'always available' : `${describeRig(rig)}: its card opens its ISD-R`,
  )
}
