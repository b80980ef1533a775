import type { Availability, Rig } from '../rig.ts'
import { describeRig, getLinkKind } from '../rig.ts'
import { checkPcsc } from './check-pcsc.ts'
import { checkSerial } from './check-serial.ts'
import { checkBindings, checkClock, checkNode, checkPagePort, checkWorkplace } from './check-software.ts'
import { type Finding, ok, problem } from './finding.ts'
import type { Machine } from './machine.ts'

/** What the doctor needs of the bench: its rigs, and a look at each. */
export interface ExaminedWorkplace {
  readonly home: { readonly path: string }
  readonly rigs: readonly Rig[]
  look(rig: Rig): Promise<Availability>
  close(): void
}

/** Everything that stands between a person and a card, from the ground up; each finding as soon as it is known. */
export async function* examine(at: {
  machine: Machine
  pagePort: number
  openContext: () => ExaminedWorkplace
}): AsyncGenerator<Finding> {
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

const checkRig = async (rig: Rig, { look }: ExaminedWorkplace): Promise<Finding> => {
  const about = `rig ${rig.name}`
  const found = await look(rig)
  if (!found.attached)
    return problem(
      about,
      found.reason,
      `plug in what ${describeRig(rig)} names, or change its file: rigs discover shows what is there`,
    )
  return ok(about, getLinkKind(rig) === 'software' ? 'always there' : `${describeRig(rig)}: its card opens its ISD-R`)
}
