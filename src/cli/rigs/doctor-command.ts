import { openContext } from '../../bench/context.ts'
import type { Runtime } from '../../host/runtime.ts'
import { probeRig } from '../../rigs/attach.ts'
import { examine } from '../../rigs/doctor/examine.ts'
import type { DoctorFinding } from '../../rigs/doctor/finding.ts'
import { type Machine, thisMachine } from '../../rigs/doctor/machine.ts'
import type { PkiOptions } from '../options.ts'
import { DEFAULT_PORT } from '../run/page-server.ts'
import { createTerminal, printJson } from '../terminal.ts'

const STATES: Readonly<Record<DoctorFinding['state'], string>> = {
  ok: 'ok     ',
  warning: 'warning',
  problem: 'problem',
}

const show = ({ about, state, says, todo }: DoctorFinding): string[] => [
  `${STATES[state]}  ${about}: ${says}`,
  ...(todo ? todo.split('\n').map((line, index) => `         ${index === 0 ? 'to do: ' : '       '}${line}`) : []),
]

/** `esim-bench doctor`: exit code 1 if a check found a problem, else 0. */
export const doctorCommand = async (
  runtime: Runtime,
  options: PkiOptions,
  machine: Machine = thisMachine(runtime.clock),
): Promise<number> => {
  const terminal = createTerminal(runtime, options.json)
  const findings: DoctorFinding[] = []
  const examination = examine({
    machine,
    pagePort: DEFAULT_PORT,
    openContext: () => {
      const context = openContext(runtime, options)
      return {
        home: context.home,
        rigs: context.rigs,
        look: probeRig(context.links),
        close: () => context.close(),
      }
    },
  })
  for await (const finding of examination) {
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
      : `no problems, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}; the software eUICC works without hardware`,
  )
  return problems > 0 ? 1 : 0
}
