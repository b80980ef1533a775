import { BenchError } from '../../host/error.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import type { Machine } from './machine.ts'

/** The oldest Node with what the bench stands on, as in package.json. */
const OLDEST_NODE = [20, 19] as const

export const checkNode = ({ nodeVersion, platform }: Machine): Finding => {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]))
    return ok('Node', `${nodeVersion} on ${platform}`)
  return problem(
    'Node',
    `${nodeVersion} is too old`,
    `install Node ${OLDEST_NODE.join('.')} or newer, then run npm ci again`,
  )
}

interface NativePackage {
  readonly name: string
  /** What goes without it. */
  readonly for: string
  readonly todo: string
}
const PCSC_REMEDY =
  'install libpcsclite-dev and a C++ compiler (Debian: apt install pcscd libpcsclite-dev build-essential), then npm ci'
const NATIVE: readonly NativePackage[] = [
  { name: 'smartcard', for: 'PC/SC readers', todo: PCSC_REMEDY },
  {
    name: 'pcsclite',
    for: 'PC/SC readers where smartcard does not load, or a rig asks for it',
    todo: `${PCSC_REMEDY}; it is built for one version of Node: after another was installed, npm rebuild pcsclite`,
  },
  { name: 'serialport', for: 'modems', todo: 'npm ci; where it has to be compiled, a C++ compiler and python3' },
  {
    name: 'node-pty',
    for: 'euicc plug --pty, a software modem on a tty',
    todo: 'npm ci; it is compiled: a C++ compiler, make and python3',
  },
]

/** The optional packages, each with what goes without it. */
export const checkBindings = async (machine: Machine): Promise<Finding[]> => {
  const findings: Finding[] = []
  for (const { name, for: purpose, todo } of NATIVE)
    findings.push(
      await machine.load(name).then(
        () => ok(`npm ${name}`, `loads (${purpose})`),
        () => warning(`npm ${name}`, `does not load; without it: no ${purpose}`, todo),
      ),
    )
  return findings
}

/** A year in which no test certificate is valid any more would be as wrong as one before the package was made. */
const TOO_FAR_MS = 20 * 365 * 86_400_000

/** Certificates are judged by the clock: one that is years off fails every chain. */
export const checkClock = ({ builtAt, now }: Machine): Finding => {
  const at = now()
  const todo = 'set the clock (timedatectl set-ntp true): certificates are judged by it'
  if (at.getTime() < builtAt.getTime() - 86_400_000)
    return problem('clock', `it says ${at.toISOString()}, which is before this package was installed`, todo)
  if (at.getTime() > builtAt.getTime() + TOO_FAR_MS)
    return problem('clock', `it says ${at.toISOString()}, twenty years after this package was installed`, todo)
  return ok('clock', `${at.toISOString()}`)
}

export const checkPagePort = async (machine: Machine, port: number): Promise<Finding> =>
  (await machine.isPortFree(port))
    ? ok('dashboard port', `${port} is free`)
    : warning(
        'dashboard port',
        `${port} is in use, perhaps by another bench; start takes any other that is free`,
        'end what holds it, or give --port',
      )

/** What opening the state folder and reading the rig files says. */
export const checkWorkplace = <
  T extends { readonly home: { readonly path: string }; readonly rigs: readonly unknown[] },
>(
  open: () => T,
): { readonly findings: Finding[]; readonly workplace?: T } => {
  try {
    const workplace = open()
    const count = workplace.rigs.length
    return {
      findings: [
        ok('state folder', workplace.home.path),
        ok('rig files', `${count} ${count === 1 ? 'rig' : 'rigs'} can be read`),
      ],
      workplace,
    }
  } catch (error) {
    if (!(error instanceof BenchError)) throw error
    const about = error.code === 'rig-file' ? 'rig files' : 'state folder'
    if (error.code === 'home-in-use')
      return { findings: [warning(about, error.message, 'rigs are not looked at while another process has them')] }
    return { findings: [problem(about, error.message, 'the sentence says what to change')] }
  }
}
