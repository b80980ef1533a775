import type { PkiOptions } from '../../bench/context.ts'
import { openContext } from '../../bench/context.ts'
import type { Runtime } from '../../host/runtime.ts'
import { probeRig } from '../../rigs/attach.ts'
import { examine } from '../../rigs/doctor/examine.ts'
import type { DoctorFinding } from '../../rigs/doctor/finding.ts'
import { type Machine, thisMachine } from '../../rigs/doctor/machine.ts'
import { DEFAULT_PORT } from '../run/page-server.ts'
import { createTerminal, printJson } from '../terminal.ts'

const SIGN: Readonly<Record<DoctorFinding['state'], string>> = { ok: 'ok     ', warning: 'warning', problem: 'problem' }

const show = ({ about, state, says, todo }: DoctorFinding): string[] => [
  `${SIGN[state]}  ${about}: ${says}`,
  ...(todo ? todo.split('\n').map((line, index) => `         ${index === 0 ? 'to do: ' : '       '}${line}`) : []),
]

/** `esim-bench doctor`: 0 where nothing that was asked for is in the way, else 1. */
export const doctorCommand = async (
  runtime: Runtime,
  options: PkiOptions & { readonly json?: boolean },
  machine: Machine = thisMachine(runtime.clock),
): Promise<number> => {
  const terminal = createTerminal(runtime, options.json)
  const findings: DoctorFinding[] = []
  const looking = examine({
    machine,
    pagePort: DEFAULT_PORT,
    openContext: () => {
      const workplace = openContext(runtime, options)
      return {
        home: workplace.home,
        rigs: workplace.rigs,
        look: probeRig(workplace.links),
        close: () => workplace.close(),
      }
    },
  })
  for await (const finding of looking) {
    runtime.interrupt.throwIfAborted()
    findings.push(finding)
    for (const line of show(finding)) terminal.line(line)
  }
  const count = (state: DoctorFinding['state']): number => findings.filter(finding => finding.state === state).length
  const [problems, warnings] = [count('problem'), count('warning')]
  if (options.json) printJson(runtime, { findings, problems, warnings })
  terminal.line()
  terminal.line(
    problems > 0
      ? `${problems} ${problems === 1 ? 'problem' : 'problems'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`
      : `no problems, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}; the software eUICC works in any case`,
  )
  return problems > 0 ? 1 : 0
}
